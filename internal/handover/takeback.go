package handover

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/link"
	"github.com/opam-cargo/opam-cargo/internal/record"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// TakeBack removes what an earlier build handed over into dir, which from now on dune
// makes: dune refuses a target that is a source file as well. A file goes if it has the
// sum of the record beside it; others of these names are left to the user.
func TakeBack(dir string) (removed, left []string, err error) {
	files := []record.File{{Name: "librust_bindings.a"}, {Name: "link_flags.sexp"}, {Name: "c_libs.sexp"}, {Name: record.Name}}
	rec, err := record.ReadFile(filepath.Join(dir, record.Name))
	ours := err == nil
	if ours {
		files = rec.Files
		for _, a := range rec.Archives {
			files = append(files, record.File{Name: a.Name, SHA256: a.SHA256})
		}
	}
	for _, f := range append(files, record.File{Name: link.DllFile}) {
		file := filepath.Join(dir, f.Name)
		if !tree.Exists(file) {
			continue
		}
		if !hasSum(file, f.SHA256) {
			left = append(left, f.Name)
			continue
		}
		if err := os.Remove(file); err != nil {
			return nil, nil, fmt.Errorf("remove what an earlier build handed over: %w", err)
		}
		removed = append(removed, f.Name)
	}
	if !ours {
		return nil, left, nil
	}
	return append(removed, record.Name), left, os.Remove(filepath.Join(dir, record.Name))
}
