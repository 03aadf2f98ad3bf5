package cli

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/resolve"
	"github.com/opam-cargo/opam-cargo/synth"
)

func (a *app) lockCommand() *cli.Command {
	return &cli.Command{
		Name:      "lock",
		Usage:     "resolve, with the network if there is one, and write " + lockfile.Committed,
		ArgsUsage: "[CRATE...]",
		Description: "The committed lock is where the resolution begins, else the bindings' own locks: what need not move does not.\n" +
			"With --upgrade all crates may move; followed by crates, those.",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "check", Usage: "write nothing; exit 1 if the lock would change"},
			&cli.BoolFlag{Name: "upgrade", Usage: "let the crates named, or all, move to their newest versions"},
		}, rootFlags()...),
		Before: a.before,
		Action: a.lock,
	}
}

func (a *app) lock(c *cli.Context) error {
	most := 0
	if c.Bool("upgrade") {
		most = c.NArg()
	}
	crates, err := positional(c, most)
	if err != nil {
		return err
	}
	req, _, err := a.request(c)
	if err != nil {
		return err
	}
	lock, err := synth.Lock(a.ctx, req, resolve.Upgrade{All: c.Bool("upgrade") && len(crates) == 0, Crates: crates})
	if err != nil {
		return err
	}
	changes := lock.Changes()
	switch {
	case len(changes) == 0:
		a.term.Say("%s is up to date", lockfile.Committed)
		return nil
	case c.Bool("check"):
		return problem.New(problem.Check, "the lock is not up to date").At(lockfile.Committed, 0).Quote(strings.Join(changes, "\n")).
			Hint("write it: opam-cargo lock")
	}
	if err := lock.Write(); err != nil {
		return err
	}
	a.term.Say("wrote %s", lockfile.Committed)
	return nil
}
