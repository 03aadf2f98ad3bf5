package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/publish"
	"github.com/opam-cargo/opam-cargo/internal/term"
)

func (a *app) fetchCommand() *cli.Command {
	return &cli.Command{
		Name:  "fetch",
		Usage: "bring the lock's .crate files to rust-bindings/crates, through cargo",
		Description: "Needs the network for what is not in cargo's download cache, but neither a switch nor the bindings.\n" +
			"In a binding without " + lockfile.Committed + ", it brings those of its own Cargo.lock to rust/.opam-cargo/crates.",
		Flags:  sourceFlags(),
		Before: a.before,
		Action: func(c *cli.Context) error {
			root, wanted, err := a.wantedOnly(c)
			if err != nil {
				return err
			}
			sets, err := publish.CrateSets(root, firstOf(given(c, "package")))
			if err != nil {
				return err
			}
			brought, there, err := publish.Fetch(a.ctx, wanted, sets)
			if err != nil {
				return err
			}
			a.term.Say("%s fetched, %d were there, in %s", term.Count(brought, "crate"), there, dirsOf(sets))
			return nil
		},
	}
}

func (a *app) extraSourcesCommand() *cli.Command {
	return &cli.Command{
		Name:  "extra-sources",
		Usage: "print opam extra-source sections for the lock's crates",
		Description: "Of the program's committed lock, or of a binding's own Cargo.lock. --write puts them into the opam file (into its\n" +
			"template where dune generates the file) and takes out what the lock no longer has; all else in the file stays.",
		Flags:  append([]cli.Flag{writeFlag()}, sourceFlags()...),
		Before: a.before,
		Action: a.extraSources,
	}
}

func (a *app) extraSources(c *cli.Context) error {
	root, wanted, err := a.wantedOnly(c)
	if err != nil {
		return err
	}
	file, pkg, err := a.opamFile(c, root)
	if err != nil {
		return err
	}
	sets, err := publish.CrateSets(root, pkg)
	if err != nil {
		return err
	}
	sections, err := publish.ExtraSources(a.ctx, wanted, sets)
	if err != nil {
		return err
	}
	if !c.IsSet("write") {
		_, err := fmt.Fprint(a.stdout, sections)
		return err
	}
	written, err := publish.WriteExtraSources(root, file, sets, sections)
	if err != nil {
		return err
	}
	a.term.Say("%s in %s", term.Count(strings.Count(sections, "extra-source "), "extra-source"), written)
	if written != file {
		a.term.Say("dune makes %s from it: dune build %s", file, file)
	}
	return nil
}

func writeFlag() cli.Flag {
	return &cli.StringFlag{Name: "write", Usage: "put them into `FILE.opam`"}
}

// opamFile is the opam file that --write names, and the package that is meant.
func (a *app) opamFile(c *cli.Context, root *bindings.Root) (file, pkg string, err error) {
	file, pkg = filepath.Clean(c.String("write")), firstOf(given(c, "package"))
	if c.IsSet("write") {
		if file = strings.TrimSuffix(file, ".template"); !strings.HasSuffix(file, ".opam") {
			return "", "", problem.New(problem.Usage, "--write names %q, which is no opam file", file).Hint("name one: --write NAME.opam")
		}
		pkg = strings.TrimSuffix(filepath.Base(file), ".opam")
		if _, ok := root.Package(pkg); !ok {
			return "", "", problem.New(problem.Usage, "there is no %s in %s", file, root.Dir).
				Hint("its packages are: %s", strings.Join(root.Names(), ", "))
		}
	}
	if pkg == "" && len(root.Packages) == 1 {
		pkg = root.Packages[0].Name
	}
	if pkg == "" {
		return "", "", problem.New(problem.Usage, "for which of the packages %s?", strings.Join(root.Names(), ", ")).
			Hint("name it: opam-cargo %s --package NAME, or --write NAME.opam", c.Command.Name)
	}
	return file, pkg, nil
}

func firstOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

func dirsOf(sets []publish.CrateSet) string {
	dirs := make([]string, 0, len(sets))
	for _, s := range sets {
		dirs = append(dirs, s.Dir)
	}
	return strings.Join(dirs, " and ")
}
