package cli

import (
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/compiled"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
	"github.com/opam-cargo/opam-cargo/workspace"
)

func (a *app) installCommand() *cli.Command {
	return &cli.Command{
		Name:      "install",
		Usage:     "check the Rust tree of a binding package and install its sources",
		ArgsUsage: "[DIR]",
		Description: "DIR is the directory with the Cargo.toml; default rust, else the current directory.\n" +
			"In the opam file of a binding package:\n  install: [ [\"opam-cargo\" \"install\"] ]",
		Flags: append([]cli.Flag{
			stringFlag("prefix", "install below `DIR`; default: $OPAM_SWITCH_PREFIX, _opam, or opam's own answer"),
			stringFlag("destdir", "put `DIR` before the prefix"),
			&cli.StringFlag{Name: "package", Usage: "the opam package `NAME`; default: $OPAM_PACKAGE_NAME", EnvVars: variable("package")},
			&cli.StringSliceFlag{Name: "crate", Usage: "export the crate `NAME` (repeatable); default: those that are a staticlib or cdylib"},
			&cli.BoolFlag{Name: "compiled", Usage: "of a program: keep in the switch what its build compiled of the crates that opam installed"},
			cargoFlag(),
		}, outputFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			if c.Bool("compiled") {
				return a.installCompiled(c)
			}
			return a.install(c)
		},
	}
}

// installCompiled is for the install: field of a program, after its build.
func (a *app) installCompiled(c *cli.Context) error {
	if _, err := positional(c, 0); err != nil {
		return err
	}
	root, _, err := a.root(c)
	if err != nil {
		return err
	}
	prefix, err := bindings.InstallPrefix(a.ctx, root.Dir, c.String("prefix"), os.Getenv)
	if err != nil {
		return err
	}
	size, err := compiled.Keep(workspace.Of(root).Compiled(), prefix)
	if err != nil {
		return err
	}
	if size > 0 {
		a.term.Say("the switch keeps the compiled crates (%s); opam-cargo cache lists them", term.Megabytes(size))
	}
	return nil
}

func (a *app) install(c *cli.Context) error {
	args, err := positional(c, 1)
	if err != nil {
		return err
	}
	cwd, err := workingDir()
	if err != nil {
		return err
	}
	b := bindings.Binding{Package: c.String("package"), Version: os.Getenv("OPAM_PACKAGE_VERSION"), Named: given(c, "crate")}
	if b.Package == "" {
		if b.Package, err = a.onlyPackage(cwd); err != nil {
			return err
		}
	}
	if err := bindings.CheckName(b.Package); err != nil {
		return err
	}
	b.Shown = (&bindings.Root{Dir: cwd}).DefaultTree()
	if len(args) == 1 {
		b.Shown = filepath.Clean(args[0])
	}
	b.Dir = b.Shown
	if !filepath.IsAbs(b.Dir) {
		b.Dir = filepath.Join(cwd, b.Dir)
	}
	prefix, err := bindings.InstallPrefix(a.ctx, cwd, c.String("prefix"), os.Getenv)
	if err != nil {
		return err
	}
	dest := prefix
	if c.String("destdir") != "" {
		dest = filepath.Join(c.String("destdir"), prefix)
	}
	wanted := toolchain.Wanted{Program: c.String("cargo"), Getenv: os.Getenv, Out: a.term}
	return wanted.InScratch(a.ctx, func(cargo *cargo.Cargo, scratch string) error {
		t, err := bindings.Install(a.ctx, bindings.InstallRequest{
			Binding: b, Dest: dest, Cargo: cargo, Scratch: scratch, Warn: a.term.Warn, Say: a.term.Say,
		})
		if err == nil {
			a.term.Detail("installed %s as %s; it exports %v", b.Shown, filepath.Join(dest, bindings.Dir, b.Package), t.Exports)
		}
		return err
	})
}

// onlyPackage is the package that is meant where nobody names one: opam's, or the
// only one of the project.
func (a *app) onlyPackage(cwd string) (string, error) {
	if name := os.Getenv("OPAM_PACKAGE_NAME"); name != "" {
		return name, nil
	}
	root, err := bindings.FindRoot(cwd, "", os.Getenv)
	if err == nil && len(root.Packages) == 1 {
		return root.Packages[0].Name, nil
	}
	return "", problem.New(problem.Usage, "which opam package is the Rust tree of?").Hint("name it: opam-cargo install --package NAME")
}
