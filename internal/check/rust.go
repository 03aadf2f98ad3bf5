package check

import (
	"errors"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// Rust compares the rust-version of every crate with rustc's release, and returns the
// crate that asks for the most.
func Rust(g *graph.Graph, release string) (largest graph.Node, err error) {
	var problems []error
	for _, n := range g.Packages {
		if n.RustVersion == "" || len(g.Owners(n.ID)) == 0 {
			continue
		}
		if largest.RustVersion == "" || !cargo.AtLeast(largest.RustVersion, n.RustVersion) {
			largest = n
		}
		if !cargo.AtLeast(release, n.RustVersion) {
			problems = append(problems, TooNew(n.Name, n.Version, n.RustVersion, release, strings.Join(g.Owners(n.ID), ", ")))
		}
	}
	return largest, errors.Join(problems...)
}

// TooNew is the problem of a crate that needs a newer rustc; pkg are its owners.
func TooNew(name, version, needs, rustc, pkg string) error {
	return problem.New(problem.Check, "the crate %s %s needs rustc %s or later, and this is rustc %s", name, version, needs, rustc).In(pkg).
		Hint("install a newer Rust (rustup update stable, or the distribution's newer package)").
		Hint("or have an older release of the crate: opam-cargo lock --upgrade %s, after setting a bound in the manifest that asks for it", name)
}
