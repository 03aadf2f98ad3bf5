package cli

import (
	"errors"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/audit"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/synth"
)

func (a *app) auditCommand() *cli.Command {
	return &cli.Command{
		Name:        "audit",
		Usage:       "compare the crates with a directory of RustSec advisories, offline",
		Description: "Exits 1 if a crate that is linked, or Rust's standard library, has a known vulnerability. What is unmaintained or unsound is a warning.",
		Flags:       append([]cli.Flag{stringFlag("db", "the `DIR` of the advisory database, as git clones it")}, buildFlags()...),
		Before:      a.before,
		Action: func(c *cli.Context) error {
			db := c.String("db")
			if err := audit.Check(db); err != nil {
				return err
			}
			return a.programOnly(c, func(p *synth.Program) error { return a.audit(p, db) })
		},
	}
}

func (a *app) audit(p *synth.Program, db string) error {
	var problems []error
	rustc, err := p.Site.Cargo.Rustc(a.ctx)
	if err != nil {
		return err
	}
	std := graph.Component{Linked: true, Owners: p.Plan.Packages}
	std.Name, std.Version = "std", rustc["release"]
	components := append(components(p), std)
	for _, c := range components {
		collection := "crates"
		if c.Name == "std" {
			collection = "rust"
		}
		if c.Own != "" {
			continue // a path crate is of no registry
		}
		list, err := audit.Read(db, collection, c.Name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		for _, advisory := range list {
			affects, err := advisory.Affects(c.Version)
			if err != nil {
				problems = append(problems, err)
			}
			if affects {
				problems = append(problems, a.affected(c, advisory))
			}
		}
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	a.term.Say("no known vulnerability in %d crates and Rust %s", len(components)-1, rustc["release"])
	return nil
}

// affected is the problem of a vulnerable crate; of what is only informational, or not
// linked, it warns.
func (a *app) affected(c graph.Component, advisory audit.Advisory) error {
	fixed := "no version is fixed yet"
	if len(advisory.Patched) > 0 {
		fixed = "fixed in " + strings.Join(advisory.Patched, " or ")
	}
	switch of := strings.Join(c.Owners, ", "); {
	case advisory.Informational != "":
		a.term.Warn("%s: %s %s is %s: %s (%s)", of, c.Name, c.Version, advisory.Informational, advisory.Title, advisory.ID)
		return nil
	case !c.Linked:
		a.term.Warn("%s: %s %s, which only helps to build, has a known vulnerability: %s (%s), %s", of, c.Name, c.Version, advisory.Title, advisory.ID, fixed)
		return nil
	default:
		e := problem.New(problem.Check, "%s %s has a known vulnerability: %s (%s), %s", c.Name, c.Version, advisory.Title, advisory.ID, fixed).In(of)
		if c.Name == "std" {
			return e.Hint("install a newer Rust: rustup update stable, or the distribution's newer package")
		}
		return e.Hint("have it move: opam-cargo lock --upgrade %s; who holds it: opam-cargo why %s", c.Name, c.Name)
	}
}
