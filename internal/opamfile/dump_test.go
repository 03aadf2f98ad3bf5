package opamfile

import (
	"bytes"
	"fmt"
	"strings"
)

// dump gives the tree in the form of testdata/oracle/oracle.ml: one line per
// item, with line numbers if the source is given.
func dump(f *File, src []byte) string {
	var b strings.Builder
	dumpItems(&b, f.Items, src)
	return b.String()
}

func dumpItems(b *strings.Builder, items []Item, src []byte) {
	for _, item := range items {
		line, last := 0, 0
		if src != nil {
			line, last = item.Line, 1+bytes.Count(src[:item.End], []byte("\n"))
		}
		if item.Section == nil {
			fmt.Fprintf(b, "field %d %s %s\n", line, item.Field, dumpValue(item.Value))
			continue
		}
		name := "-"
		if item.Section.Named {
			name = dumpQuote(item.Section.Name)
		}
		fmt.Fprintf(b, "section %d-%d %s %s\n", line, last, item.Section.Kind, name)
		dumpItems(b, item.Section.Items, src)
		b.WriteString("end-section\n")
	}
}

func dumpValue(v Value) string {
	names := map[Kind]string{
		List: "list", Group: "group", Relop: "relop", PrefixRelop: "prefix-relop", Pfxop: "pfxop", EnvUpdate: "env",
	}
	switch v.Kind {
	case String:
		return dumpQuote(v.Text)
	case Int, Bool:
		return v.Text
	case Ident:
		return "(ident " + v.Text + ")"
	case Option:
		return "(option " + dumpValue(v.Args[0]) + " " + dumpNode("filter", "", v.Filter) + ")"
	case Logop: // opam's tree is binary
		text := dumpValue(v.Args[0])
		for _, arg := range v.Args[1:] {
			text = "(logop " + v.Text + " " + text + " " + dumpValue(arg) + ")"
		}
		return text
	}
	return dumpNode(names[v.Kind], v.Text, v.Args)
}

func dumpNode(name, op string, args []Value) string {
	words := []string{name}
	if op != "" {
		words = append(words, op)
	}
	for _, arg := range args {
		words = append(words, dumpValue(arg))
	}
	return "(" + strings.Join(words, " ") + ")"
}

func dumpQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= ' ' && c <= '~' && c != '"' && c != '\\' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "\\%03d", c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
