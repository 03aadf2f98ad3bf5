package dune

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Linked is a stanza that dune links a program of: an executable, a test, the tests in a
// library, a toplevel, the blocks of an mdx file.
type Linked struct {
	File      string // relative to the project
	Line      int
	Dir       string // that the stanza is for, relative to the project
	What      string // such as: the executable main
	Libraries []string
	Field     string // that lists them
	Stubs     bool   // it has C code of its own, in Dir
}

// Programs reads the dune files of a project, where dune looks: what is linked in it, and
// its libraries. Programs of vendored directories do not count. A file that cannot be
// read, or is a program itself, is left out: dune complains of the first, and knows of the
// second alone; so is a stanza that includes another file.
func Programs(dir string) (programs []Linked, libraries []Library) {
	r := &reader{root: dir}
	r.dir(".", nil, "", false)
	return r.programs, r.libraries
}

type reader struct {
	root      string
	programs  []Linked
	libraries []Library
}

// dir reads a directory, relative to the root; above are the stanzas that the file from
// has for it.
func (r *reader) dir(dir string, above []Node, from string, vendored bool) {
	entries, err := os.ReadDir(filepath.Join(r.root, filepath.FromSlash(dir)))
	if err != nil {
		return // dune says so, if it looks there
	}
	file := path.Join(dir, "dune")
	var own []Node
	if src, err := os.ReadFile(filepath.Join(r.root, filepath.FromSlash(file))); err == nil {
		if own, err = Parse(src); err != nil {
			own = nil
		}
	}
	for i, n := range append(append([]Node{}, own...), above...) {
		at := file
		if i >= len(own) {
			at = from
		}
		if lib, ok := libraryOf(n, filepath.Join(r.root, filepath.FromSlash(dir))); ok {
			r.libraries = append(r.libraries, lib)
		}
		if p, ok := linkedBy(n); ok && !vendored && !n.Has(":include") {
			p.File, p.Line, p.Dir = at, n.Line, dir
			r.programs = append(r.programs, p)
		}
	}
	if len(own) > 0 || from == "" {
		from = file
	}
	stanzas := append(append([]Node{}, own...), above...)
	subdirs := SubdirsOf(stanzas)
	isVendored := nothing
	for _, n := range stanzas {
		if n.Name() == "vendored_dirs" {
			isVendored = set(n.Args(), nothing)
		}
	}
	for _, e := range entries {
		if e.IsDir() && subdirs.Look(e.Name()) {
			r.dir(path.Join(dir, e.Name()), subdirs.Below(e.Name()), from, vendored || isVendored(e.Name()))
		}
	}
}

func libraryOf(n Node, dir string) (Library, bool) {
	if n.Name() != "library" {
		return Library{}, false
	}
	lib := Library{Name: strings.Join(n.FieldWords("name"), ""), Requires: librariesOf(n), Dir: dir}
	if public := strings.Join(n.FieldWords("public_name"), ""); public != "" && public != lib.Name {
		lib.Name, lib.Alias = public, lib.Name
	}
	return lib, true
}

func linkedBy(n Node) (Linked, bool) {
	p := Linked{Libraries: librariesOf(n), Field: "(libraries ...)"}
	_, p.Stubs = n.Field("foreign_stubs")
	names := strings.Join(n.FieldWords("name", "names", "public_name", "public_names"), " ")
	if own := n.FieldWords("name", "names"); len(own) > 0 {
		names = strings.Join(own, " ")
	}
	switch n.Name() {
	case "executable", "executables", "test", "tests", "toplevel":
		p.What = fmt.Sprintf("the %s %s", n.Name(), names)
	case "mdx":
		p.What = "the mdx stanza"
	case "library":
		tests, ok := n.Field("inline_tests")
		if !ok {
			return p, false
		}
		p.Stubs = false // they are the library's
		p.What, p.Field = fmt.Sprintf("the tests in the library %s", names), "(inline_tests (libraries ...))"
		p.Libraries = slices.Concat(p.Libraries, librariesOf(tests), n.FieldWords("name"))
	default:
		return p, false
	}
	return p, true
}

// librariesOf are the libraries that a stanza lists, re-exported ones included.
func librariesOf(n Node) []string {
	f, ok := n.Field("libraries")
	if !ok {
		return nil
	}
	list := f.Words()
	for _, inner := range f.Args() {
		if inner.Name() == "re_export" {
			list = append(list, inner.Words()...)
		}
	}
	return list
}
