package cli

import (
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/synth"
)

func (a *app) synthCommand() *cli.Command {
	return &cli.Command{
		Name:   "synth",
		Usage:  "generate the workspace and its lock; build nothing",
		Flags:  buildFlags(),
		Before: a.before,
		Action: func(c *cli.Context) error {
			return a.stateOnly(c, func(s *synth.State) error {
				a.term.Say("the workspace is in %s", s.Root.Shown(s.Dirs.W))
				return nil
			})
		},
	}
}

func (a *app) buildCommand() *cli.Command {
	return &cli.Command{
		Name:   "build",
		Usage:  "generate the workspace, build it once, hand over the archive and its link flags",
		Flags:  append([]cli.Flag{eachFlag(), outFlag("put the files into `DIR`; default: the current directory in a dune action, else rust-bindings/")}, buildFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			start := time.Now()
			o, cwd, err := a.optionsOnly(c)
			if err != nil {
				return err
			}
			dir := outDir(c, o, cwd)
			b, err := synth.Build(a.ctx, o)
			if err != nil {
				return err
			}
			defer b.Close()
			rec, err := b.HandOver(a.ctx, dir)
			if err != nil {
				return err
			}
			a.term.Tell("%s", b.Summary(rec, o.Root.Shown(dir), time.Since(start)))
			return nil
		},
	}
}

// before applies the output flags that stand after the command's name.
func (a *app) before(c *cli.Context) error {
	if c.IsSet("quiet") || c.IsSet("verbose") || c.IsSet("color") {
		return a.setTerm(c)
	}
	return nil
}

func eachFlag() cli.Flag {
	return &cli.BoolFlag{Name: "each", Usage: "an archive for each binding, librust_bindings_PACKAGE.a, in place of one for all", EnvVars: variable("each")}
}

func outFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: usage, EnvVars: variable("out")}
}

func outDir(c *cli.Context, o synth.Options, cwd string) string {
	dir := c.String("out")
	switch {
	case dir == "":
		return synth.DefaultOut(o.Root, cwd)
	case filepath.IsAbs(dir):
		return dir
	}
	return filepath.Join(cwd, dir)
}
