package opamfile

import "strings"

// String prints the file in a canonical layout: no comments, one field or list
// element a line, no triple quotes. It parses to an equal tree.
func (f *File) String() string {
	var b strings.Builder
	printItems(&b, f.Items, "")
	return b.String()
}

func printItems(b *strings.Builder, items []Item, indent string) {
	for _, item := range items {
		b.WriteString(indent)
		if item.Section == nil {
			b.WriteString(item.Field + ": ")
			printField(b, item.Value, indent)
			b.WriteByte('\n')
			continue
		}
		b.WriteString(item.Section.Kind + " ")
		if item.Section.Named {
			b.WriteString(quote(item.Section.Name) + " ")
		}
		b.WriteString("{\n")
		printItems(b, item.Section.Items, indent+"  ")
		b.WriteString(indent + "}\n")
	}
}

func printField(b *strings.Builder, v Value, indent string) {
	if v.Kind != List || len(v.Args) < 2 {
		v.print(b)
		return
	}
	b.WriteString("[\n")
	for _, arg := range v.Args {
		b.WriteString(indent + "  ")
		arg.print(b)
		b.WriteByte('\n')
	}
	b.WriteString(indent + "]")
}

// String prints the value on one line.
func (v Value) String() string {
	var b strings.Builder
	v.print(&b)
	return b.String()
}

func (v Value) print(b *strings.Builder) {
	switch v.Kind {
	case String:
		b.WriteString(quote(v.Text))
	case Int, Bool, Ident:
		b.WriteString(v.Text)
	case List:
		printValues(b, "[", v.Args, " ", "]")
	case Group:
		printValues(b, "(", v.Args, " ", ")")
	case Option:
		v.Args[0].print(b)
		printValues(b, " {", v.Filter, " ", "}")
	case Relop, Logop, EnvUpdate:
		printValues(b, "", v.Args, " "+v.Text+" ", "")
	case PrefixRelop:
		printValues(b, v.Text+" ", v.Args, "", "")
	case Pfxop:
		b.WriteString(v.Text)
		if startsWithRelop(v.Args[0]) {
			b.WriteByte(' ') // or `! = "1"` would read as `!= "1"`
		}
		v.Args[0].print(b)
	}
}

func startsWithRelop(v Value) bool {
	for v.Kind == Option {
		v = v.Args[0]
	}
	return v.Kind == PrefixRelop
}

func printValues(b *strings.Builder, open string, list []Value, separator, closing string) {
	b.WriteString(open)
	for i, v := range list {
		if i > 0 {
			b.WriteString(separator)
		}
		v.print(b)
	}
	b.WriteString(closing)
}
