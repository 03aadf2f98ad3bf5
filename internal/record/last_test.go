package record

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/compile"
	"github.com/opam-cargo/opam-cargo/internal/link"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// A build is the last one again only if nothing that it depends on has changed; each case
// changes one thing.
func TestUnchanged(t *testing.T) {
	values := map[string]string{"FOO": "a"}
	for _, c := range []struct {
		name   string
		change func(dir string, key *string, values map[string]string) error
		same   bool
	}{
		{"nothing", func(string, *string, map[string]string) error { return nil }, true},
		{"another variable", func(_ string, _ *string, v map[string]string) error { v["OTHER"] = "x"; return nil }, true},
		{"the key", func(_ string, key *string, _ map[string]string) error { *key = "other"; return nil }, false},
		{"a variable", func(_ string, _ *string, v map[string]string) error { v["FOO"] = "b"; return nil }, false},
		{"a variable is gone", func(_ string, _ *string, v map[string]string) error { delete(v, "FOO"); return nil }, false},
		{"a variable is set", func(_ string, _ *string, v map[string]string) error { v["UNSET"] = ""; return nil }, false},
		{"a watched file", func(dir string, _ *string, _ map[string]string) error {
			return os.WriteFile(filepath.Join(dir, "watched"), []byte("b"), 0o644)
		}, false},
		{"a watched file is gone", func(dir string, _ *string, _ map[string]string) error {
			return os.Remove(filepath.Join(dir, "watched"))
		}, false},
		{"a watched file is there now", func(dir string, _ *string, _ map[string]string) error {
			return os.WriteFile(filepath.Join(dir, "absent"), nil, 0o644)
		}, false},
		{"the archive is gone", func(dir string, _ *string, _ map[string]string) error { return os.Remove(filepath.Join(dir, "lib.a")) }, false},
		{"the archive is half", func(dir string, _ *string, _ map[string]string) error {
			return os.WriteFile(filepath.Join(dir, "lib.a"), []byte("arch"), 0o644)
		}, false},
		{"the note is damaged", func(dir string, _ *string, _ map[string]string) error {
			return os.WriteFile(lastFile(workspace.Of(&bindings.Root{Dir: dir})), []byte("{"), 0o644)
		}, false},
		{"the note is forgotten", func(dir string, _ *string, _ map[string]string) error {
			return Forget(workspace.Of(&bindings.Root{Dir: dir}))
		}, false},
	} {
		dir := t.TempDir()
		d, key, now := workspace.Of(&bindings.Root{Dir: dir}), "key", map[string]string{}
		for k, v := range values {
			now[k] = v
		}
		for name, text := range map[string]string{"lib.a": "archive", "watched": "a"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		rec := &Record{
			Variables: []compile.Variable{compile.Of("FOO", values), compile.Of("UNSET", values)},
			Archives:  []Archive{{Name: "lib.a", Size: int64(len("archive"))}},
		}
		last := Last{Key: key, Record: rec, Archives: []link.Archive{{Path: filepath.Join(dir, "lib.a")}}}
		if err := os.MkdirAll(d.Out(), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := Remember(d, last, []string{filepath.Join(dir, "watched"), filepath.Join(dir, "absent")}); err != nil {
			t.Fatal(err)
		}
		if err := c.change(dir, &key, now); err != nil {
			t.Fatal(err)
		}
		if _, same := Unchanged(d, t.TempDir(), key, now, func(string, ...any) {}); same != c.same {
			t.Errorf("%s: the same is %v", c.name, same)
		}
	}
}

// What cannot be compared later is no reason to keep a build.
func TestRememberNoDirectory(t *testing.T) {
	dir := t.TempDir()
	d := workspace.Of(&bindings.Root{Dir: dir})
	if err := Remember(d, Last{Key: "key", Record: &Record{}}, []string{dir}); err != nil {
		t.Fatal(err)
	}
	if _, same := Unchanged(d, t.TempDir(), "key", nil, func(string, ...any) {}); same {
		t.Error("a build whose script watches a directory is taken for unchanged")
	}
}
