package record

import (
	"encoding/json"
	"os"
	"path/filepath"
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

// A record comes from anywhere: what no build writes is a problem of the file, with a way out.
func TestReadForged(t *testing.T) {
	src, err := os.ReadFile("../../testdata/0.1.0/prefix/share/pack/" + Name)
	if err != nil {
		t.Fatal(err)
	}
	archive := func(name string) any {
		return []any{map[string]any{"name": name, "link": map[string]any{}}}
	}
	binding := func(pkg, dir string) any {
		return []any{map[string]any{"package": pkg, "dir": dir}}
	}
	for name, c := range map[string]struct {
		key   string
		value any
		text  string
	}{
		"newer":                  {"format", Format + 1, "newer opam-cargo"},
		"older than any release": {"format", 1, "has format 1"},
		"no package":             {"packages", []any{}, "names no package"},
		"packages of null":       {"packages", nil, "names no package"},
		"a package that leads":   {"packages", []any{"../x"}, "no name of a package"},
		"no archive":             {"archives", []any{}, "names no archive"},
		"archives of null":       {"archives", nil, "names no archive"},
		"an archive without one": {"archives", archive(""), "no name of an archive"},
		"an archive elsewhere":   {"archives", archive("lib/../../../x.a"), "no name of an archive"},
		"an absolute archive":    {"archives", archive("/etc/libx.a"), "no name of an archive"},
		"an archive as a flag":   {"archives", archive("-x.a"), "no name of an archive"},
		"a file elsewhere":       {"files", []any{map[string]any{"name": "../.bashrc"}}, "no name of a file"},
		"a binding elsewhere":    {"bindings", binding("../../x", ""), "no name of a package"},
		"a tree elsewhere":       {"bindings", binding("foocaml", "../rust"), "not in the sources"},
		"an absolute tree":       {"bindings", binding("foocaml", "/etc"), "not in the sources"},
		"a patch elsewhere":      {"patches", []any{map[string]any{"dir": "../../x"}}, "not in the sources"},
		"a list of another kind": {"archives", "librust_bindings.a", "damaged"},
	} {
		var fields map[string]any
		if err := json.Unmarshal(src, &fields); err != nil {
			t.Fatal(err)
		}
		fields[c.key] = c.value
		text, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "forged.json")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err = ReadFile(file)
		if list := problem.List(err); len(list) != 1 || list[0].Code != problem.Input || list[0].File != file || len(list[0].Hints) == 0 || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v", name, err)
		}
	}
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
		if _, ok := Unchanged(d, "k", nil, func(string, ...any) {}); ok {
			t.Errorf("%s: it is taken for the last build", name)
		}
	}
}
