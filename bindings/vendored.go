package bindings

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

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
