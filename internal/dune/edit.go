package dune

import (
	"bytes"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/edit"
)

// Apply returns src with the edits made, and no empty line at the top, where a stanza
// may have stood.
func Apply(src []byte, edits []edit.Edit) []byte {
	return bytes.TrimLeft(edit.Apply(src, edits), "\n")
}

// width is where dune's own formatting breaks a list.
const width = 80

// Append is the edit that adds words to the end of a list: on the line of the last
// element, on lines of their own where that has one, or a line for each where the
// line would be longer than dune makes it.
func Append(src []byte, list Node, words ...string) edit.Edit {
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
		return edit.At(list.List[0].End, last.End, lines.String())
	case !oneLine && ownLine(src, last.Start):
		text = ""
		for _, w := range words {
			text += "\n" + strings.Repeat(" ", indentOf(src, last.Start)) + w
		}
		// A comment behind the last element stays behind it.
		if line := string(src[last.End:lineEnd(src, last.End)]); strings.HasPrefix(strings.TrimLeft(line, " \t"), ";") {
			at := last.End + len(line)
			return edit.At(at, at, text)
		}
	}
	return edit.At(last.End, last.End, text)
}

// AddField is the edit that adds a field to the end of a stanza.
func AddField(src []byte, stanza Node, field string) edit.Edit {
	last := stanza.List[len(stanza.List)-1]
	if len(stanza.List) == 1 { // as dune writes a list in a list
		field = "\n" + strings.Repeat(" ", lineLength(src, stanza.Start)+1) + field
	} else if ownLine(src, last.Start) {
		field = "\n" + strings.Repeat(" ", indentOf(src, last.Start)) + field
	} else {
		field = " " + field
	}
	return edit.At(last.End, last.End, field)
}

// Remove is the edit that takes n out of the file, or out of the list that it is in,
// with the comment that stands right above it.
func Remove(src []byte, n Node) edit.Edit {
	start, end := n.Start, n.End
	if !ownLine(src, start) { // among others
		for strings.IndexByte(" \t", src[start-1]) >= 0 {
			start--
		}
		return edit.At(start, end, "")
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
		return edit.At(max(start-1, 0), end, "")
	}
	before := strings.TrimRight(string(src[:start]), "\n")
	return edit.At(len(before), end, "")
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
