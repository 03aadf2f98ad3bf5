package cli

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/compiled"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/term"
)

func (a *app) cacheCommand() *cli.Command {
	return &cli.Command{
		Name:      "cache",
		Usage:     "list the compiled crates that the switch keeps",
		ArgsUsage: "[NAME ...]",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "drop", Usage: "remove those that are named, or all"}, jsonFlag(),
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
	return a.printSets(c.Bool("json"), dir, list)
}

// set is a set of compiled crates as --json shows it.
type set struct {
	Name    string   `json:"name"`
	Bytes   int64    `json:"bytes"`
	Crates  []string `json:"crates"`
	By      string   `json:"by"`
	Profile string   `json:"profile"`
	Rustc   string   `json:"rustc"`
}

func (a *app) printSets(asJSON bool, dir string, list []compiled.Entry) error {
	sets := make([]set, 0, len(list))
	for _, e := range list {
		rustc, _, _ := strings.Cut(e.World["rustc"], " ")
		sets = append(sets, set{e.Name, e.Size, order.Keys(e.Crates), e.By, e.World["profile"], rustc})
	}
	if asJSON {
		return a.printJSON(struct {
			Format int    `json:"format"`
			Dir    string `json:"dir"`
			Sets   []set  `json:"sets"`
		}{1, dir, sets})
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "NAME\tSIZE\tCRATES\tBY\tPROFILE\tRUSTC\n")
	for _, s := range sets {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", s.Name, term.Megabytes(s.Bytes), len(s.Crates), s.By, s.Profile, s.Rustc)
	}
	if slices.ContainsFunc(list, func(e compiled.Entry) bool { return e.Format > compiled.Format }) {
		a.term.Hint("a newer opam-cargo left some of them, which this one does not take; get that one: opam upgrade opam-cargo")
	}
	return w.Flush()
}
