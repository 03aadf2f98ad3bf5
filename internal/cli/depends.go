package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/publish"
	"github.com/opam-cargo/opam-cargo/internal/term"
)

func (a *app) dependsCommand() *cli.Command {
	return &cli.Command{
		Name:  "depends",
		Usage: "print a binding's requirements on crate packages, for its opam file",
		Description: "The direct requirements of its Rust code, as dependencies on the packages that opam-cargo repository generates. --write " +
			"puts them into the\n" +
			"opam file, between two comment lines; all else in the file stays.",
		Flags:  append([]cli.Flag{writeFlag()}, sourceFlags()...),
		Before: a.before,
		Action: func(c *cli.Context) error {
			root, wanted, err := a.wantedOnly(c)
			if err != nil {
				return err
			}
			file, pkg, err := a.opamFile(c, root)
			if err != nil {
				return err
			}
			lines, err := publish.CrateDepends(a.ctx, wanted, root, pkg)
			if err != nil {
				return err
			}
			if !c.IsSet("write") {
				_, err := fmt.Fprintln(a.stdout, strings.Join(lines, "\n"))
				return err
			}
			if err := publish.WriteDepends(root, file, lines); err != nil {
				return err
			}
			a.term.Say("%s in %s", term.Count(len(lines), "requirement"), file)
			return nil
		},
	}
}
