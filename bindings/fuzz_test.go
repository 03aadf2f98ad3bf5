package bindings

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Whatever a binding.toml says, the directories that are taken from it lie in the tree.
func FuzzRecord(f *testing.F) {
	good := "format = 1\npackage = \"foo\"\ntree = \"sha256:0\"\nexports = [\"foo-ffi\"]\n"
	for _, text := range []string{
		"", good, good + "manifest = \"rust\"\n", good + "manifest = \"../x\"\n", good + "manifest = \"/x\"\n", good + "manifest = \"a/../../x\"\n",
		good + "[[crate]]\nname = \"foo-ffi\"\nversion = \"1.0.0\"\ndir = \".\"\nmeta = \"\"\nmember = true\n",
		good + "[[crate]]\nname = \"foo-ffi\"\ndir = \"../../x\"\n", good + "[[crate]]\ndir = \"\"\n", good + "[[crate]]\ndir = \"a\\u0000\"\n",
		"format = 9\n", "format = \"1\"\n", "format = 1\nexports = 1\n", "crate = 1\n", "[[crate\n", "\xff",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := tree.WriteIfChanged(recordPath(dir), text, false); err != nil {
			t.Fatal(err)
		}
		r, err := readRecord("foo", dir)
		if err != nil || r == nil {
			return
		}
		dirs := []string{r.Manifest}
		for _, c := range r.Crates {
			dirs = append(dirs, c.Dir)
		}
		for i, d := range dirs {
			if i == 0 && d == "" {
				continue
			}
			if _, ok := tree.Below(dir, filepath.Join(dir, filepath.FromSlash(d))); !ok || !fs.ValidPath(d) {
				t.Fatalf("%q is not in the tree", d)
			}
		}
	})
}
