package bindings

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/opamfile"
)

// packageStanzas are the (package ...) stanzas of the dune-project in dir: what stands in
// for the opam files of a project that has none.
func packageStanzas(dir string) []dune.Node {
	src, err := os.ReadFile(filepath.Join(dir, "dune-project"))
	if err != nil {
		return nil
	}
	stanzas, err := dune.Parse(src)
	if err != nil {
		return nil // dune itself says what is wrong with its file
	}
	var list []dune.Node
	for _, n := range stanzas {
		if n.Name() == "package" && len(n.FieldWords("name")) == 1 {
			list = append(list, n)
		}
	}
	return list
}

// asPackage reads a (package ...) stanza as the opam file that dune would make of it,
// with its template.
func (r *Root) asPackage(stanza dune.Node) Package {
	name, path := stanza.FieldWords("name")[0], filepath.Join(r.shown, "dune-project")
	p := Package{Name: name, Path: path, OfProject: true, File: &opamfile.File{Name: path}}
	var b strings.Builder
	b.WriteString("opam-version: \"2.0\"\n")
	for _, field := range []string{"depends", "depopts"} {
		if f, ok := stanza.Field(field); ok {
			b.WriteString(field + ": [")
			for _, n := range f.Args() {
				b.WriteString(" " + dependency(n))
			}
			b.WriteString(" ]\n")
		}
	}
	if template, err := os.ReadFile(filepath.Join(r.Dir, name+".opam.template")); err == nil {
		b.Write(template)
	}
	file, err := parseOpam(path, []byte(b.String()))
	if err != nil {
		p.Err = err
		return p
	}
	p.File = file
	return p
}

// dependency writes one element of (depends ...) in opam's words: a name, or
// (name CONSTRAINT).
func dependency(n dune.Node) string {
	if !n.IsList {
		return opamfile.Quote(n.Atom)
	}
	if len(n.List) == 0 {
		return ""
	}
	text := opamfile.Quote(n.List[0].Atom)
	if len(n.List) > 1 {
		if filter := constraint(n.List[1]); filter != "" {
			text += " {" + filter + "}"
		}
	}
	return text
}

// constraint writes a constraint of dune's as a filter of opam's. What is said of
// versions is left out, as everywhere: what is there is what counts.
func constraint(n dune.Node) string {
	if !n.IsList {
		return strings.TrimPrefix(n.Atom, ":")
	}
	args := n.Args()
	switch op := n.Name(); {
	case op == "and" || op == "or":
		var parts []string
		for _, a := range args {
			if part := constraint(a); part != "" {
				parts = append(parts, part)
			} else if op == "or" {
				return "" // any version will do
			}
		}
		sign := map[string]string{"and": " & ", "or": " | "}[op]
		if len(parts) == 0 {
			return ""
		}
		return "(" + strings.Join(parts, sign) + ")"
	case op == "not" && len(args) == 1:
		if part := constraint(args[0]); part != "" {
			return "!(" + part + ")"
		}
	case len(args) == 2:
		sign := op
		if op == "<>" {
			sign = "!="
		}
		return operand(args[0]) + " " + sign + " " + operand(args[1])
	}
	return ""
}

func operand(n dune.Node) string {
	if strings.HasPrefix(n.Atom, ":") {
		return strings.TrimPrefix(n.Atom, ":")
	}
	return opamfile.Quote(n.Atom)
}
