package reproduce

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/record"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Installed names the packages of the switch that have a record.
func Installed(prefix string) []string {
	files := tree.Glob(filepath.Join(prefix, "share"), "*/"+record.Name)
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, filepath.Base(filepath.Dir(f)))
	}
	return names
}

// Verify tells whether the bindings that a record names are still those of the switch,
// and the archives, where they are in dir, still those that were built; empty: they are
// not kept. What differs is one problem for each.
func (s *Subject) Verify(dir string) error {
	var problems []error
	differs := func(e *problem.Error) {
		problems = append(problems, e.In(s.Name).At(s.File, 0).Hint("build it again: opam reinstall %s", s.Name))
	}
	sw, err := bindings.ReadSwitch(s.Prefix)
	if err != nil {
		return err
	}
	for _, b := range s.Record.Bindings {
		if b.Dir != "" {
			continue // its own, and not kept
		}
		version, dir := sw.Versions[b.Package], bindings.TreeIn(s.Prefix, b.Package)
		switch {
		case version == "" || !tree.IsDir(dir):
			differs(problem.New(problem.Check, "it holds Rust code of %s, which is not installed any more", nameVersion(b)))
			continue
		case version != b.Version && b.Version != "":
			differs(problem.New(problem.Check, "it holds Rust code of %s, and %s is installed now", nameVersion(b), version))
			continue
		}
		t, err := bindings.ReadTree(bindings.Binding{Package: b.Package, Dir: dir, Shown: dir, Origin: bindings.Installed})
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if t.Hash != b.Tree {
			differs(problem.New(problem.Check, "it holds Rust code of %s, whose sources in the switch have changed since", nameVersion(b)))
		}
	}
	if dir == "" {
		return errors.Join(problems...)
	}
	for _, a := range s.Record.Archives {
		sum, err := tree.FileSum(filepath.Join(dir, a.Name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err != nil || sum != a.SHA256 {
			problems = append(problems, problem.New(problem.Check, "%s is not the archive that was built", a.Name).In(s.Name).At(dir, 0).Hint("build it again: opam-cargo build"))
		}
	}
	return errors.Join(problems...)
}

func nameVersion(b record.Binding) string {
	return strings.TrimSpace(b.Package + " " + b.Version)
}
