// Package handover is the last step of the pipeline: it puts the archives, what a linker
// needs besides, and their record where dune or the user wants them ([Output.Put]), links
// the shared library for bytecode of what was handed over ([Dll]), and says how ocamlfind
// links it ([OcamlArguments]). It changes nothing in what was built.
package handover

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/link"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/record"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// DefaultDir is where the files go that nobody named a directory for: the current
// directory in a dune action; else rust-bindings/, or W/out where a dune file in
// rust-bindings has the rule, since dune refuses a target that is a source file.
func DefaultDir(r *bindings.Root, cwd string) string {
	if r.Context != "" {
		return cwd
	}
	own := filepath.Join(r.Dir, "rust-bindings")
	if tree.Exists(filepath.Join(own, "dune")) {
		return workspace.Of(r).Out()
	}
	return own
}

// Output is what is handed over.
type Output struct {
	Archives []link.Archive
	Record   *record.Record
	Same     bool   // the record is that of the last build: archives with its sums are there already
	Also     string // a second directory for the record: W/out, for the commands dll and flags
}

// ErrChanged tells that an archive in W is not the one of the record any more: somebody, or
// the disk, changed it since.
var ErrChanged = errors.New("an archive in the workspace has changed since it was built")

// Put puts the archives, their link flags and their record into dir, by rename, the record
// last: a reader that finds it finds the rest.
func (o Output) Put(dir string) error {
	if err := tree.Sweep(dir); err != nil {
		return cannot(dir, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return cannot(dir, err)
	}
	for i, a := range o.Archives {
		var err error
		file, sum := filepath.Join(dir, a.File()), o.Record.Archives[i].SHA256
		switch {
		case !o.Same:
			err = copyArchive(a.Path, file)
		case hasSum(file, sum): // reading it is cheaper than writing it
		case !hasSum(a.Path, sum):
			return ErrChanged
		default:
			err = copyArchive(a.Path, file)
		}
		for _, f := range record.Included(a) {
			if err == nil {
				err = tree.WriteIfChanged(filepath.Join(dir, f.Name), f.Content, false)
			}
		}
		if err != nil {
			return cannot(dir, err)
		}
	}
	for _, d := range []string{dir, o.Also} {
		if err := o.Record.Write(d); err != nil {
			return cannot(d, err)
		}
	}
	return nil
}

func hasSum(file, sum string) bool {
	is, err := tree.FileSum(file)
	return err == nil && is == sum
}

// copyArchive gives dest its own copy: dune changes the mode of what it is given.
// A copy that is the same already is left alone.
func copyArchive(from, dest string) error {
	if !tree.Exists(dest) { // as in a dune rule: dune has deleted it
		return tree.Copy(from, dest)
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return tree.WriteIfChanged(dest, content, false)
}

func cannot(dir string, err error) error {
	e := problem.New(problem.Input, "cannot hand the archive over: %w", err).At(dir, 0)
	switch {
	case problem.DiskFull(err):
		return e.Hint("the disk is full: make room, then run the same command again")
	case problem.ReadOnly(err):
		return e.Hint("name a directory that can be written with -o DIR")
	}
	return e.Hint("name another directory with -o DIR")
}

// OcamlArguments are the arguments with which ocamlfind ocamlopt links the archives of a
// record, which are in dir.
func OcamlArguments(rec *record.Record, dir string) []string {
	var flags, libs []string
	for _, a := range rec.Archives {
		flags = append(flags, a.Link.Flags()...)
		flags = append(flags, "-cclib", filepath.Join(dir, a.Name))
		for _, lib := range a.Link.Libraries() {
			libs = append(libs, "-cclib", lib)
		}
	}
	return append(flags, libs...)
}

// Summary is the closing line of a build that took so long, and compiled so many crates
// now; shared are the crates that more than one binding wants.
func Summary(rec *record.Record, dir string, took time.Duration, compiled, shared int) string {
	what, size := filepath.Join(dir, rec.Archives[0].Name), int64(0)
	if len(rec.Archives) > 1 {
		what = fmt.Sprintf("%d archives in %s", len(rec.Archives), dir)
	}
	for _, a := range rec.Archives {
		size += a.Size
	}
	from := fmt.Sprintf("%s of %s", term.Count(len(rec.Crates), "crate"), term.Count(len(rec.Bindings), "binding"))
	if len(rec.Bindings) > 1 {
		from += fmt.Sprintf(", %d shared", shared)
	}
	return fmt.Sprintf("built %s from %s, in %.1f s (%s, %d compiled now)", what, from, took.Seconds(), term.Megabytes(size), compiled)
}
