package cli

import (
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/handover"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/synth"
	"github.com/opam-cargo/opam-cargo/workspace"
)

func (a *app) synthCommand() *cli.Command {
	return &cli.Command{
		Name:   "synth",
		Usage:  "generate the workspace and its lock; build nothing",
		Flags:  buildFlags(),
		Before: a.before,
		Action: func(c *cli.Context) error {
			return a.programOnly(c, func(p *synth.Program) error {
				a.term.Say("the workspace is in %s", p.Site.Root.Shown(p.Site.Dirs.W))
				return nil
			})
		},
	}
}

func (a *app) buildCommand() *cli.Command {
	return &cli.Command{
		Name:  "build",
		Usage: "generate the workspace, build it once, hand over the archive and its link flags",
		Flags: append([]cli.Flag{
			eachFlag(), outFlag("put the files into `DIR`; default: the current directory in a dune action, else rust-bindings/"),
		}, buildFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			start := time.Now()
			req, cwd, err := a.requestOnly(c)
			if err != nil {
				return err
			}
			root := req.Site.Root
			dir := outDir(c, root, cwd)
			b, err := synth.Build(a.ctx, req, dir)
			if err != nil {
				return err
			}
			defer b.Close()
			shared := b.Record.Shared(b.Resolution.Graph)
			a.term.Tell("%s", handover.Summary(b.Record, root.Shown(dir), time.Since(start), b.Compiled, shared))
			return a.hintRenewal(root)
		},
	}
}

// hintRenewal tells, once in a workspace, that rust-bindings/dune is one that an earlier
// release wrote: it builds as it did.
func (a *app) hintRenewal(root *bindings.Root) error {
	src, err := os.ReadFile(filepath.Join(root.Dir, "rust-bindings", "dune"))
	if err != nil {
		return nil //nolint:nilerr // most have none, and the build does not need it
	}
	w, _ := dune.ReadWritten(src)
	told := filepath.Join(workspace.Of(root).Cache(), "renewal")
	if !w.Old || tree.Exists(told) {
		return nil
	}
	renew := "opam-cargo init"
	if len(w.Libraries) > 0 {
		renew += " --each"
	}
	a.term.Hint("rust-bindings/dune is as an earlier opam-cargo wrote it, and builds as it did; to have what is new: %s", renew)
	return tree.WriteIfChanged(told, nil, false)
}

// before applies the output flags that stand after the command's name.
func (a *app) before(c *cli.Context) error {
	if c.IsSet("quiet") || c.IsSet("verbose") || c.IsSet("color") {
		return a.setTerm(c)
	}
	return nil
}

func eachFlag() cli.Flag {
	return &cli.BoolFlag{
		Name: "each", Usage: "an archive for each binding, librust_bindings_PACKAGE.a, in place of one for all", EnvVars: variable("each"),
	}
}

func outFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: usage, EnvVars: variable("out")}
}

func outDir(c *cli.Context, root *bindings.Root, cwd string) string {
	dir := c.String("out")
	switch {
	case dir == "":
		return handover.DefaultDir(root, cwd)
	case filepath.IsAbs(dir):
		return dir
	}
	return filepath.Join(cwd, dir)
}
