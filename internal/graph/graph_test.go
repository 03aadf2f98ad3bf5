package graph

import (
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// program is an umbrella crate that links foo (of foocaml) and bar (of barcaml); both
// need log, foo is built with cc, and bar derives with a macro that needs quote.
func program() *Graph {
	kinds := func(kind string) []cargo.DepKind { return []cargo.DepKind{{Kind: kind}} }
	dep := func(id, kind string) cargo.NodeDep { return cargo.NodeDep{Pkg: id, DepKinds: kinds(kind)} }
	pkg := func(id, manifest, source string, kind string, wants ...string) cargo.Package {
		p := cargo.Package{ID: id, Name: id, Version: "1.0.0", Source: source, ManifestPath: manifest, Targets: []cargo.Target{{Name: id, Kind: []string{kind}}}}
		for _, w := range wants {
			p.Dependencies = append(p.Dependencies, cargo.Dependency{Name: w, Req: "^1"})
		}
		return p
	}
	d := workspace.Of(&bindings.Root{Dir: "/p"})
	const registry = lockfile.DefaultRegistry
	return New(&cargo.Metadata{
		Packages: []cargo.Package{
			pkg("rust-bindings", d.Manifest(), "", "staticlib", "foo", "bar"),
			pkg("foo", d.Bindings()+"/foocaml/Cargo.toml", "", "lib", "log", "cc"),
			pkg("bar", d.Bindings()+"/barcaml/bar/Cargo.toml", "", "lib", "log", "derive"),
			pkg("fix", d.Bindings()+"/patch.fix/Cargo.toml", "", "lib"),
			pkg("log", d.Crates()+"/log-1.0.0/Cargo.toml", registry, "lib"),
			pkg("cc", d.Crates()+"/cc-1.0.0/Cargo.toml", registry, "lib"),
			pkg("derive", d.Crates()+"/derive-1.0.0/Cargo.toml", registry, "proc-macro", "quote"),
			pkg("quote", d.Crates()+"/quote-1.0.0/Cargo.toml", registry, "lib"),
			pkg("bench", d.Crates()+"/bench-1.0.0/Cargo.toml", registry, "lib"),
		},
		Resolve: &cargo.Resolve{Nodes: []cargo.Node{
			{ID: "rust-bindings", Deps: []cargo.NodeDep{dep("foo", ""), dep("bar", "")}},
			{ID: "foo", Deps: []cargo.NodeDep{dep("log", ""), dep("cc", "build"), dep("bench", "dev")}},
			{ID: "bar", Deps: []cargo.NodeDep{dep("log", ""), dep("derive", ""), dep("fix", "")}},
			{ID: "derive", Deps: []cargo.NodeDep{dep("quote", "")}},
		}},
	}, d)
}

func TestOwnersAndLinked(t *testing.T) {
	g := program()
	for _, c := range []struct {
		id, owners string
		linked     bool
	}{
		{"rust-bindings", "", true},
		{"foo", "foocaml", true},
		{"bar", "barcaml", true},
		{"log", "barcaml foocaml", true},
		{"fix", "barcaml", true}, // a patch is whose it serves
		{"cc", "foocaml", false},
		{"derive", "barcaml", false},
		{"quote", "barcaml", false}, // only a macro needs it
		{"bench", "", false},
	} {
		if got := strings.Join(g.Owners(c.id), " "); got != c.owners {
			t.Errorf("%s has the owners %q", c.id, got)
		}
		if g.Linked(c.id) != c.linked {
			t.Errorf("%s: linked is %v", c.id, !c.linked)
		}
	}
	if g.Owned() != 7 {
		t.Errorf("%d crates are owned", g.Owned())
	}
	again := Of(g.Packages, workspace.Of(&bindings.Root{Dir: "/p"}))
	if strings.Join(again.Owners("log"), " ") != "barcaml foocaml" || !again.Linked("log") {
		t.Error("a kept graph knows less than a new one")
	}
}

func TestAccount(t *testing.T) {
	g := program()
	for name, want := range map[string]string{
		"log":   "bar wants ^1, for barcaml; foo wants ^1, for foocaml",
		"quote": "derive wants ^1, for barcaml",
		"bench": "for other platforms or features than are built here",
		"none":  "for other platforms or features than are built here",
	} {
		if got := g.Account(name, "1.0.0"); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestComponents(t *testing.T) {
	lock := &lockfile.Lock{Packages: []lockfile.Package{
		{Name: "log", Version: "1.0.0", Source: lockfile.DefaultRegistry, Checksum: "aa"},
		{Name: "quote", Version: "1.0.0", Source: "registry+https://example.org/index", Checksum: "bb"},
	}}
	var got []string
	for _, c := range program().Components(lock) {
		got = append(got, strings.Join([]string{c.Name, c.Own, c.Checksum}, ":"))
	}
	if want := "bar:barcaml: cc:: derive:: fix:patch.fix: foo:foocaml: log::aa quote::"; strings.Join(got, " ") != want {
		t.Errorf("got %v", got)
	}
}
