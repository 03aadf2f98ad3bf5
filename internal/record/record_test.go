package record

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// The records of all releases are read.
func TestReadOld(t *testing.T) {
	files, err := filepath.Glob("../../testdata/[0-9]*/prefix/share/*/" + Name)
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no records of releases: %v", err)
	}
	for _, file := range files {
		rec, err := ReadFile(file)
		if err != nil {
			t.Error(err)
		} else if rec.Packages[0] != "pack" || len(rec.Bindings) != 3 || rec.Archives[0].SHA256 == "" || rec.Lock == "" {
			t.Errorf("%s: %+v", file, rec)
		}
	}
}

// A record comes from anywhere: what no build writes is a problem of the file, with its
// field and a way out.
func TestReadForged(t *testing.T) {
	for _, c := range []struct {
		path  string
		value any
		text  string
	}{
		{"format", Format + 1, "newer opam-cargo"},
		{"format", 1, "has format 1"},
		{"format", "2", "format is a JSON string"},
		{"tool", "", "tool is empty"},
		{"packages", []any{}, "names no package"},
		{"packages", nil, "names no package"},
		{"packages", "pack", "packages is a JSON string"},
		{"packages", []any{1}, "packages is a JSON number"},
		{"packages/0", "../x", "packages[0] is"},
		{"packages/0", "", "packages[0] is"},
		{"profile", "", "profile is"},
		{"profile", "--config=x", "profile is"},
		{"profile", "release\n", "profile is"},
		{"target", "", "target is"},
		{"target", "/tmp/x.json", "target is"},
		{"target", "x.json", "target is"},
		{"target", "--config", "target is"},
		{"toolchain", []any{}, "toolchain is a JSON array"},
		{"toolchain/rustc", "/tmp/evil", "toolchain.rustc is"},
		{"toolchain/rustc", "../evil", "toolchain.rustc is"},
		{"toolchain/rustc", "stable", "toolchain.rustc is"},
		{"toolchain/host", "a/b", "toolchain.host is"},
		{"archives", []any{}, "names no archive"},
		{"archives", nil, "names no archive"},
		{"archives", "librust_bindings.a", "archives is a JSON string"},
		{"archives/0/name", "", "no name of an archive"},
		{"archives/0/name", "lib/../../../x.a", "no name of an archive"},
		{"archives/0/name", "/etc/libx.a", "no name of an archive"},
		{"archives/0/name", "-x.a", "no name of an archive"},
		{"archives/0/size", -1, "archives[0].size is -1"},
		{"archives/0/size", 1e30, "archives.size is a JSON number"},
		{"archives/0/size", "1", "archives.size is a JSON string"},
		{"archives/0/sha256", "abc", "archives[0].sha256"},
		{"archives/0/sha256", nil, "archives[0].sha256"},
		{"archives/0/sha256", strings.Repeat("g", 64), "archives[0].sha256"},
		{"files/0/name", "../.bashrc", "files[0].name"},
		{"files/0/name", "", "files[0].name"},
		{"files/0/sha256", "", "files[0].sha256"},
		{"bindings/0/package", "../../x", "bindings[0].package"},
		{"bindings/0/dir", "../rust", "not in the sources"},
		{"bindings/0/dir", "/etc", "not in the sources"},
		{"bindings/0/tree", "", "bindings[0].tree"},
		{"bindings/0/tree", "sha256:12", "bindings[0].tree"},
		{"bindings/0/exports", []any{"a/b"}, "bindings[0].exports"},
		{"patches", []any{map[string]any{"dir": "../../x"}}, "not in the sources"},
		{"patches", []any{map[string]any{"dir": "x"}}, "patches[0].tree"},
		{"crates/0/name", "../x", "crates[0].name"},
		{"crates/0/name", "", "crates[0].name"},
		{"crates/0/version", "../../x", "crates[0].version"},
		{"crates/0/version", "1", "crates[0].version"},
		{"crates/0/checksum", "a", "crates[0].checksum"},
		{"crates/0/checksum", strings.Repeat("../", 22), "crates[0].checksum"},
		{"variables", []any{map[string]any{"name": "", "sha256": "x"}}, "variables[0].name"},
		{"variables", []any{map[string]any{"name": "A", "sha256": "x"}}, "variables[0].sha256"},
		{"lock", "", "lock is empty"},
		{"lock", nil, "lock is empty"},
		{"lock", "[[package", "no Cargo.lock"},
		{"lock", 7, "lock is a JSON number"},
	} {
		forged, err := json.Marshal(put(released(t), strings.Split(c.path, "/"), c.value))
		if err != nil {
			t.Fatal(err)
		}
		refuses(t, fmt.Sprint(c.path, " of ", c.value), forged, c.text)
	}
	for name, text := range map[string]string{
		"nothing": "", "half": `{"format": 2,`, "a list": "[]", "a number": "2", "null": "null", "of one field": `{"format": 2}`,
		"bytes": "\x00\xff", "two": `{"format": 2}{}`, "a tower": strings.Repeat("[", 100000),
	} {
		refuses(t, name, []byte(text), "")
	}
	refuses(t, "a directory", nil, "not a file")
}

// Each field of a record in turn is of each other kind: the record is read or refused with
// words for a user, and never a crash.
func TestReadMutated(t *testing.T) {
	values := []any{nil, true, -1, 0, 1e300, "", "x", "../../x", "-Zx", "\x1b[2J\n", []any{}, []any{nil}, map[string]any{}}
	tried := 0
	for _, path := range paths(released(t), nil) {
		for _, value := range values {
			forged, err := json.Marshal(put(released(t), path, value))
			if err != nil {
				t.Fatal(err)
			}
			readable(t, forged)
			tried++
		}
	}
	t.Log(tried, "records")
}

func FuzzRead(f *testing.F) {
	src, err := os.ReadFile(releasedRecord)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(src)
	f.Add([]byte(`{"format": 2, "packages": ["a"], "archives": [{"name": "liba.a"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) { readable(t, text) })
}

const releasedRecord = "../../testdata/0.1.0/prefix/share/pack/" + Name

func released(t *testing.T) any {
	src, err := os.ReadFile(releasedRecord)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(src, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// readable tells whether a record reads, and wants its errors to be a user's.
func readable(t *testing.T, text []byte) {
	file := filepath.Join(t.TempDir(), "forged.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	rec, err := ReadFile(file)
	if err != nil {
		if list := problem.List(err); len(list) != 1 || list[0].Code != problem.Input || list[0].File != file || len(list[0].Hints) == 0 {
			t.Errorf("got %v of %.200q", err, text)
		}
	} else if len(rec.Packages) == 0 || len(rec.Archives) == 0 {
		t.Errorf("it is read: %.200q", text)
	}
}

// refuses wants a record to be refused with some words; without text it is a directory.
func refuses(t *testing.T, name string, text []byte, words string) {
	file := filepath.Join(t.TempDir(), "forged.json")
	if text == nil {
		if err := os.Mkdir(file, 0o755); err != nil {
			t.Fatal(err)
		}
	} else if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := ReadFile(file)
	list := problem.List(err)
	if len(list) != 1 || list[0].Code != problem.Input || list[0].File != file || len(list[0].Hints) == 0 || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: got %v, want %s", name, err, words)
	}
}

// paths are those of all values in JSON.
func paths(value any, at []string) (all [][]string) {
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			all = append(all, paths(below, append(slices.Clone(at), key))...)
		}
	case []any:
		for i, below := range v {
			all = append(all, paths(below, append(slices.Clone(at), strconv.Itoa(i)))...)
		}
	}
	if len(at) > 0 {
		all = append(all, at)
	}
	return all
}

// put is JSON with another value at a path.
func put(in any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	switch v := in.(type) {
	case map[string]any:
		v[path[0]] = put(v[path[0]], path[1:], value)
	case []any:
		i, _ := strconv.Atoi(path[0])
		v[i] = put(v[i], path[1:], value)
	}
	return in
}

// A state file that another release left, or that is damaged, is none.
func TestUnchangedOfOthers(t *testing.T) {
	old, err := os.ReadFile("../../testdata/0.1.0/pack/_build/.opam-cargo/out/last.json")
	if err != nil {
		t.Fatal(err)
	}
	var last Last
	if err := json.Unmarshal(old, &last); err != nil {
		t.Fatal(err)
	}
	d := workspace.Of(&bindings.Root{Dir: t.TempDir()})
	if err := os.MkdirAll(d.Out(), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"another key":            string(old),
		"fewer archives":         `{"key": "k", "record": {"archives": []}, "archives": [{}]}`,
		"no record":              `{"key": "k"}`,
		"an archive that is not": strings.ReplaceAll(string(old), last.Key, "k"),
		"half of it":             string(old[:len(old)/2]),
		"nothing":                "",
	} {
		if err := os.WriteFile(lastFile(d), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, ok := Unchanged(d, t.TempDir(), "k", nil, func(string, ...any) {}); ok {
			t.Errorf("%s: it is taken for the last build", name)
		}
	}
}
