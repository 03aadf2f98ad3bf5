package cli

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/synth"
)

func (a *app) planCommand() *cli.Command {
	return &cli.Command{
		Name:   "plan",
		Usage:  "print the decision: bindings, crates that are linked, crates of the lock",
		Flags:  append([]cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print it as JSON"}}, buildFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			o, _, err := a.optionsOnly(c)
			if err != nil {
				return err
			}
			s, err := synth.Synth(a.ctx, o)
			if err != nil {
				return err
			}
			defer s.Close()
			if c.Bool("json") {
				text, err := s.PlanJSON()
				if err != nil {
					return err
				}
				_, err = a.stdout.Write(text)
				return err
			}
			return printPlan(a.stdout, s)
		},
	}
}

func printPlan(w io.Writer, s *synth.State) error {
	var b strings.Builder
	fmt.Fprintf(&b, "packages: %s\n", strings.Join(s.Plan.Packages, ", "))
	fmt.Fprintf(&b, "cargo: %s\n", s.Cargo.Version)
	for _, p := range s.Plan.Bindings {
		fmt.Fprintf(&b, "binding %s", p.Package)
		if p.Version != "" {
			fmt.Fprintf(&b, " %s", p.Version)
		}
		fmt.Fprintf(&b, " (%s: %s)\n", p.Origin, p.Source)
	}
	for _, l := range s.Plan.Links {
		fmt.Fprintf(&b, "link %s %s of %s\n", l.Crate, l.Version, l.Package)
	}
	for _, m := range s.Plan.Merged {
		fmt.Fprintf(&b, "one crate %s %s: the copy of %s serves %s\n", m.Crate, m.Version, m.Kept, strings.Join(m.Dropped, ", "))
	}
	for _, sp := range s.Plan.Split {
		fmt.Fprintf(&b, "several crates %s %s: those of %s differ\n", sp.Crate, sp.Version, strings.Join(sp.Packages, ", "))
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
