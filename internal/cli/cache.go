package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/compiled"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/term"
)

func (a *app) cacheCommand() *cli.Command {
	return &cli.Command{
		Name:      "cache",
		Usage:     "list the compiled crates that the switch keeps",
		ArgsUsage: "[NAME ...]",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "drop", Usage: "remove those that are named, or all"},
			prefixFlag(),
		}, outputFlags()...),
		Before: a.before,
		Action: a.cache,
	}
}

func (a *app) cache(c *cli.Context) error {
	names, err := positional(c, c.NArg())
	if err != nil {
		return err
	}
	_, prefix, err := a.prefix(c)
	if err != nil {
		return err
	}
	dir := compiled.Dir(prefix)
	list, err := compiled.List(dir)
	if err != nil {
		return err
	}
	known := map[string]compiled.Entry{}
	for _, e := range list {
		known[e.Name] = e
	}
	for _, name := range names {
		if _, ok := known[name]; !ok {
			return problem.New(problem.Usage, "the switch keeps no compiled crates named %s", name).Hint("list them: opam-cargo cache")
		}
	}
	if c.Bool("drop") {
		if len(names) == 0 {
			for _, e := range list {
				names = append(names, e.Name)
			}
		}
		for _, name := range names {
			if err := compiled.Drop(dir, name); err != nil {
				return err
			}
		}
		a.term.Say("%d dropped", len(names))
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "NAME\tSIZE\tCRATES\tBY\tPROFILE\tRUSTC\n")
	for _, e := range list {
		rustc, _, _ := strings.Cut(e.World["rustc"], " ")
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", e.Name, term.Megabytes(e.Size), len(e.Crates), e.By, e.World["profile"], rustc)
	}
	return w.Flush()
}
