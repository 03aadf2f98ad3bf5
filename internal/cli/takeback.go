package cli

import (
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/handover"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/scaffold"
)

// write writes what init has decided, and removes what a build before it has put where
// dune's rule will.
func (a *app) write(p *scaffold.Project, root string) error {
	if err := p.Write(); err != nil {
		return err
	}
	removed, left, err := handover.TakeBack(filepath.Join(root, "rust-bindings"))
	if err != nil {
		return err
	}
	if len(removed) > 0 {
		a.term.Say("removed what opam-cargo build left in rust-bindings, for dune makes it now: %s", strings.Join(removed, ", "))
	}
	for _, name := range left {
		a.term.Warn("rust-bindings/%s is there, and dune will make it: dune refuses such a file", name)
		a.term.Hint("if it is nothing of yours: rm rust-bindings/%s", problem.Word(name))
	}
	return nil
}
