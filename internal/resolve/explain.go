package resolve

import (
	"errors"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// explain explains a failed resolution: crates that are missing here, or the resolver's
// no, in cargo's own words. absent is nil where the network was used.
func (r *resolver) explain(err error, l *Locks, absent map[string]string) error {
	var f *cargo.Failure
	if !errors.As(err, &f) {
		return err
	}
	words := strings.TrimSpace(strings.ReplaceAll(f.Stderr, r.site.Dirs.W+"/", ""))
	if missing := append(missingCrates(l, absent), missingGit(l, f.Stderr)...); len(missing) > 0 {
		return errors.Join(missing...)
	}
	if err := linksConflict(words, r.plan.Trees()); err != nil {
		return err
	}
	e := problem.New(problem.Resolve, "cargo cannot resolve the crates of %s together", strings.Join(r.plan.Packages, ", ")).Quote(words)
	if absent != nil && cargo.NoCandidate(words) {
		return e.Hint("no network is used here: a crate must come with a binding (vendor directory or extra-source), stand in " +
			"rust-bindings/crates, or be in cargo's download cache").
			Hint("if the bindings have no Cargo.lock, make one for all of them where there is a network, and commit it: opam-cargo lock")
	}
	return e.Hint("the words above are cargo's; bindings/PACKAGE/ in them is the tree of that opam package")
}
