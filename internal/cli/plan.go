package cli

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/synth"
	"github.com/opam-cargo/opam-cargo/workspace"
)

func (a *app) planCommand() *cli.Command {
	return &cli.Command{
		Name:   "plan",
		Usage:  "print the decision: bindings, crates that are linked, crates of the lock",
		Flags:  append([]cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print it as JSON"}}, buildFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			return a.stateOnly(c, func(s *synth.State) error {
				if c.Bool("json") {
					text, err := s.PlanJSON()
					if err != nil {
						return err
					}
					_, err = a.stdout.Write(text)
					return err
				}
				return printPlan(a.stdout, s, s.Cargo.Version(a.ctx))
			})
		},
	}
}

func features(l workspace.Link) string {
	text := ""
	if len(l.Features) > 0 {
		text = ", features " + strings.Join(l.Features, " ")
	}
	if !l.DefaultFeatures {
		text += ", without default features"
	}
	return text
}

func printPlan(w io.Writer, s *synth.State, cargo string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "packages: %s\n", strings.Join(s.Plan.Packages, ", "))
	fmt.Fprintf(&b, "cargo: %s\n", cargo)
	for _, p := range s.Plan.Bindings {
		fmt.Fprintf(&b, "binding %s", p.Package)
		if p.Version != "" {
			fmt.Fprintf(&b, " %s", p.Version)
		}
		fmt.Fprintf(&b, " (%s: %s)\n", p.Origin, p.Source)
	}
	for _, l := range s.Plan.Links {
		fmt.Fprintf(&b, "link %s %s of %s%s\n", l.Crate, l.Version, l.Package, features(l))
	}
	for _, a := range s.Plan.Archives {
		fmt.Fprintf(&b, "archive %s\n", a.File())
	}
	for _, m := range s.Plan.Merged {
		fmt.Fprintf(&b, "one crate %s %s: the copy of %s serves %s\n", m.Crate, m.Version, m.Kept, strings.Join(m.Dropped, ", "))
	}
	for _, sp := range s.Plan.Split {
		fmt.Fprintf(&b, "several crates %s %s: those of %s differ\n", sp.Crate, sp.Version, strings.Join(sp.Packages, ", "))
	}
	for _, q := range s.Plan.Patches {
		whose := "rust-bindings/settings.toml"
		if q.Package != "" {
			whose = q.Package
		}
		fmt.Fprintf(&b, "patch %s of %s, by %s\n", q.Crate, q.Source, whose)
	}
	for _, o := range s.Plan.Overruled {
		fmt.Fprintf(&b, "not used: %s\n", o)
	}
	var crates []string
	for _, p := range s.Lock.Packages {
		if !p.Path() {
			crates = append(crates, p.Name+" "+p.Version)
		}
	}
	sort.Strings(crates)
	fmt.Fprintf(&b, "registry crates: %d\n", len(crates))
	for _, c := range crates {
		fmt.Fprintf(&b, "  %s\n", c)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
