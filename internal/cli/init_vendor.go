package cli

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/scaffold"
)

// initFromVendor prints what is to be changed, and with --write changes it.
func (a *app) initFromVendor(c *cli.Context) error {
	dir, pkg, err := a.packageHere(c)
	if err != nil {
		return err
	}
	if pkg.Opam == "" {
		return problem.New(problem.Input, "there is no package to make a binding of in %s", dir).
			Hint("to begin with a new one: opam-cargo init --binding")
	}
	p := scaffold.Open(dir, nil)
	if err := p.FromVendor(pkg); err != nil {
		return err
	}
	for _, what := range p.Found {
		a.term.Say("%s", what)
	}
	if len(p.Changed()) == 0 {
		a.byHand(p)
		a.term.Say("nothing to do: %s is a binding package", pkg.Name)
		return nil
	}
	if !c.Bool("write") {
		if _, err := a.stdout.Write(p.Diff()); err != nil {
			return err
		}
		a.byHand(p)
		a.term.Say("nothing is changed yet; to do it: opam-cargo init --from-vendor --write")
		return nil
	}
	if err := p.Write(); err != nil {
		return err
	}
	p.Say(a.term.Say)
	a.byHand(p)
	if len(p.Needless) > 0 {
		a.term.Say("no longer needed, unless for cargo by hand: git rm %s", strings.Join(p.Needless, " "))
	}
	return nil
}
