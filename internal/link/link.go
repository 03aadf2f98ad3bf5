// Package link looks at what cargo built with a linker's eyes: it comes after the build
// (internal/compile) and before the record. [Archives] finds the static libraries, checks
// that no symbol is defined twice, and says what a linker needs besides them ([Needs]);
// [Dll] links them into a shared library for bytecode. It changes no archive, and links no
// program: dune or ocamlfind does.
package link

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/compile"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/site"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Archive is a static library with what a linker needs besides.
type Archive struct {
	workspace.Archive
	Path string // absolute, below W/target
	Link Needs
}

// Needs is what a linker needs besides the archive.
type Needs struct {
	Symbols    []string `json:"symbols"`     // to be wanted with -u
	NativeLibs []string `json:"native_libs"` // as rustc says, in its order
}

// Flags are the ocamlopt arguments that make the linker want the symbols.
func (n Needs) Flags() []string {
	flags := make([]string, 0, 2*len(n.Symbols))
	for _, s := range n.Symbols {
		flags = append(flags, "-ccopt", "-Wl,-u,"+s)
	}
	return flags
}

// Input is what is looked at.
type Input struct {
	Site     *site.Site
	Plan     *workspace.Plan
	Graph    *graph.Graph
	Compiled *compile.Compiled
}

// Linked are the archives of the plan; Warned tells whether a warning was shown.
type Linked struct {
	Archives []Archive
	Warned   bool
}

// Archives finds the static libraries in what cargo built, and checks their symbols.
func Archives(ctx context.Context, in Input) (*Linked, error) {
	defs, wanted, err := definitions(in.Graph, in.Compiled.Rlibs)
	if err != nil {
		return nil, err
	}
	if err := duplicates(defs); err != nil {
		return nil, err
	}
	linked := &Linked{}
	for _, a := range in.Plan.Archives {
		manifest := filepath.Join(in.Site.Dirs.W, filepath.FromSlash(a.Dir), "Cargo.toml")
		b := Archive{Archive: a, Path: in.Compiled.Archives[manifest]}
		if b.Path == "" {
			return nil, fmt.Errorf("cargo built no static library of %s", a.Crate)
		}
		if b.Link.Symbols, err = linkSymbols(b.Path, wanted); err != nil {
			return nil, err
		}
		b.Link.NativeLibs = append([]string{}, in.Compiled.NativeLibs[manifest]...)
		linked.Archives = append(linked.Archives, b)
	}
	linked.Warned, err = tellUndefined(ctx, in, linked.Archives)
	return linked, err
}
