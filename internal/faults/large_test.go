package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestManyFiles installs and builds a tree of 2,000 files, of 100,000 in make
// test-faults: all arrive, a change of one is seen, and one that is gone goes.
func TestManyFiles(t *testing.T) {
	dirs := 20
	if os.Getenv("OPAM_CARGO_FAULTS") != "" {
		dirs = 1000
	}
	w := newWorld(t, build(t))
	for d := range dirs {
		files := map[string]string{}
		for f := range 100 {
			files[fmt.Sprintf("foo/data/d%d/f%d", d, f)] = fmt.Sprintf("%d %d\n", d, f)
		}
		write(t, w.dir, files)
	}
	install := []string{"install", "--package", "foo", "--prefix", "prefix", "foo"}
	synth := []string{"synth", "--root", "pack", "--prefix", "prefix"}
	staged := filepath.Join("pack", "_build", ".opam-cargo", "bindings", "foo", "data")
	w.run(t, install...)
	w.run(t, synth...)
	for _, place := range []string{"prefix/rust-bindings/foo/data", staged} {
		if n := strings.Count(w.snapshot(t, place), "\n") + 1; n != dirs*100+2 { // the world's own two
			t.Errorf("%s has %d files", place, n)
		}
	}
	write(t, w.dir, map[string]string{"foo/data/d7/f55": "changed"})
	if err := os.Remove(filepath.Join(w.dir, "foo", "data", "d8", "f1")); err != nil {
		t.Fatal(err)
	}
	w.run(t, install...)
	w.run(t, synth...)
	if got, err := os.ReadFile(filepath.Join(w.dir, staged, "d7", "f55")); err != nil || string(got) != "changed" {
		t.Errorf("the changed file is %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(w.dir, staged, "d8", "f1")); !os.IsNotExist(err) {
		t.Errorf("the file that is gone is there: %v", err)
	}
}
