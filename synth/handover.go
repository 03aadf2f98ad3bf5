package synth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// RecordFile is the file that is handed over with the archives.
const RecordFile = "rust-bindings.json"

// RecordFormat is the version of the JSON shape of a [Record].
const RecordFormat = 2

// Record is rust-bindings.json: what the archive was made from. It holds no path
// and no time, so equal builds have equal records.
type Record struct {
	Format    int               `json:"format"`
	Tool      string            `json:"tool"` // opam-cargo VERSION
	Toolchain map[string]string `json:"toolchain"`
	Profile   string            `json:"profile"`
	Target    string            `json:"target"`
	Packages  []string          `json:"packages"`
	Bindings  []RecordedBinding `json:"bindings"`
	Crates    []RecordedCrate   `json:"crates"`
	Archives  []RecordedArchive `json:"archives"`
	Lock      string            `json:"lock"` // the text of Cargo.lock
}

// RecordedBinding is a binding of a [Record].
type RecordedBinding struct {
	Package string   `json:"package"`
	Version string   `json:"version,omitempty"`
	Tree    string   `json:"tree"`
	Exports []string `json:"exports"`
}

// RecordedCrate is a crate that was compiled for the archive; path crates have no
// checksum.
type RecordedCrate struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Checksum string `json:"checksum,omitempty"`
}

// RecordedArchive is a static library of a [Record].
type RecordedArchive struct {
	Name    string `json:"name"`
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
	Package string `json:"package,omitempty"` // with --each, the binding that it is of
	Link    Link   `json:"link"`
}

// Link is what a linker needs besides the archive.
type Link struct {
	Symbols    []string `json:"symbols"`     // to be wanted with -u
	NativeLibs []string `json:"native_libs"` // as rustc says, in its order
}

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

// FlagsFile and LibsFile name the files that a dune stanza includes for an archive.
func FlagsFile(a workspace.Archive) string {
	return "link_flags" + strings.TrimPrefix(a.Lib, "rust_bindings") + ".sexp"
}

// LibsFile is described at [FlagsFile].
func LibsFile(a workspace.Archive) string {
	return "c_libs" + strings.TrimPrefix(a.Lib, "rust_bindings") + ".sexp"
}

// HandOver puts the archives, their link flags and their record into dir, by rename,
// the record last: a reader that finds it finds the rest. The record stays in W/out as
// well, for the commands dll and flags.
func (b *Built) HandOver(ctx context.Context, dir string) (*Record, error) {
	rustcInfo, err := b.Cargo.Rustc(ctx)
	if err != nil {
		return nil, err
	}
	rec, err := b.record(rustcInfo)
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, handOverProblem(dir, err)
	}
	for _, a := range b.Archives {
		err := errors.Join(
			copyArchive(a.Path, filepath.Join(dir, a.File())),
			tree.WriteIfChanged(filepath.Join(dir, FlagsFile(a.Archive)), dune.List(a.Link.Flags()), false),
			tree.WriteIfChanged(filepath.Join(dir, LibsFile(a.Archive)), dune.List(a.Link.NativeLibs), false))
		if err != nil {
			return nil, handOverProblem(dir, err)
		}
	}
	for _, d := range []string{dir, b.Dirs.Out()} {
		if err := tree.WriteIfChanged(filepath.Join(d, RecordFile), append(text, '\n'), false); err != nil {
			return nil, handOverProblem(d, err)
		}
	}
	return rec, nil
}

func (b *Built) record(rustcInfo map[string]string) (*Record, error) {
	rec := &Record{
		Format: RecordFormat, Tool: "opam-cargo " + b.Version, Profile: b.Profile, Target: b.Target, Packages: b.Plan.Packages,
		Toolchain: map[string]string{"cargo": b.Cargo.Version, "rustc": rustcInfo["release"], "rustc_commit": rustcInfo["commit-hash"], "host": rustcInfo["host"]},
		Lock:      string(b.Lock.Format()),
	}
	for _, a := range b.Archives {
		sum, err := tree.FileSum(a.Path)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(a.Path)
		if err != nil {
			return nil, err
		}
		rec.Archives = append(rec.Archives, RecordedArchive{Name: a.File(), SHA256: sum, Size: info.Size(), Package: a.Package, Link: a.Link})
	}
	if rec.Target == "" {
		rec.Target = rustcInfo["host"]
	}
	for _, p := range b.Plan.Bindings {
		rec.Bindings = append(rec.Bindings, RecordedBinding{Package: p.Package, Version: p.Version, Tree: p.Tree, Exports: p.Exports})
	}
	sums := map[string]string{}
	for _, p := range b.Lock.Packages {
		sums[p.Name+" "+p.Version+" "+p.Source] = p.Checksum
	}
	for _, n := range b.Crates {
		rec.Crates = append(rec.Crates, RecordedCrate{Name: n.Name, Version: n.Version, Checksum: sums[n.Name+" "+n.Version+" "+n.Source]})
	}
	sort.Slice(rec.Crates, func(i, j int) bool {
		a, b := rec.Crates[i], rec.Crates[j]
		return a.Name+" "+a.Version+a.Checksum < b.Name+" "+b.Version+b.Checksum
	})
	return rec, nil
}

// copyArchive gives dest its own copy: dune changes the mode of what it is given.
// A copy that is the same already is left alone.
func copyArchive(from, dest string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	content, err := io.ReadAll(src)
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

// ReadRecord reads the record of the last build: from the first of dirs that has
// one.
func ReadRecord(dirs ...string) (*Record, error) {
	for _, dir := range dirs {
		src, err := os.ReadFile(filepath.Join(dir, RecordFile))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var rec Record
		if err := json.Unmarshal(src, &rec); err != nil {
			return nil, problem.New(problem.Input, "the record is damaged: %w", err).At(filepath.Join(dir, RecordFile), 0).Hint("make it anew: opam-cargo build")
		}
		if rec.Format != RecordFormat {
			return nil, problem.New(problem.Input, "the record has format %d; this opam-cargo reads %d", rec.Format, RecordFormat).At(filepath.Join(dir, RecordFile), 0).Hint("make it anew: opam-cargo build")
		}
		return &rec, nil
	}
	return nil, problem.New(problem.Input, "nothing has been built yet: there is no %s in %s", RecordFile, strings.Join(dirs, " or ")).Hint("run: opam-cargo build")
}

// Summary is the closing line of a build.
func (b *Built) Summary(rec *Record, dir string) string {
	what, size := filepath.Join(dir, rec.Archives[0].Name), int64(0)
	if len(rec.Archives) > 1 {
		what = fmt.Sprintf("%d archives in %s", len(rec.Archives), dir)
	}
	for _, a := range rec.Archives {
		size += a.Size
	}
	return fmt.Sprintf("built %s from %s of %s (%.1f MB, %d compiled now)", what,
		count(len(rec.Crates), "crate"), count(len(rec.Bindings), "binding"), float64(size)/1e6, b.Compiled)
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
