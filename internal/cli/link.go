package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/synth"
	"github.com/opam-cargo/opam-cargo/workspace"
)

func linkFlags() []cli.Flag {
	return append([]cli.Flag{
		outFlag("the `DIR` that opam-cargo build put the files into"),
		stringFlag("root", "the project's `DIR`; default: the nearest one upward with an opam file"),
	}, outputFlags()...)
}

func (a *app) dllCommand() *cli.Command {
	return &cli.Command{
		Name:   "dll",
		Usage:  "link the archive of the last build into a shared library, for bytecode and toplevels",
		Flags:  linkFlags(),
		Before: a.before,
		Action: func(c *cli.Context) error {
			rec, dir, err := a.lastBuild(c)
			if err != nil {
				return err
			}
			dll, err := synth.MakeDll(a.ctx, dir, rec, os.Getenv)
			if err != nil {
				return err
			}
			a.term.Detail("linked %s", dll)
			return nil
		},
	}
}

func (a *app) flagsCommand() *cli.Command {
	return &cli.Command{
		Name:  "flags",
		Usage: "print the link arguments for ocamlfind ocamlopt",
		Description: "For a program that is not built by dune:\n" +
			"  ocamlfind ocamlopt -package foocaml -linkpkg main.ml $(opam-cargo flags) -o main",
		Flags:  linkFlags(),
		Before: a.before,
		Action: func(c *cli.Context) error {
			rec, dir, err := a.lastBuild(c)
			if err != nil {
				return err
			}
			if cwd, err := workingDir(); err == nil {
				if rel, err := filepath.Rel(cwd, dir); err == nil && !strings.HasPrefix(rel, "..") {
					dir = rel
				}
			}
			_, err = fmt.Fprintln(a.stdout, strings.Join(rec.OcamlArguments(dir), " "))
			return err
		},
	}
}

// lastBuild finds what the last build handed over, and where. In a sandboxed dune
// action the record is not beside the archive, but it is in W as well.
func (a *app) lastBuild(c *cli.Context) (*synth.Record, string, error) {
	if _, err := positional(c, 0); err != nil {
		return nil, "", err
	}
	root, cwd, err := a.root(c)
	if err != nil {
		return nil, "", err
	}
	dir := outDir(c, synth.Options{Root: root}, cwd)
	rec, err := synth.ReadRecord(dir, workspace.Of(root.Dir, root.Context).Out())
	return rec, dir, err
}
