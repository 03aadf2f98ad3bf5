package dune

import (
	"fmt"
	"strings"
)

// Stanzas is the constant rust-bindings/dune of a program or of a binding with
// tests of its own, in dune's own formatting. pkg is the executable package that
// installs the record; empty for a binding, which installs nothing of it.
func Stanzas(pkg string) []byte {
	text := `; Written by opam-cargo init; constant. One static library of all Rust code
; in the dependency cone, built once. (libraries ... rust_bindings) links it.

(rule
 (targets librust_bindings.a link_flags.sexp c_libs.sexp rust-bindings.json)
 (deps
  (universe)
  (source_tree ../rust))
 (action
  (run opam-cargo build)))

; Only when bytecode or a toplevel asks for it.

(rule
 (targets dllrust_bindings%{ext_dll})
 (deps librust_bindings.a)
 (action
  (run opam-cargo dll)))

(library
 (name rust_bindings)
 (no_dynlink)
 (foreign_archives rust_bindings)
 (library_flags
  (:include link_flags.sexp))
 (c_library_flags
  (:include c_libs.sexp)))
`
	return []byte(text + installRecord(pkg))
}

// StanzasEach is the same for an archive of each binding: libs are the names of their
// libraries, such as rust_bindings_foocaml. There is no shared library: the archives
// would be separate ones, each with a state of its own.
func StanzasEach(pkg string, libs []string) []byte {
	text := `; Written by opam-cargo init --each; constant for one set of bindings. A static
; library of the Rust code of each binding, all from one cargo run and one lock.

(rule
 (targets`
	for _, lib := range libs {
		suffix := strings.TrimPrefix(lib, "rust_bindings")
		text += fmt.Sprintf(" lib%s.a link_flags%s.sexp\n  c_libs%s.sexp", lib, suffix, suffix)
	}
	text += ` rust-bindings.json)
 (deps
  (universe)
  (source_tree ../rust))
 (action
  (run opam-cargo build --each)))
`
	for _, lib := range libs {
		suffix := strings.TrimPrefix(lib, "rust_bindings")
		text += fmt.Sprintf(`
(library
 (name %s)
 (no_dynlink)
 (foreign_archives %s)
 (library_flags
  (:include link_flags%s.sexp))
 (c_library_flags
  (:include c_libs%s.sexp)))
`, lib, lib, suffix, suffix)
	}
	return []byte(text + installRecord(pkg))
}

// installRecord is the stanza with which a program's package installs the record.
func installRecord(pkg string) string {
	if pkg == "" {
		return ""
	}
	return fmt.Sprintf(`
(install
 (section share)
 (package %s)
 (files rust-bindings.json))
`, pkg)
}

// Gitignore is rust-bindings/.gitignore: what build and fetch may leave there.
func Gitignore() []byte {
	return []byte(`# Written by opam-cargo init.
/crates/
/librust_bindings*.a
/link_flags*.sexp
/c_libs*.sexp
/rust-bindings.json
/dllrust_bindings.*
`)
}
