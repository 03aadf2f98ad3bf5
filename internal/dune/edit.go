package dune

import (
	"sort"
	"strings"
)

// Edit puts Text in the place of the bytes from Start to End.
type Edit struct {
	Start, End int
	Text       string
}

// Apply returns src with the edits made.
func Apply(src []byte, edits []Edit) []byte {
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].Start < edits[j].Start })
	var out strings.Builder
	at := 0
	for _, e := range edits {
		out.Write(src[at:e.Start])
		out.WriteString(e.Text)
		at = e.End
	}
	out.Write(src[at:])
	return []byte(out.String())
}

// width is where dune's own formatting breaks a list.
const width = 80

// Append is the edit that adds words to the end of a list: on the line of the last
// element, on lines of their own where that has one, or a line for each where the
// line would be longer than dune makes it.
func Append(src []byte, list Node, words ...string) Edit {
	last := list.List[len(list.List)-1]
	head := indentOf(src, list.Start)
	oneLine := !strings.Contains(string(src[list.Start:list.End]), "\n")
	text := " " + strings.Join(words, " ")
	switch {
	case oneLine && len(list.List) > 1 && lineLength(src, list.End)+len(text) > width && head == list.Start-lineStart(src, list.Start):
		var lines strings.Builder
		for _, n := range list.Args() {
			lines.WriteString("\n" + strings.Repeat(" ", head+1) + string(src[n.Start:n.End]))
		}
		for _, w := range words {
			lines.WriteString("\n" + strings.Repeat(" ", head+1) + w)
		}
		return Edit{list.List[0].End, last.End, lines.String()}
	case !oneLine && ownLine(src, last.Start):
		text = ""
		for _, w := range words {
			text += "\n" + strings.Repeat(" ", indentOf(src, last.Start)) + w
		}
		// A comment behind the last element stays behind it.
		if line := string(src[last.End:lineEnd(src, last.End)]); strings.HasPrefix(strings.TrimLeft(line, " \t"), ";") {
			at := last.End + len(line)
			return Edit{at, at, text}
		}
	}
	return Edit{last.End, last.End, text}
}

// AddField is the edit that adds a field to the end of a stanza.
func AddField(src []byte, stanza Node, field string) Edit {
	last := stanza.List[len(stanza.List)-1]
	if ownLine(src, last.Start) {
		field = "\n" + strings.Repeat(" ", indentOf(src, last.Start)) + field
	} else {
		field = " " + field
	}
	return Edit{last.End, last.End, field}
}

// Remove is the edit that takes n out of the file, or out of the list that it is in,
// with the comment that stands right above it.
func Remove(src []byte, n Node) Edit {
	start, end := n.Start, n.End
	if !ownLine(src, start) { // among others
		for strings.IndexByte(" \t", src[start-1]) >= 0 {
			start--
		}
		return Edit{start, end, ""}
	}
	start = lineStart(src, start)
	for start > 0 {
		above := lineStart(src, start-1)
		if !strings.HasPrefix(strings.TrimLeft(string(src[above:start]), " \t"), ";") {
			break
		}
		start = above
	}
	if n.Start > lineStart(src, n.Start) { // a field: what closes its stanza may stand behind it
		return Edit{max(start-1, 0), end, ""}
	}
	for end < len(src) && strings.IndexByte(" \t\n", src[end]) >= 0 {
		end++
	}
	if end == len(src) && start > 1 && src[start-2] == '\n' {
		start-- // the empty line before the last stanza
	}
	return Edit{start, end, ""}
}

// AddStanza returns src with a stanza more: first where the file begins with one, so
// that no comment comes to stand above another stanza than it was written for, else last.
func AddStanza(src []byte, stanza string) []byte {
	text := string(src)
	switch {
	case strings.TrimSpace(text) == "":
		return []byte(stanza + "\n")
	case strings.HasPrefix(text, "("):
		return []byte(stanza + "\n\n" + text)
	}
	return []byte(strings.TrimRight(text, "\n") + "\n\n" + stanza + "\n")
}

func lineStart(src []byte, at int) int { return strings.LastIndexByte(string(src[:at]), '\n') + 1 }

func lineEnd(src []byte, at int) int {
	if i := strings.IndexByte(string(src[at:]), '\n'); i >= 0 {
		return at + i
	}
	return len(src)
}

// lineLength is how long the line is up to at.
func lineLength(src []byte, at int) int { return at - lineStart(src, at) }

// indentOf is how many blanks the line of at begins with.
func indentOf(src []byte, at int) int {
	line := string(src[lineStart(src, at):at])
	return len(line) - len(strings.TrimLeft(line, " \t"))
}

// ownLine tells whether nothing but blanks stands before at on its line.
func ownLine(src []byte, at int) bool { return indentOf(src, at) == lineLength(src, at) }
