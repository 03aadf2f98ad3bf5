package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/audit"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/synth"
)

func (a *app) auditCommand() *cli.Command {
	return &cli.Command{
		Name:  "audit",
		Usage: "compare the crates with a directory of RustSec advisories, offline",
		Description: "Exits 1 if a crate that is linked, or Rust's standard library, has a known vulnerability. " +
			"What is unmaintained or unsound is a warning. The database is a git repository:\n  git clone --depth 1 " + audit.Origin,
		Flags:  append([]cli.Flag{stringFlag("db", "the `DIR` of the advisory database, as git clones it"), jsonFlag()}, buildFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			db := c.String("db")
			if err := audit.Check(db); err != nil {
				return err
			}
			return a.programOnly(c, func(p *synth.Program) error {
				found, broken := a.audit(p, db)
				if c.Bool("json") && broken == nil {
					if err := a.printJSON(found); err != nil {
						return err
					}
				}
				if err := errors.Join(broken, a.tellAudit(found)); err != nil {
					return err
				}
				a.term.Say("no known vulnerability in %s and Rust %s, by the advisories of %s",
					term.Count(found.Crates, "crate"), found.Rust, found.Database)
				return nil
			})
		},
	}
}

// audited is what the audit found, as --json shows it.
type audited struct {
	Format   int            `json:"format"`
	Database audit.Database `json:"database"`
	Crates   int            `json:"crates"` // how many were looked up
	Rust     string         `json:"rust"`
	Findings []finding      `json:"findings"`
}

type finding struct {
	ID      string   `json:"id"`
	Crate   string   `json:"crate"`
	Version string   `json:"version"`
	Title   string   `json:"title"`
	URL     string   `json:"url,omitempty"`
	For     []string `json:"for"`               // the opam packages that bring it
	Kind    string   `json:"kind"`              // vulnerability, unmaintained, unsound or notice
	Linked  bool     `json:"linked"`            // its code is in the program
	Patched []string `json:"patched,omitempty"` // requirements that fixed versions meet
}

// audit looks all crates up. What of the database cannot be read is an error, and the
// rest is found all the same.
func (a *app) audit(p *synth.Program, db string) (audited, error) {
	rustc, err := p.Site.Cargo.Rustc(a.ctx)
	if err != nil {
		return audited{}, err
	}
	std := graph.Component{Linked: true, Owners: p.Plan.Packages}
	std.Name, std.Version = "std", rustc["release"]
	components := append(components(p), std)
	found := audited{Format: 1, Database: audit.Describe(a.ctx, db), Crates: len(components) - 1, Rust: std.Version, Findings: []finding{}}
	var problems []error
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
				found.Findings = append(found.Findings, findingOf(c, advisory))
			}
		}
	}
	return found, errors.Join(problems...)
}

func findingOf(c graph.Component, advisory audit.Advisory) finding {
	kind := advisory.Informational
	if kind == "" {
		kind = "vulnerability"
	}
	return finding{
		ID: advisory.ID, Crate: c.Name, Version: c.Version, Title: advisory.Title, URL: advisory.URL,
		For: c.Owners, Kind: kind, Linked: c.Linked, Patched: advisory.Patched,
	}
}

// tellAudit makes a problem of each vulnerable crate; of what is only informational, or
// not linked, it warns.
func (a *app) tellAudit(found audited) error {
	var problems []error
	for _, f := range found.Findings {
		fixed := "no version is fixed yet"
		if len(f.Patched) > 0 {
			fixed = "fixed in " + strings.Join(f.Patched, " or ")
		}
		switch of := strings.Join(f.For, ", "); {
		case f.Kind != "vulnerability":
			a.term.Warn("%s: %s %s is %s: %s (%s)", of, f.Crate, f.Version, f.Kind, f.Title, f.ID)
		case !f.Linked:
			a.term.Warn("%s: %s %s, which only helps to build, has a known vulnerability: %s (%s), %s", of, f.Crate, f.Version, f.Title, f.ID, fixed)
		default:
			e := problem.New(problem.Check, "%s %s has a known vulnerability: %s (%s), %s", f.Crate, f.Version, f.Title, f.ID, fixed).In(of)
			hint := fmt.Sprintf("have it move: opam-cargo lock --upgrade %s; who holds it: opam-cargo why %s", f.Crate, f.Crate)
			if f.Crate == "std" {
				hint = "install a newer Rust: rustup update stable, or the distribution's newer package"
			}
			problems = append(problems, e.Hint("%s", hint))
		}
	}
	return errors.Join(problems...)
}
