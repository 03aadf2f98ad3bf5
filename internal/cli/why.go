package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/explain"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/synth"
)

func (a *app) whyCommand() *cli.Command {
	return &cli.Command{
		Name:        "why",
		Usage:       "explain a crate: which binding brings it, by which path, who wants which version and features",
		ArgsUsage:   "CRATE",
		Description: "With --duplicates, the crates that are there in several versions.",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "duplicates", Usage: "explain the crates that are there in several versions"},
			&cli.BoolFlag{Name: "tree", Usage: "draw who depends on it, as cargo tree --invert does"}, jsonFlag(),
		}, buildFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			args, err := positional(c, 1)
			if err != nil {
				return err
			}
			if c.Bool("duplicates") == (len(args) == 1) {
				return problem.New(problem.Usage, "why wants one crate, or --duplicates").Hint("for example: opam-cargo why log")
			}
			return a.withProgram(c, func(p *synth.Program) error {
				list := explained(p).Duplicates()
				if len(args) == 1 {
					if list, err = explained(p).Why(args[0]); err != nil {
						return err
					}
				} else if len(list) == 0 {
					a.term.Say("no crate is there in several versions")
				}
				if c.Bool("json") {
					return a.printJSON(struct {
						Format int             `json:"format"`
						Crates []explain.Crate `json:"crates"`
					}{1, append([]explain.Crate{}, list...)})
				}
				for _, crate := range list {
					text := crate.String()
					if c.Bool("tree") {
						text = explained(p).Tree(crate.Name, crate.Version)
					}
					if _, err := fmt.Fprint(a.stdout, text); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}
