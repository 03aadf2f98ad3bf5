package dune

import (
	"bytes"
	"embed"
	"path"
	"slices"
	"strings"
	"text/template"
)

// past has what earlier releases wrote, a file for each that wrote something else than the
// one after it. Where [Stanzas], [StanzasEach] or [Gitignore] change, what they gave goes
// here: init rewrites only what it wrote itself.
//
//go:embed past/*.tmpl
var past embed.FS

// Written is a rust-bindings/dune that init wrote: what it was asked for.
type Written struct {
	Package   string   // that installs the record; empty: none does
	Libraries []string // of an archive for each binding; none: there is one archive
	Old       bool     // this release writes something else
}

// Suffixes are what the libraries' names add to rust_bindings.
func (w Written) Suffixes() []string {
	suffixes := make([]string, 0, len(w.Libraries))
	for _, lib := range w.Libraries {
		suffixes = append(suffixes, strings.TrimPrefix(lib, "rust_bindings"))
	}
	return suffixes
}

// ReadWritten reads a dune file that this release or an earlier one wrote; ok is false for
// any other text: for one that differs from what init wrote by a byte.
func ReadWritten(src []byte) (w Written, ok bool) {
	list, err := Parse(src)
	if err != nil {
		return w, false
	}
	for _, n := range list {
		switch n.Name() {
		case "install":
			w.Package = strings.Join(n.FieldWords("package"), "")
		case "library":
			w.Libraries = append(w.Libraries, n.FieldWords("name")...)
		}
	}
	kind := "each"
	now := StanzasEach(w.Package, w.Libraries)
	if slices.Equal(w.Libraries, []string{"rust_bindings"}) {
		kind, now, w.Libraries = "one", Stanzas(w.Package), nil
	}
	if bytes.Equal(src, now) {
		return w, true
	}
	w.Old = wrote(src, kind, w)
	return w, w.Old
}

// WroteGitignore tells whether a release wrote this as rust-bindings/.gitignore.
func WroteGitignore(src []byte) bool {
	return bytes.Equal(src, Gitignore()) || wrote(src, "gitignore", Written{})
}

// wrote tells whether an earlier release wrote this text, for the same wishes.
func wrote(src []byte, kind string, w Written) bool {
	files, err := past.ReadDir("past")
	if err != nil { // it is in the program
		return false
	}
	for _, f := range files {
		t, err := template.ParseFS(past, path.Join("past", f.Name()))
		var b bytes.Buffer
		if err == nil && t.ExecuteTemplate(&b, kind, w) == nil && bytes.Equal(src, b.Bytes()) {
			return true
		}
	}
	return false
}
