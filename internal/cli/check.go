package cli

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/check"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/synth"
)

func (a *app) checkCommand() *cli.Command {
	return &cli.Command{
		Name:   "check",
		Usage:  "make every check that needs no compilation",
		Flags:  append([]cli.Flag{jsonFlag()}, buildFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			var warnings []term.Message
			a.term.Keep(&warnings)
			err := a.programOnly(c, func(p *synth.Program) error {
				return check.Run(a.ctx, check.Input{Site: p.Site, Plan: p.Plan, Graph: p.Resolution.Graph, Crates: p.Resolution.Crates})
			})
			if c.Bool("json") {
				err = errors.Join(a.printJSON(checkedOf(err, warnings)), err)
			}
			return err
		},
	}
}

// checked is the outcome of the checks, as --json shows it.
type checked struct {
	Format   int            `json:"format"`
	Passed   bool           `json:"passed"`
	Problems []found        `json:"problems"`
	Warnings []term.Message `json:"warnings"`
}

type found struct {
	Code    problem.Code `json:"exit_code"`
	Package string       `json:"package,omitempty"`
	File    string       `json:"file,omitempty"`
	Line    int          `json:"line,omitempty"`
	Message string       `json:"message"`
	Detail  string       `json:"detail,omitempty"`
	Hints   []string     `json:"hints,omitempty"`
}

func checkedOf(err error, warnings []term.Message) checked {
	c := checked{Format: 1, Passed: err == nil, Problems: []found{}, Warnings: append([]term.Message{}, warnings...)}
	for _, e := range problem.List(err) {
		c.Problems = append(c.Problems, found{e.Code, e.Package, e.File, e.Line, e.Text, e.Detail, e.Hints})
	}
	return c
}
