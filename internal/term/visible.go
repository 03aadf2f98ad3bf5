package term

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What is printed is visible text: a name in a hostile tree may hold what moves a terminal's
// cursor, begins a line of its own, or turns the direction of what follows.

// kind says what is left as it is.
type kind int

const (
	oneLine kind = iota // only what is visible, and tabs
	lines               // ends of lines too, and form feeds
	colored             // colours as well, of another program's text
)

// Line is text on one line, with all that is not visible written out: \x1b, \u202e.
func Line(text string) string {
	shown, _ := visible(text, oneLine, true)
	return shown
}

// visible writes out what is not visible. What is cut short at the end, and so may yet
// become something else, is left over, unless text is all.
func visible(text string, k kind, all bool) (shown, rest string) {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		tail := text[i:]
		switch {
		case r == utf8.RuneError && size == 1 && !all && !utf8.FullRuneInString(tail):
			return b.String(), tail
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r == '\t', k >= lines && (r == '\n' || r == '\f'):
			b.WriteRune(r)
		case k >= lines && r == '\r' && len(tail) == 1 && !all:
			return b.String(), tail
		case k >= lines && strings.HasPrefix(tail, "\r\n"):
			b.WriteRune(r)
		case k == colored && r == '\x1b':
			n, cut := color(tail)
			if cut && !all {
				return b.String(), tail
			}
			if n == 0 {
				b.WriteString(`\x1b`)
				break
			}
			b.WriteString(tail[:n])
			size = n
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) && r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String(), ""
}

// color is the length of the sequence with which text begins, if it is one that sets a
// colour; cut tells that it may become one.
func color(text string) (n int, cut bool) {
	const longest = 32
	for i := 1; i < len(text) && i < longest; i++ {
		switch c := text[i]; {
		case i == 1 && c == '[', i > 1 && (c >= '0' && c <= '9' || c == ';'):
		case i > 1 && c == 'm':
			return i + 1, false
		default:
			return 0, false
		}
	}
	return 0, len(text) < longest
}

// Writer is w for text that is visible; what a command prints as its result goes through it.
func Writer(w io.Writer) io.Writer { return &writer{to: w, kind: lines} }

type writer struct {
	to   io.Writer
	kind kind
	rest string // of a character that has not come whole
}

func (w *writer) Write(b []byte) (int, error) {
	shown, rest := visible(w.rest+string(b), w.kind, false)
	w.rest = rest
	if _, err := io.WriteString(w.to, shown); err != nil {
		return 0, err
	}
	return len(b), nil
}
