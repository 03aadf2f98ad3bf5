package cli

import (
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/opamcrates"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/publish"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

func (a *app) repositoryCommand() *cli.Command {
	return &cli.Command{
		Name:      "repository",
		Usage:     "generate or update an opam repository of the crates that locks name",
		ArgsUsage: "DIR",
		Description: "One package for each crate and semver-compatible range, crate-NAME-RANGE, with the requirements of the crate's own " +
			"manifest,\n" +
			"so that opam's solver chooses among versions. What is in DIR stays.",
		Flags: append([]cli.Flag{
			&cli.StringSliceFlag{Name: "lock", Usage: "a Cargo.lock `FILE` (repeatable); default: the project's"},
			cargoFlag(),
		}, outputFlags()...),
		Before: a.before,
		Action: a.repository,
	}
}

func (a *app) repository(c *cli.Context) error {
	args, err := positional(c, 1)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return problem.New(problem.Usage, "into which directory?").Hint("name it: opam-cargo repository --lock Cargo.lock DIR")
	}
	locks := given(c, "lock")
	if len(locks) == 0 {
		root, _, err := a.root(c)
		if err != nil {
			return err
		}
		sets, err := publish.CrateSets(root, "")
		if err != nil {
			return err
		}
		for _, set := range sets {
			locks = append(locks, filepath.Join(root.Dir, filepath.FromSlash(set.File)))
		}
	}
	wanted := toolchain.Wanted{Program: c.String("cargo"), Getenv: os.Getenv, Out: a.term}
	var crates []opamcrates.Crate
	for _, lock := range locks {
		list, err := publish.LockedCrates(a.ctx, wanted, lock)
		if err != nil {
			return err
		}
		crates = opamcrates.Merge(crates, list)
	}
	added, changed, err := opamcrates.Update(args[0], crates)
	if err != nil {
		return err
	}
	a.term.Say("%s: %d crates in the locks, %d packages are new, %d changed", args[0], len(crates), added, changed)
	a.term.Say("use it: opam repository add rust-crates %s", args[0])
	return nil
}

// installCrateCommand is what a crate package calls: hidden, since nobody else does.
func (a *app) installCrateCommand() *cli.Command {
	return &cli.Command{
		Name:      "install-crate",
		Usage:     "unpack NAME-VERSION.crate into <prefix>/rust-crates",
		ArgsUsage: "NAME VERSION",
		Hidden:    true,
		Flags: append([]cli.Flag{
			stringFlag("prefix", "install below `DIR`"), stringFlag("destdir", "stage below `DIR`"),
		}, outputFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			args, err := positional(c, 2)
			if err != nil {
				return err
			}
			if len(args) != 2 {
				return problem.New(problem.Usage, "install-crate wants a name and a version").
					Hint("it is for the packages that opam-cargo repository writes")
			}
			cwd, err := workingDir()
			if err != nil {
				return err
			}
			prefix, err := bindings.InstallPrefix(a.ctx, cwd, c.String("prefix"), os.Getenv)
			if err != nil {
				return err
			}
			id, err := crate.NewID(args[0], args[1], "")
			if err != nil {
				return problem.New(problem.Usage, "install-crate wants a name and a version: %w", err).Hint("it is for the packages that opam-cargo repository writes")
			}
			file := filepath.Join(cwd, id.String()+".crate")
			sum, err := tree.BoundedSum(crate.MostOfCrate, file)
			if err == nil {
				id, err = crate.NewID(args[0], args[1], sum)
			}
			if err != nil {
				return problem.New(problem.Input, "the crate is not here: %w", err).
					Hint("it is an extra-source of the package that opam-cargo repository writes")
			}
			dest := filepath.Join(crate.Store(c.String("destdir")+prefix), id.String())
			return crate.Replace(a.ctx, file, id, dest)
		},
	}
}
