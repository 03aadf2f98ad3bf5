package cli

import (
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/scaffold"
	"github.com/opam-cargo/opam-cargo/internal/term"
)

// initFromVendor prints what is to be changed, and with --write changes it.
func (a *app) initFromVendor(c *cli.Context) error {
	dir, pkg, err := a.packageHere(c, "from-vendor")
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
	if err := a.write(p, dir); err != nil {
		return err
	}
	p.Say(a.term.Say)
	a.byHand(p)
	added, removed := p.Lines()
	a.term.Say("changed: %s in %s, %s more and %s less", count(added+removed, "line"), count(len(p.Changed()), "file"), count(added, "line"), count(removed, "line"))
	if len(p.Needless) > 0 {
		a.term.Say("no longer needed, unless for cargo by hand: git rm %s", strings.Join(p.Needless, " "))
	}
	a.losses(p, pkg)
	return nil
}

// losses tells what the package need not carry any more.
func (a *app) losses(p *scaffold.Project, pkg scaffold.Package) {
	vendored := false
	files, size := 0, int64(0)
	for _, l := range p.Lost {
		files += l.Files
		size += l.Bytes
		vendored = vendored || l.Vendored
		if l.Files > 1 || l.Bytes > 100_000 {
			a.term.Say("%s: %s, %s: %s", l.Name, count(l.Files, "file"), term.Megabytes(l.Bytes), l.Why)
		}
	}
	if files > 1 || size > 100_000 {
		a.term.Say("the package can do without %s, %s", count(files, "file"), term.Megabytes(size))
	}
	if vendored {
		a.term.Say("without the vendored crates, opam brings them: opam-cargo extra-sources --write %s.opam", pkg.Name)
	}
}

// count is a number of things, as in 1 line or 2 lines.
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}
