package cli

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/explain"
	"github.com/opam-cargo/opam-cargo/synth"
)

func (a *app) planCommand() *cli.Command {
	return &cli.Command{
		Name:   "plan",
		Usage:  "print the decision: bindings, crates that are linked, crates of the lock",
		Flags:  append([]cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print it as JSON"}}, buildFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			return a.programOnly(c, func(p *synth.Program) error {
				if c.Bool("json") {
					text, err := p.Plan.JSON(p.Resolution.Lock, p.Resolution.Vendored)
					if err != nil {
						return err
					}
					_, err = a.stdout.Write(text)
					return err
				}
				_, err := io.WriteString(a.stdout, explained(p).Text(p.Site.Cargo.Version(a.ctx)))
				return err
			})
		},
	}
}

// explained is a program as package explain takes it.
func explained(p *synth.Program) explain.Program {
	return explain.Program{Root: p.Site.Root, Plan: p.Plan, Graph: p.Resolution.Graph, Lock: p.Resolution.Lock, Vendored: p.Resolution.Vendored}
}
