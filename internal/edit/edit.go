// Package edit changes parts of a text, and leaves every other byte as it is.
package edit

import (
	"sort"
	"strings"
)

// Edit is a change of a text; see [At].
type Edit struct {
	Start, End int
	Text       string
}

// At is the edit that puts text in the place of the bytes from start to end.
func At(start, end int, text string) Edit { return Edit{Start: start, End: end, Text: text} }

// Apply returns src with the edits made. Where two overlap, the bytes of both go.
func Apply(src []byte, edits []Edit) []byte {
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].Start < edits[j].Start })
	var out strings.Builder
	at := 0
	for _, e := range edits {
		out.Write(src[at:max(at, e.Start)])
		out.WriteString(e.Text)
		at = max(at, e.End)
	}
	out.Write(src[at:])
	return []byte(out.String())
}
