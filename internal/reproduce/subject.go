// Package reproduce makes the archives of a build record again and compares them, and
// tells whether what they were made from is still what is installed. Entry points:
// [Find], [Subject.Differences], [Subject.Prepare], [Subject.Compare], [Subject.Verify].
package reproduce

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/record"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Subject is what is to be made again.
type Subject struct {
	Name    string         // of the opam package, or of the directory, for messages
	Record  *record.Record // nil: a build that failed and left none
	File    string         // of the record
	Sources string         // the program's own sources; empty: not found, or not needed
	Prefix  string         // of the switch; may be empty
	Getenv  bindings.Getenv
}

// Find finds what is meant by an argument: the name of a package that is installed in
// the switch, a record, or a directory with sources and perhaps a record in them, such
// as the directory in which opam's build failed.
func Find(what, cwd, prefix string, getenv bindings.Getenv) (*Subject, error) {
	s := &Subject{Name: what, Prefix: prefix, Getenv: getenv}
	info, err := os.Stat(what)
	switch {
	case !strings.ContainsRune(what, filepath.Separator) && tree.Exists(installedRecord(prefix, what)):
		s.File = installedRecord(prefix, what)
	case err == nil && info.IsDir():
		s.Sources = what
		for _, dir := range recordDirs(what) {
			if s.File = filepath.Join(dir, record.Name); tree.Exists(s.File) {
				break
			}
			s.File = ""
		}
		if s.File == "" {
			return s, nil
		}
	case err == nil:
		s.File, s.Sources = what, cwd
	case strings.ContainsRune(what, filepath.Separator):
		return nil, problem.New(problem.Usage, "there is no %s", what).Hint("name an installed package, a %s, or a directory with sources", record.Name)
	default:
		s.File = installedRecord(prefix, what)
	}
	s.Record, err = record.ReadFile(s.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, problem.New(problem.Input, "no build record of %s in the switch", what).At(s.File, 0).
			Hint("which packages have one: ls %s", filepath.Join(prefix, "share", "*", record.Name)).
			Hint("dune installs it by the (install ...) stanza that opam-cargo init writes")
	}
	if err != nil {
		return nil, err
	}
	if !s.needsSources() {
		s.Sources = ""
	} else if s.Sources == "" {
		s.Sources = s.opamSources()
	}
	return s, nil
}

// ofSwitch tells whether the record is what a package installed into this switch.
func (s *Subject) ofSwitch() bool {
	return s.Prefix != "" && s.File == installedRecord(s.Prefix, s.Name) && bindings.CheckName(s.Name) == nil
}

func recordDirs(root string) []string {
	return []string{
		filepath.Join(root, "_build", "default", "rust-bindings"), filepath.Join(root, "rust-bindings"), workspace.Of(&bindings.Root{Dir: root}).Out(), root,
	}
}

func installedRecord(prefix, pkg string) string {
	return filepath.Join(prefix, "share", pkg, record.Name)
}

// Built is the directory that has the archives beside the record; empty where they are
// not kept, as in a switch.
func (s *Subject) Built() string {
	if dir := filepath.Dir(s.File); tree.Exists(filepath.Join(dir, s.Record.Archives[0].Name)) {
		return dir
	}
	return ""
}

// needsSources tells whether a tree of the program's own sources is in the archives.
func (s *Subject) needsSources() bool {
	for _, b := range s.Record.Bindings {
		if b.Dir != "" {
			return true
		}
	}
	return len(s.Record.Patches) > 0
}

// opamSources is where opam keeps the unpacked sources of a package.
func (s *Subject) opamSources() string {
	for _, pkg := range s.Record.Packages {
		sources := filepath.Join(s.Prefix, ".opam-switch", "sources")
		for _, dir := range append(tree.Glob(sources, pkg+".*"), filepath.Join(sources, pkg)) {
			if tree.IsDir(dir) {
				return dir
			}
		}
	}
	return ""
}

// treeOf is the tree that stands for a recorded binding here.
func (s *Subject) treeOf(b record.Binding) (bindings.Binding, bool) {
	found := bindings.Binding{Package: b.Package, Version: b.Version, Origin: bindings.Installed, Named: b.Exports}
	found.Dir = bindings.TreeIn(s.Prefix, b.Package)
	if b.Dir != "" {
		found.Dir, found.Origin = filepath.Join(s.Sources, filepath.FromSlash(b.Dir)), bindings.InTree
		if s.Sources == "" {
			return found, false
		}
	}
	found.Shown = found.Dir
	if tree.IsDir(found.Dir) {
		return found, true
	}
	for _, dir := range append(filepath.SplitList(s.Getenv("OPAM_CARGO_PATH")), bindings.Beside(s.Getenv, bindings.Dir)...) {
		if at := filepath.Join(dir, b.Package); b.Dir == "" && tree.IsDir(at) {
			found.Dir, found.Shown = at, at
			return found, true
		}
	}
	return found, false
}
