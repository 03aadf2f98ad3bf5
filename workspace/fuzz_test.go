package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Whatever the settings say, no patch leads out of the program's sources, and the manifest
// that is generated is TOML in which each value stands where it belongs.
func FuzzSettings(f *testing.F) {
	for _, text := range []string{
		"", "[profile.release]\nlto = \"thin\"\n", "[patch.crates-io]\nlog = { path = \"../log\" }\n", "[patch.crates-io]\nlog = { path = \"../../log\" }\n",
		"[patch.crates-io]\nlog = { path = \"/log\" }\n", "[patch.\"a\\u0000b\"]\n\"x\\\"]\" = { git = \"file:///x\" }\n",
		"[bindings.foo]\nfeatures = [\"a\", \"b\\\"]\\n[x\"]\ndefault-features = false\n", "[bindings.\"../x\"]\nfeatures = [\"\"]\n", "[profile]\nx = 1979-05-27\n",
		"[patch]\nx = 1\n", "patch = []\n", "[profile.\"\\u001b\"]\n", "[unknown]\n", "[profile\n", "\xff",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		root := t.TempDir()
		if err := tree.WriteIfChanged(filepath.Join(root, filepath.FromSlash(settingsFile)), text, false); err != nil {
			t.Fatal(err)
		}
		s, err := ReadSettings(root)
		if err != nil {
			return
		}
		list, _ := s.PatchTrees(root) // there are no such directories
		for _, b := range list {
			if _, ok := tree.Below(root, b.Dir); !ok {
				t.Fatalf("a patch is at %s", b.Dir)
			}
		}
		foo := &bindings.Tree{Binding: bindings.Binding{Package: "foo"}, Start: ".", Top: ".", Exports: []string{"foo-ffi"}}
		src, err := New([]string{"pack"}, []*bindings.Tree{foo}, nil, s).Manifest()
		if err != nil {
			return
		}
		var back struct {
			Package struct {
				Name string `toml:"name"`
			} `toml:"package"`
			Dependencies map[string]struct {
				Package  string   `toml:"package"`
				Features []string `toml:"features"`
			} `toml:"dependencies"`
		}
		if err := toml.Unmarshal(src, &back); err != nil {
			t.Fatalf("not TOML: %v\n%s", err, src)
		}
		want := strings.Join(s.Bindings["foo"].Features, "\n")
		for _, d := range back.Dependencies {
			if d.Package != "foo-ffi" || strings.Join(d.Features, "\n") != want || len(back.Dependencies) != 1 || back.Package.Name != "rust-bindings" {
				t.Fatalf("it says something else:\n%s", src)
			}
		}
		if left, err := os.ReadDir(root); err != nil || len(left) != 1 {
			t.Fatalf("it wrote %v, %v", left, err)
		}
	})
}
