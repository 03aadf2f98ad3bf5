package reproduce

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/record"
	"github.com/opam-cargo/opam-cargo/internal/source"
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
// with the vendored crates that the program holds of them, and the archives, where they are in dir, still those that were built; empty: they are
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
	vendors := map[string][]string{source.OfSwitch: {crate.Store(s.Prefix)}}
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
		for _, v := range t.Vendor {
			vendors[source.VendorOf(b.Package)] = append(vendors[source.VendorOf(b.Package)], filepath.Join(t.Dir, filepath.FromSlash(v)))
		}
		if t.Hash != b.Tree {
			differs(problem.New(problem.Check, "it holds Rust code of %s, whose sources in the switch have changed since", nameVersion(b)))
		}
	}
	for _, c := range s.Record.Crates {
		if !strings.HasPrefix(c.Vendored, source.VendorOf("")) && c.Vendored != source.OfSwitch {
			continue // of a .crate, whose sum is in the record, or of a directory that is no part of the switch
		}
		if !unchanged(c, vendors[c.Vendored]) {
			differs(problem.New(problem.Check, "it holds the crate %s %s of %s, where it is not as it was", c.Name, c.Version, c.Vendored))
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

// unchanged tells whether one of the directories of crates has a crate as the record has it.
func unchanged(c record.Crate, vendors []string) bool {
	for _, dir := range vendors {
		for _, file := range tree.Glob(dir, "*/"+crate.ChecksumFile) {
			at := filepath.Dir(file)
			id, _, err := crate.ReadVendored(at)
			if err != nil || id.Name() != c.Name || id.Version() != c.Version {
				continue
			}
			if sum, err := crate.ContentSum(at); err == nil && sum == c.Content {
				return true
			}
		}
	}
	return false
}
