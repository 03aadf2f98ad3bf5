// Package link makes of what cargo built what a program is linked with: it comes after the
// build (internal/compile) and before the record. [Archives] finds what anybody wants of the
// static libraries (their roots), checks that no symbol is defined twice in what is linked
// for them, makes one object of each library (internal/object), and says what a linker
// needs besides ([Needs]); [Dll] links them into a shared library for bytecode. It changes
// nothing that cargo made, and links no program: dune or ocamlfind does.
package link

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/compile"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/site"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Archive is a static library with what a linker needs besides.
type Archive struct {
	workspace.Archive
	Path string // absolute, below W
	Link Needs
	Kind Kind
}

// Kind says how an archive was made.
type Kind struct {
	// Object is one object that was linked of cargo's library; else it is that library.
	Object  bool   `json:"object"`
	Linker  string `json:"linker,omitempty"` // what it says of its version
	Objcopy string `json:"objcopy,omitempty"`
}

// Needs is what a linker needs besides the archive.
type Needs struct {
	Symbols    []string `json:"symbols"`          // to be wanted with -u
	NativeLibs []string `json:"native_libs"`      // as rustc says, in its order
	Search     []string `json:"search,omitempty"` // directories where build scripts found libraries
}

// Flags are the ocamlopt arguments that make the linker want the symbols. ocamlopt hands
// them to a shell.
func (n Needs) Flags() []string {
	flags := make([]string, 0, 2*len(n.Symbols))
	for _, s := range n.Symbols {
		flags = append(flags, "-ccopt", problem.Word("-Wl,-u,"+s))
	}
	return flags
}

// Libraries are the linker arguments for other libraries.
func (n Needs) Libraries() []string {
	args := []string{}
	for _, dir := range n.Search {
		args = append(args, "-L"+dir)
	}
	return append(args, n.NativeLibs...)
}

// Input is what is looked at.
type Input struct {
	Site     *site.Site
	Plan     *workspace.Plan
	Graph    *graph.Graph
	Compiled *compile.Compiled
	Cone     []string            // the opam packages that the program depends on
	Needs    map[string][]string // what each of them needs directly
	Libs     []string            // directories where OCaml libraries are installed
	Target   string              // Rust's triple, where it is not the host's
}

// Linked are the archives of the plan; Warned tells whether a warning was shown.
type Linked struct {
	Archives []Archive
	Warned   bool
	Wanted   Wanted
}

// Archives finds the static libraries in what cargo built, checks their symbols, and links
// them. With several archives each stays whole: what they share must be there once.
func Archives(ctx context.Context, in Input) (*Linked, error) {
	o, err := openRlibs(in.Graph, in.Compiled.Rlibs)
	if err != nil {
		return nil, err
	}
	defer o.close()
	var libraries []*library
	defer func() {
		for _, l := range libraries {
			_ = l.Close() // nothing was written
		}
	}()
	linked := &Linked{}
	offered := map[string]*graph.Node{}
	for _, a := range in.Plan.Archives {
		manifest := in.manifest(a)
		b := Archive{Archive: a, Path: in.Compiled.Archives[manifest], Link: Needs{NativeLibs: []string{}}}
		if b.Path == "" {
			return nil, fmt.Errorf("cargo built no static library of %s", a.Crate)
		}
		for _, lib := range in.Compiled.NativeLibs[manifest] {
			// C compilers add it themselves, at the end and where it is wanted; with -static
			// there is none.
			if lib != "-lgcc_s" {
				b.Link.NativeLibs = append(b.Link.NativeLibs, lib)
			}
		}
		b.Link.Search = in.search(b.Link.NativeLibs)
		l, err := openLibrary(b.Path, o)
		if err != nil {
			return nil, err
		}
		libraries = append(libraries, l)
		l.offered(offered)
		linked.Archives = append(linked.Archives, b)
	}
	w, err := findRoots(ctx, in, offered)
	if err != nil {
		return nil, err
	}
	linked.Wanted = w.memo
	if err := in.make(ctx, linked, libraries, o, w.roots); err != nil {
		return nil, err
	}
	for _, a := range linked.Archives {
		linked.Wanted.addLibraries(a.Link)
		linked.Warned = in.tellMissing(ctx, a.Link) || linked.Warned
	}
	linked.Warned = in.tellBeside() || linked.Warned
	linked.Warned = tellUndefined(ctx, in, libraries) || linked.Warned
	return linked, nil
}

func (in Input) manifest(a workspace.Archive) string {
	return filepath.Join(in.Site.Dirs.W, filepath.FromSlash(a.Dir), "Cargo.toml")
}

// make judges the symbols, and makes the archives that are handed over.
func (in Input) make(ctx context.Context, linked *Linked, libraries []*library, o *owners, roots map[string]bool) error {
	var doubles []double
	also := make([][]int, len(libraries))
	for i, l := range libraries {
		var err error
		if also[i], err = l.registering(); err != nil {
			return err
		}
		list, err := l.doubles(in.Graph, o, order.Keys(roots), also[i])
		if err != nil {
			return err
		}
		doubles = append(doubles, list...)
	}
	losers, err := in.verdict(doubles)
	if err != nil {
		return err
	}
	for i, l := range libraries {
		a := &linked.Archives[i]
		if a.Link.Symbols, err = l.chosen(roots); err != nil {
			return err
		}
		if len(libraries) > 1 || len(a.Link.Symbols) == 0 {
			continue
		}
		told, err := in.one(ctx, a, l, order.Keys(roots), also[i], losers)
		if err != nil {
			return err
		}
		linked.Warned = linked.Warned || told
	}
	return nil
}
