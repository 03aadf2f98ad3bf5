package opamfile

import (
	"strings"
)

// ReplaceSections returns the source of f with the sections of a kind whose name
// ours accepts taken out, and text in the place of the first of them, or at the
// end where there was none. Every other byte stays. text is empty or ends with a
// newline; doing it twice is doing it once.
func (f *File) ReplaceSections(src []byte, kind string, ours func(name string) bool, text string) []byte {
	var out strings.Builder
	at, placed := 0, false
	for _, s := range f.Sections(kind) {
		if !ours(s.Name) {
			continue
		}
		out.Write(src[at:s.Start])
		if !placed {
			out.WriteString(text)
			placed = true
		}
		at = afterLine(src, s.End)
	}
	out.Write(src[at:])
	if placed {
		return []byte(out.String())
	}
	if text != "" && len(src) > 0 && src[len(src)-1] != '\n' {
		out.WriteByte('\n')
	}
	out.WriteString(text)
	return []byte(out.String())
}

// afterLine is the offset after the blanks and the end of line that follow end; end
// itself where something else follows.
func afterLine(src []byte, end int) int {
	for i := end; i < len(src); i++ {
		switch src[i] {
		case '\n':
			return i + 1
		case ' ', '\t', '\r':
		default:
			return end
		}
	}
	return len(src)
}

// Quote writes a string as an opam file has it.
func Quote(s string) string { return quote(s) }

// Pinned tells whether the formula wants one exact version of the package: an "="
// constraint that stands for it wherever it is named.
func (x Formula) Pinned(pkg string) bool {
	found, pinned := false, true
	var walk func(v Value, exact bool)
	walk = func(v Value, exact bool) {
		if v.Kind == Option {
			for _, filter := range v.Filter {
				exact = exact || hasExact(filter)
			}
		}
		if v.Kind == String && v.Text == pkg {
			found, pinned = true, pinned && exact
		}
		for _, arg := range v.Args {
			walk(arg, exact)
		}
	}
	for _, v := range x.conjunction {
		walk(v, false)
	}
	return found && pinned
}

// hasExact looks for `= "..."` among constraints that all must hold.
func hasExact(v Value) bool {
	switch {
	case v.Kind == PrefixRelop:
		return v.Text == "="
	case v.Kind == Group, v.Kind == Logop && v.Text == "&":
		for _, arg := range v.Args {
			if hasExact(arg) {
				return true
			}
		}
	}
	return false
}

// ReplaceInList returns the source of f with the lines text between the comment lines
// begin and end inside the list field, each with the given indentation: in the place of
// those that are there, else before the list's end. A field that is one value becomes a
// list; one that is not there comes to the end. Every other byte stays. Empty text takes
// the lines out; doing it twice is doing it once.
func (f *File) ReplaceInList(src []byte, field, begin, end string, lines []string) []byte {
	const indent = "  "
	block := ""
	if len(lines) > 0 {
		block = indent + begin + "\n"
		for _, line := range lines {
			block += indent + line + "\n"
		}
		block += indent + end + "\n"
	}
	value, ok := f.Field(field)
	if !ok {
		if block == "" {
			return src
		}
		return []byte(strings.TrimRight(string(src), "\n") + "\n" + field + ": [\n" + block + "]\n")
	}
	before, list, after := string(src[:value.Start]), string(src[value.Start:value.End]), string(src[value.End:])
	if head, rest, found := strings.Cut(list, indent+begin+"\n"); found {
		if _, tail, closed := strings.Cut(rest, indent+end+"\n"); closed {
			return []byte(before + head + block + tail + after)
		}
	}
	if block == "" {
		return src
	}
	if value.Kind != List {
		return []byte(before + "[\n" + indent + list + "\n" + block + "]" + after)
	}
	inner := strings.TrimRight(strings.TrimSuffix(list, "]"), " \t")
	if !strings.HasSuffix(inner, "\n") {
		inner += "\n"
	}
	return []byte(before + inner + block + "]" + after)
}
