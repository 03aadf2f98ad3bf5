package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/check"
)

// tellForgotten warns of programs that need the word and lack it, for init: of the
// bindings that the switch has and those of the project itself. Without a switch it knows
// only the latter. dune is not run: init has just changed its files. What stands in said
// has been told.
func (a *app) tellForgotten(c *cli.Context, dir string, said []string) {
	var names []string
	root, err := bindings.FindRoot(dir, dir, os.Getenv)
	if err != nil {
		return
	}
	_, names = root.Roles(root.Names())
	_, prefix, err := a.prefix(c)
	if err == nil {
		for _, place := range []string{"rust-bindings", "share/rust-bindings"} {
			entries, err := os.ReadDir(filepath.Join(prefix, filepath.FromSlash(place)))
			if err != nil {
				continue // no binding is installed there
			}
			for _, e := range entries {
				names = append(names, e.Name())
			}
		}
	}
	list := check.FindForgotten(a.ctx, root.Dir, prefix, check.RustCode{Packages: names}, true)
	all := strings.Join(said, "\n")
	check.TellForgotten(a.term, slices.DeleteFunc(list, func(f check.Forgotten) bool { return strings.Contains(all, f.File+":") }))
}
