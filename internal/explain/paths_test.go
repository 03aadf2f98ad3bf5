package explain

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// program has a crate top of foocaml, and layers of two crates each above one at the
// bottom: 2^layers paths.
func program(layers int) Program {
	d := workspace.Of(&bindings.Root{Dir: "/p"})
	at := func(i int) []string {
		if i == layers {
			return []string{"bottom"}
		}
		return []string{fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)}
	}
	node := func(id, manifest string, deps []string) graph.Node {
		return graph.Node{ID: id, Name: id, Version: "1.0.0", Manifest: manifest, Deps: deps, Linked: deps}
	}
	nodes := []graph.Node{
		node("umbrella", d.Manifest(), []string{"top"}),
		node("top", filepath.Join(d.Bindings(), "foocaml", "Cargo.toml"), at(0)),
	}
	for i := 0; i < layers; i++ {
		for _, id := range at(i) {
			nodes = append(nodes, node(id, "/crates/"+id+"/Cargo.toml", at(i+1)))
		}
	}
	nodes = append(nodes, node("bottom", "/crates/bottom/Cargo.toml", nil), node("apart", "/crates/apart/Cargo.toml", nil))
	plan := &workspace.Plan{
		Packages: []string{"pack"}, Bindings: []workspace.Binding{{Package: "foocaml"}},
		Links: []workspace.Link{{Crate: "top", Version: "1.0.0", Package: "foocaml"}},
	}
	return Program{Plan: plan, Graph: graph.Of(nodes, d)}
}

// Paths are counted all, and told as far as somebody reads them, whatever their number.
func TestPathsTo(t *testing.T) {
	for layers, want := range map[int]struct{ told, more int }{
		0: {1, 0}, 1: {2, 0}, 3: {8, 0}, 4: {12, 4}, 24: {12, 1<<24 - 12}, 60: {12, manyPaths - 12},
	} {
		paths, more := program(layers).pathsTo("bottom")
		if len(paths) != want.told || more["foocaml"] != want.more {
			t.Errorf("%d layers: %d paths and %d more, not %+v", layers, len(paths), more["foocaml"], want)
		}
		seen := map[string]bool{}
		for _, path := range paths {
			if len(path.Crates) != layers+2 || path.Crates[0] != "top 1.0.0" || path.Crates[layers+1] != "bottom 1.0.0" {
				t.Errorf("%d layers: a path is %q", layers, path.Crates)
			}
			seen[strings.Join(path.Crates, " ")] = true
		}
		if len(seen) != len(paths) {
			t.Errorf("%d layers: a path is told twice", layers)
		}
	}
	if paths, more := program(3).pathsTo("apart"); len(paths) != 0 || len(more) != 0 {
		t.Errorf("paths to what nobody needs: %v %v", paths, more)
	}
}

// The tree draws each crate's users once, and pictures draw each crate and edge once.
func TestPictures(t *testing.T) {
	p := program(2)
	want := `bottom v1.0.0
├── a1 v1.0.0
│   ├── a0 v1.0.0
│   │   └── top v1.0.0 (foocaml)
│   └── b0 v1.0.0
│       └── top v1.0.0 (foocaml)
└── b1 v1.0.0
    ├── a0 v1.0.0 (*)
    └── b0 v1.0.0 (*)
`
	if got := p.Tree("bottom", "1.0.0"); got != want {
		t.Errorf("the tree is\n%s", got)
	}
	if got := program(60).Tree("bottom", "1.0.0"); strings.Count(got, "\n") > 300 {
		t.Errorf("a tree of %d lines", strings.Count(got, "\n"))
	}
	dot, mermaid := p.Dot(), p.Mermaid()
	edges := 2 + 2 + 4 + 2
	if strings.Count(dot, " -> ") != edges || strings.Count(mermaid, " --> ") != edges || strings.Contains(dot, "apart") {
		t.Errorf("the pictures are\n%s%s", dot, mermaid)
	}
}
