package dune

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Linked is a stanza that dune links a program of: an executable, a test, the tests in a
// library, a toplevel, the blocks of an mdx file.
type Linked struct {
	File      string // relative to the project
	Line      int
	What      string // such as: the executable main
	Libraries []string
	Field     string // that lists them
	Stubs     bool   // it has C code of its own, in the directory of File
}

// Programs reads the dune files of a project: what is linked in it, and its libraries. A
// file that cannot be read, or is a program itself, is left out: dune complains of the
// first, and knows of the second alone; so is a stanza that includes another file.
func Programs(dir string) (programs []Linked, libraries []Library, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // dune says so, if it looks there
		}
		if name := d.Name(); d.IsDir() && path != dir && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "node_modules" || name == "target") {
			return filepath.SkipDir
		}
		if d.Name() != "dune" || !d.Type().IsRegular() {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		stanzas, err := Parse(src)
		if err != nil {
			return nil
		}
		file, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		for _, n := range stanzas {
			if lib, ok := libraryOf(n, filepath.Dir(path)); ok {
				libraries = append(libraries, lib)
			}
			if p, ok := linkedBy(n); ok && !n.Has(":include") {
				p.File, p.Line = filepath.ToSlash(file), n.Line
				programs = append(programs, p)
			}
		}
		return nil
	})
	return programs, libraries, err
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
