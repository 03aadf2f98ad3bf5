package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/handover"
	"github.com/opam-cargo/opam-cargo/internal/record"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

func linkFlags() []cli.Flag {
	return append([]cli.Flag{
		outFlag("the `DIR` that opam-cargo build put the files into"),
		rootFlag(),
	}, outputFlags()...)
}

func (a *app) dllCommand() *cli.Command {
	return &cli.Command{
		Name:   "dll",
		Usage:  "link the archive of the last build into a shared library, for bytecode and toplevels",
		Flags:  append([]cli.Flag{prefixFlag()}, linkFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			rec, root, dir, err := a.lastBuild(c)
			if err != nil {
				return err
			}
			prefix, err := bindings.FindPrefix(a.ctx, root.Dir, c.String("prefix"), os.Getenv)
			if err != nil {
				a.term.Detail("no switch: %v", err) // the bindings' stubs are not in one, then
			}
			dlls, err := handover.Dll(a.ctx, root, prefix, dir, rec, os.Getenv)
			if err != nil {
				return err
			}
			if root.Context == "" {
				a.term.Say("to run bytecode and toplevels: export CAML_LD_LIBRARY_PATH=%s:$CAML_LD_LIBRARY_PATH", dlls)
			}
			return nil
		},
	}
}

func (a *app) flagsCommand() *cli.Command {
	return &cli.Command{
		Name:  "flags",
		Usage: "print the link arguments for ocamlfind ocamlopt",
		Description: "For a program that is not built by dune:\n" +
			"  ocamlfind ocamlopt -package foocaml -linkpkg a.ml $(opam-cargo flags) -o a",
		Flags:  linkFlags(),
		Before: a.before,
		Action: func(c *cli.Context) error {
			rec, _, dir, err := a.lastBuild(c)
			if err != nil {
				return err
			}
			if cwd, err := workingDir(); err == nil {
				if rel, ok := tree.Below(cwd, dir); ok {
					dir = rel
				}
			}
			_, err = fmt.Fprintln(a.stdout, strings.Join(handover.OcamlArguments(rec, dir), " "))
			return err
		},
	}
}

// lastBuild finds what the last build handed over, and where. In a sandboxed dune
// action the record is not beside the archive, but it is in W as well.
func (a *app) lastBuild(c *cli.Context) (*record.Record, *bindings.Root, string, error) {
	if _, err := positional(c, 0); err != nil {
		return nil, nil, "", err
	}
	root, cwd, err := a.root(c)
	if err != nil {
		return nil, nil, "", err
	}
	dir := outDir(c, root, cwd)
	rec, err := record.Read(dir, workspace.Of(root).Out())
	return rec, root, dir, err
}
