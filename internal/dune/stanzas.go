package dune

import "fmt"

// Stanzas is the constant rust-bindings/dune of a program or of a binding with
// tests of its own, in dune's own formatting. pkg is the executable package that
// installs the record; empty for a binding, which installs nothing of it.
func Stanzas(pkg string) []byte {
	text := `; Written by opam-cargo init; constant. One static library of all Rust code
; in the dependency cone, built once. (libraries ... rust_bindings) links it.

(rule
 (targets librust_bindings.a link_flags.sexp c_libs.sexp rust-bindings.json)
 (deps (universe))
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
	if pkg != "" {
		text += fmt.Sprintf(`
(install
 (section share)
 (package %s)
 (files rust-bindings.json))
`, pkg)
	}
	return []byte(text)
}

// Gitignore is rust-bindings/.gitignore: what build and fetch may leave there.
func Gitignore() []byte {
	return []byte(`# Written by opam-cargo init.
/crates/
/librust_bindings.a
/link_flags.sexp
/c_libs.sexp
/rust-bindings.json
/dllrust_bindings.*
`)
}
