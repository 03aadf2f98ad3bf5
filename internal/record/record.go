// Package record is the record of a build, rust-bindings.json: it says what the archives
// were made from, enough to make them again. [New] makes it after the link and before the
// handing over; [Read] and [ReadFile] read one; [Unchanged] tells, from the record of the
// last build, that this one would give the same, so that cargo need not be asked. It holds
// no path of the machine and no time. It never looks at what is installed: internal/reproduce
// compares.
package record

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/compile"
	"github.com/opam-cargo/opam-cargo/internal/link"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Format is the version of the JSON shape of a [Record].
const Format = 2

// oldest is the format of 0.1.0, which is read for ever.
const oldest = 2

// Record is rust-bindings.json: what the archives were made from, enough to make them
// again; docs/schema/record.schema.json describes it. It holds no path of the machine
// and no time, so that equal builds have equal records.
type Record struct {
	Format    int                `json:"format"`
	Tool      string             `json:"tool"` // opam-cargo VERSION
	Packages  []string           `json:"packages"`
	Toolchain toolchain.Versions `json:"toolchain"`
	Profile   string             `json:"profile"`
	Target    string             `json:"target"`
	Rustflags string             `json:"rustflags,omitempty"`
	Bindings  []Binding          `json:"bindings"`
	Patches   []Tree             `json:"patches,omitempty"`
	Crates    []Crate            `json:"crates"`
	Variables []compile.Variable `json:"variables,omitempty"`
	Embeds    []string           `json:"embeds,omitempty"` // crates whose code holds the path of the build directory
	Archives  []Archive          `json:"archives"`
	Files     []File             `json:"files"`
	Settings  string             `json:"settings,omitempty"` // the text of rust-bindings/settings.toml
	Lock      string             `json:"lock"`               // the text of Cargo.lock
}

// Binding is a binding of a [Record].
type Binding struct {
	Package string   `json:"package"`
	Version string   `json:"version,omitempty"`
	Dir     string   `json:"dir,omitempty"` // of a tree of the program's own sources, relative to their root
	Tree    string   `json:"tree"`
	Exports []string `json:"exports"`
}

// Tree is a directory of the program's sources that the settings patch a crate
// with.
type Tree struct {
	Dir  string `json:"dir"`
	Tree string `json:"tree"`
}

// Crate is a crate that was compiled for the archives, or to make them; path
// crates have no checksum.
type Crate struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Source   string   `json:"source,omitempty"`
	Checksum string   `json:"checksum,omitempty"`
	Features []string `json:"features,omitempty"`
	Vendored string   `json:"vendored,omitempty"` // the directory that it comes from: its checksum is not verified
	Content  string   `json:"content,omitempty"`  // then: the sum of its files, as they were
}

// Archive is a static library of a [Record].
type Archive struct {
	Name    string     `json:"name"`
	SHA256  string     `json:"sha256"`
	Size    int64      `json:"size"`
	Package string     `json:"package,omitempty"` // with --each, the binding that it is of
	Link    link.Needs `json:"link"`
	Kind    link.Kind  `json:"kind"`
}

// File is another file that was handed over.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Name is the file that is handed over with the archives.
const Name = "rust-bindings.json"

// Write writes the record into a directory.
func (r *Record) Write(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return tree.WriteIfChanged(filepath.Join(dir, Name), append(text, '\n'), false)
}

// Read reads the record of the last build: from the first of dirs that has
// one.
func Read(dirs ...string) (*Record, error) {
	for _, dir := range dirs {
		rec, err := ReadFile(filepath.Join(dir, Name))
		if !errors.Is(err, fs.ErrNotExist) {
			return rec, err
		}
	}
	return nil, problem.New(problem.Input, "nothing has been built yet: there is no %s in %s", Name, strings.Join(dirs, " or ")).
		Hint("run: opam-cargo build")
}

// ReadFile reads the record in file.
func ReadFile(file string) (*Record, error) {
	src, err := read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var rec *Record
	if err == nil {
		rec, err = decode(src)
	}
	if err != nil {
		return nil, damaged(file, err)
	}
	switch {
	case rec.Format > Format:
		return nil, problem.New(problem.Input, "the record has format %d, which a newer opam-cargo wrote; this one reads up to %d", rec.Format,
			Format).At(file, 0).
			Hint("get that one: opam upgrade opam-cargo")
	case rec.Format < oldest:
		return nil, problem.New(problem.Input, "the record has format %d; this opam-cargo reads %d", rec.Format, Format).At(file, 0).
			Hint("make it anew: opam-cargo build, or opam reinstall the package")
	}
	if err := rec.check(); err != nil {
		return nil, damaged(file, err)
	}
	return rec, nil
}

func damaged(file string, err error) error {
	return problem.New(problem.Input, "the record is damaged: %w", err).At(file, 0).
		Hint("make it anew: opam-cargo build, or opam reinstall the package")
}
