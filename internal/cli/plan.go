package cli

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/explain"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/synth"
)

func (a *app) planCommand() *cli.Command {
	return &cli.Command{
		Name:  "plan",
		Usage: "print the decision: bindings, crates that are linked, crates of the lock",
		Flags: append([]cli.Flag{
			jsonFlag(), &cli.StringFlag{Name: "graph", Usage: "draw bindings and crates, in the `LANGUAGE` dot (Graphviz) or mermaid"},
		}, buildFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			language := c.String("graph")
			if language != "" && language != "dot" && language != "mermaid" {
				return problem.New(problem.Usage, "--graph is %q", language).Hint("use dot or mermaid")
			}
			return a.programOnly(c, func(p *synth.Program) error {
				if c.Bool("json") {
					text, err := p.Plan.JSON(p.Resolution.Lock, p.Resolution.Vendored)
					if err != nil {
						return err
					}
					_, err = a.stdout.Write(text)
					return err
				}
				text := ""
				switch language {
				case "dot":
					text = explained(p).Dot()
				case "mermaid":
					text = explained(p).Mermaid()
				default:
					text = explained(p).Text(p.Site.Cargo.Version(a.ctx))
				}
				_, err := io.WriteString(a.stdout, text)
				return err
			})
		},
	}
}

// explained is a program as package explain takes it.
func explained(p *synth.Program) explain.Program {
	return explain.Program{Root: p.Site.Root, Plan: p.Plan, Graph: p.Resolution.Graph, Lock: p.Resolution.Lock, Vendored: p.Resolution.Vendored}
}
