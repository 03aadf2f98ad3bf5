package dune

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// What a release wrote, which testdata keeps, is known, and nothing that differs by a byte.
func TestWritten(t *testing.T) {
	wanted := map[string]Written{
		"binding":    {},
		"executable": {Package: "pack"},
		"each":       {Package: "pack", Libraries: []string{"rust_bindings_barcaml", "rust_bindings_foocaml"}},
	}
	releases, err := filepath.Glob("../../testdata/[0-9]*")
	if err != nil || len(releases) == 0 {
		t.Fatalf("there are no files of releases: %v", err)
	}
	for _, dir := range releases {
		for name, want := range wanted {
			src := read(t, filepath.Join(dir, "dune", name))
			got, ok := ReadWritten(src)
			if got.Old = false; !ok || !reflect.DeepEqual(got, want) {
				t.Errorf("%s of %s: got %+v, %v; what init wrote once goes into internal/dune/past", name, dir, got, ok)
			}
			for i := range src {
				changed := append([]byte{}, src...)
				changed[i] ^= 1
				if w, ok := ReadWritten(changed); ok && w.Package == want.Package {
					t.Errorf("%s of %s with another byte at %d is taken for written", name, dir, i)
				}
			}
			if _, ok := ReadWritten(append(src, '\n')); ok {
				t.Errorf("%s of %s with another line is taken for written", name, dir)
			}
		}
		gitignore := read(t, filepath.Join(dir, "dune", "gitignore"))
		if !WroteGitignore(gitignore) || WroteGitignore(append(gitignore, "/mine\n"...)) {
			t.Errorf("the .gitignore of %s", dir)
		}
	}
	for _, want := range wanted {
		src := Stanzas(want.Package)
		if want.Libraries != nil {
			src = StanzasEach(want.Package, want.Libraries)
		}
		if got, ok := ReadWritten(src); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("what init writes now: %+v, %v", got, ok)
		}
	}
	for _, other := range []string{"", "(library (name rust_bindings))", "(* -*- tuareg -*- *)"} {
		if _, ok := ReadWritten([]byte(other)); ok {
			t.Errorf("%q is taken for written", other)
		}
	}
}

// Each release's text can be given, also where this release writes the same.
func TestPast(t *testing.T) {
	for name, w := range map[string]Written{
		"executable": {Package: "pack"}, "binding": {}, "gitignore": {},
		"each": {Package: "pack", Libraries: []string{"rust_bindings_barcaml", "rust_bindings_foocaml"}},
	} {
		kind := name
		if name == "executable" || name == "binding" {
			kind = "one"
		}
		if !wrote(read(t, filepath.Join("../../testdata/0.1.0/dune", name)), kind, w) {
			t.Errorf("past/0.1.0.tmpl does not give %s", name)
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return src
}
