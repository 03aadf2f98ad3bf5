package dune

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// Libraries come out by name, with the directories of their sources, wherever in the
// workspace the question is asked.
func TestDescribe(t *testing.T) {
	if _, err := exec.LookPath("dune"); err != nil {
		t.Skip("no dune")
	}
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"dune-project": "(lang dune 2.0)", "a.opam": "",
		"a/dune": "(library (name a_core) (public_name a.core) (libraries unix))", "a/a_core.ml": "",
		"b/dune": "(library (name b) (libraries a_core))", "b/b.ml": "",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{root, filepath.Join(root, "b")} {
		list, err := Describe(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]Library{}
		for _, lib := range list {
			found[lib.Name] = lib
		}
		if b := found["b"]; !slices.Equal(b.Requires, []string{"a.core"}) || b.Dir != filepath.Join(root, "b") {
			t.Errorf("asked in %s: b is %+v", dir, b)
		}
		if a := found["a.core"]; !slices.Contains(a.Requires, "unix") || a.Dir != filepath.Join(root, "a") {
			t.Errorf("asked in %s: a.core is %+v", dir, a)
		}
	}
}
