package check

import (
	"fmt"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// Twice is the problem of symbols that two crates define.
func Twice(g *graph.Graph, names []string, a, b *graph.Node) error {
	of := func(n *graph.Node) string { return strings.Join(g.Owners(n.ID), ", ") }
	if a.Name+a.Version > b.Name+b.Version {
		a, b = b, a
	}
	e := problem.New(problem.Check, "the symbol %s is defined twice: by crate %s %s (of %s) and by crate %s %s (of %s)",
		Some(names), a.Name, a.Version, of(a), b.Name, b.Version, of(b))
	if a.Name == b.Name && a.Source != "" && b.Source != "" {
		e.Hint("let both bindings use one version of %s; who wants which: opam-cargo why %s", a.Name, a.Name)
	} else {
		e.Hint("one of the two must change its name: `#[no_mangle]` functions are global in the whole program; begin them with the package's name").
			Hint("if both are the same code, make it one crate that both depend on")
	}
	return e.Hint("if one of the two may serve for both, say so in rust-bindings/settings.toml: [allow] symbols = [%q]", names[0])
}

// Some names the first of several symbols.
func Some(names []string) string {
	if len(names) > 1 {
		return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
	}
	return names[0]
}
