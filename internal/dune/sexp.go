// Package dune writes the files that dune reads: the lists that the rule hands
// over, and the stanzas of a program's rust-bindings/dune.
package dune

import (
	"fmt"
	"strings"
)

// List renders words as one s-expression that (:include FILE) takes, a word a
// line where there is more than one.
func List(words []string) []byte {
	var b strings.Builder
	b.WriteString("(")
	for i, w := range words {
		if i > 0 {
			b.WriteString("\n ")
		}
		b.WriteString(atom(w))
	}
	b.WriteString(")\n")
	return []byte(b.String())
}

// atom writes a word as dune reads it back: quoted unless it is a plain flag (a
// list of flags may begin with a word only if that is quoted). A "%{" would be a
// variable.
func atom(w string) string {
	plain := strings.HasPrefix(w, "-")
	for _, r := range w {
		if r <= ' ' || r > '~' || strings.ContainsRune(`"();\%#|`, r) {
			plain = false
		}
	}
	if plain {
		return w
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(w); i++ {
		switch c := w[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '%' && i+1 < len(w) && w[i+1] == '{':
			b.WriteString(`\%`)
		case c < ' ' || c == 127:
			fmt.Fprintf(&b, `\%03d`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
