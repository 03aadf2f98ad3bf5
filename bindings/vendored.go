package bindings

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// checkVendoredLinks is what [Tree.Check] finds of links, for the vendor directories, which
// are installed too.
func (t *Tree) checkVendoredLinks() error {
	list, err := tree.List(t.Dir, t.leavesOut)
	if err != nil {
		return t.problem(err)
	}
	list = slices.DeleteFunc(t.parts.only(list), func(e tree.Entry) bool {
		return !slices.ContainsFunc(t.Vendor, func(v string) bool { return tree.Inside(v, e.Path) })
	})
	return errors.Join(t.escapes(list)...)
}

// checkVendored looks at the crates of the tree's vendor directories as a build does: what
// is no crate is refused; one whose files are not as its checksum file says is told, since
// a build refuses it only where it needs it.
func (t *Tree) checkVendored(warn func(string, ...any)) error {
	var problems []error
	for _, v := range t.Vendor {
		entries, err := os.ReadDir(filepath.Join(t.Dir, filepath.FromSlash(v)))
		if err != nil {
			return t.problem(err)
		}
		for _, e := range entries {
			dir := filepath.Join(t.Dir, filepath.FromSlash(v), e.Name())
			if strings.HasPrefix(e.Name(), ".") || !crate.IsVendored(dir) {
				continue
			}
			_, _, err := crate.ReadVendored(dir)
			if err == nil {
				err = crate.VerifyVendored(dir, true)
			}
			for _, p := range problem.List(err) {
				p.Package, p.File = t.Package, t.ShownAt(v, e.Name(), strings.TrimPrefix(filepath.ToSlash(p.File), filepath.ToSlash(dir)))
			}
			switch {
			case errors.Is(err, crate.ErrNoCrate):
				problems = append(problems, err)
			case err != nil:
				warn("%s: %s: a program that needs this crate will not build: %v", t.Package, path.Join(v, e.Name()), err)
			}
		}
	}
	return errors.Join(problems...)
}
