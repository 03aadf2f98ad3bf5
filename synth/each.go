package synth

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// EachLibraries are the names of the libraries that --each makes for the bindings that
// are in the cone now.
func EachLibraries(ctx context.Context, o Options) ([]string, error) {
	o.Each = true
	s, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.plan(ctx); err != nil {
		return nil, err
	}
	var libs []string
	for _, a := range s.Plan.Archives {
		libs = append(libs, a.Lib)
	}
	return libs, nil
}

// checkStanzas refuses a binding whose archive the program's dune file does not name:
// dune would not link it, and the linker would say so less plainly.
func (s *State) checkStanzas() error {
	const file = "rust-bindings/dune"
	src, err := os.ReadFile(filepath.Join(s.Root.Dir, filepath.FromSlash(file)))
	if err != nil {
		return nil //nolint:nilerr // the stanzas stand elsewhere, and are not ours
	}
	var missing []string
	for _, a := range s.Plan.Archives {
		if !strings.Contains(string(src), a.File()) {
			missing = append(missing, a.Package)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return problem.New(problem.Input, "no archive is made for %s, which is in the cone now", strings.Join(missing, ", ")).At(file, 0).
		Hint("write it anew: rm %s && opam-cargo init --each", problem.Word(file))
}
