package synth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// RecordFile is the file that is handed over with the archives.
const RecordFile = "rust-bindings.json"

// DefaultOut is where the files go that nobody named a directory for: the current
// directory in a dune action; else rust-bindings/, or W/out where a dune file in
// rust-bindings has the rule, since dune refuses a target that is a source file.
func DefaultOut(r *bindings.Root, cwd string) string {
	if r.Context != "" {
		return cwd
	}
	own := filepath.Join(r.Dir, "rust-bindings")
	if tree.Exists(filepath.Join(own, "dune")) {
		return workspace.Of(r.Dir, "").Out()
	}
	return own
}

type namedFile struct {
	name    string
	content []byte
}

// files are the files that a dune stanza includes for an archive.
func (a BuiltArchive) files() []namedFile {
	suffix := strings.TrimPrefix(a.Lib, "rust_bindings") + ".sexp"
	return []namedFile{{"link_flags" + suffix, dune.List(a.Link.Flags())}, {"c_libs" + suffix, dune.List(a.Link.NativeLibs)}}
}

// HandOver puts the archives, their link flags and their record into dir, by rename,
// the record last: a reader that finds it finds the rest. The record stays in W/out as
// well, for the commands dll and flags.
func (b *Built) HandOver(ctx context.Context, dir string) (*Record, error) {
	if err := tree.Sweep(dir); err != nil {
		return nil, handOverProblem(dir, err)
	}
	if b.last != nil {
		return b.last.Record, b.handOverAgain(dir)
	}
	rec, err := b.record(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.putFiles(dir, nil); err != nil {
		return nil, err
	}
	if err := b.noteCompiled(ctx); err != nil {
		return nil, err
	}
	if err := b.putRecord(dir, rec); err != nil {
		return nil, err
	}
	return rec, b.remember(rec)
}

// handOverAgain brings the files in dir to what the last build handed over.
func (b *Built) handOverAgain(dir string) error {
	b.Term.Detail("nothing has changed since the last build")
	if err := b.putFiles(dir, b.last.Record.Archives); err != nil {
		return err
	}
	return b.putRecord(dir, b.last.Record)
}

// putFiles copies the archives into dir, and writes what dune stanzas include for them.
// An archive whose sum is known already is copied only if the one in dir has another.
func (b *Built) putFiles(dir string, known []RecordedArchive) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return handOverProblem(dir, err)
	}
	for i, a := range b.Archives {
		var err error
		file := filepath.Join(dir, a.File())
		if known == nil || !hasSum(file, known[i].SHA256) {
			err = copyArchive(a.Path, file)
		}
		for _, f := range a.files() {
			err = errors.Join(err, tree.WriteIfChanged(filepath.Join(dir, f.name), f.content, false))
		}
		if err != nil {
			return handOverProblem(dir, err)
		}
	}
	return nil
}

func hasSum(file, sum string) bool {
	is, err := tree.FileSum(file)
	return err == nil && is == sum
}

// putRecord writes the record into dir and into W/out.
func (b *Built) putRecord(dir string, rec *Record) error {
	text, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return err
	}
	for _, d := range []string{dir, b.Dirs.Out()} {
		if err := tree.WriteIfChanged(filepath.Join(d, RecordFile), append(text, '\n'), false); err != nil {
			return handOverProblem(d, err)
		}
	}
	return nil
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

func handOverProblem(dir string, err error) error {
	e := problem.New(problem.Input, "cannot hand the archive over: %w", err).At(dir, 0)
	switch {
	case problem.DiskFull(err):
		return e.Hint("the disk is full: make room, then run the same command again")
	case problem.ReadOnly(err):
		return e.Hint("name a directory that can be written with -o DIR")
	}
	return e.Hint("name another directory with -o DIR")
}

// Flags are the ocamlopt arguments that make the linker want the symbols.
func (l Link) Flags() []string {
	flags := make([]string, 0, 2*len(l.Symbols))
	for _, s := range l.Symbols {
		flags = append(flags, "-ccopt", "-Wl,-u,"+s)
	}
	return flags
}

// OcamlArguments are the arguments with which ocamlfind ocamlopt links the archives of
// the record, which are in dir.
func (r *Record) OcamlArguments(dir string) []string {
	var flags, libs []string
	for _, a := range r.Archives {
		flags = append(flags, a.Link.Flags()...)
		flags = append(flags, "-cclib", filepath.Join(dir, a.Name))
		for _, lib := range a.Link.NativeLibs {
			libs = append(libs, "-cclib", lib)
		}
	}
	return append(flags, libs...)
}

// Summary is the closing line of a build that took so long.
func (b *Built) Summary(rec *Record, dir string, took time.Duration) string {
	what, size := filepath.Join(dir, rec.Archives[0].Name), int64(0)
	if len(rec.Archives) > 1 {
		what = fmt.Sprintf("%d archives in %s", len(rec.Archives), dir)
	}
	for _, a := range rec.Archives {
		size += a.Size
	}
	from := fmt.Sprintf("%s of %s", term.Count(len(rec.Crates), "crate"), term.Count(len(rec.Bindings), "binding"))
	if len(rec.Bindings) > 1 {
		from += fmt.Sprintf(", %d shared", b.shared(rec))
	}
	return fmt.Sprintf("built %s from %s, in %.1f s (%s, %d compiled now)", what, from, took.Seconds(), Megabytes(size), b.Compiled)
}

// shared is how many crates of the record more than one binding wants.
func (b *Built) shared(rec *Record) int {
	linked := map[string]bool{}
	for _, c := range rec.Crates {
		linked[graph.CrateKey(c.Name, c.Version, c.Source)] = true
	}
	n := 0
	for _, p := range b.Graph.Packages {
		if linked[p.Key()] && len(b.Graph.Owners(p.ID)) > 1 {
			n++
		}
	}
	return n
}
