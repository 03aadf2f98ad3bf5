package opamfile

import (
	"strconv"
	"strings"
)

// lexString reads a string in quotes or in triple quotes.
func (l *lexer) lexString() {
	start, line := l.pos, l.line
	quote := `"`
	if strings.HasPrefix(l.src[l.pos:], `"""`) {
		quote = `"""`
	}
	l.pos += len(quote)
	var text strings.Builder
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case strings.HasPrefix(l.src[l.pos:], quote):
			l.pos += len(quote)
			l.tokens = append(l.tokens, token{tokString, text.String(), line, start, l.pos})
			return
		case c == '\\':
			l.pos++
			text.WriteString(l.escape())
			continue
		case c == '\n':
			l.line++
		case strings.HasPrefix(l.src[l.pos:], "\r\n"):
			l.pos++ // a line break is one newline, as opam has it
			continue
		}
		text.WriteByte(c)
		l.pos++
	}
	l.fail(line, "unterminated string")
}

// escape reads what follows a backslash and gives what it stands for: nothing
// for a line break and the blanks after it.
func (l *lexer) escape() string {
	rest := l.src[l.pos:]
	if eol := eolLen(rest); eol > 0 {
		l.line++
		l.pos += len(rest) - len(strings.TrimLeft(rest[eol:], " \t"))
		return ""
	}
	if rest == "" {
		return "" // unterminated, as the caller finds
	}
	const letters, meanings = "\\\"'nrtb ", "\\\"'\n\r\t\b "
	if i := strings.IndexByte(letters, rest[0]); i >= 0 {
		l.pos++
		return meanings[i : i+1]
	}
	if code, n := charCode(rest); n > 0 {
		l.pos += n
		return string([]byte{code})
	}
	l.fail(l.line, `illegal escape sequence \%s`, rest[:1])
	l.pos++
	return ""
}

func eolLen(s string) int {
	switch {
	case strings.HasPrefix(s, "\n"):
		return 1
	case strings.HasPrefix(s, "\r\n"):
		return 2
	}
	return 0
}

// charCode reads ddd or xhh at the start of s, and gives the length, 0 where
// there is none.
func charCode(s string) (code byte, n int) {
	const length = 3
	if len(s) < length {
		return 0, 0
	}
	base, digits := 10, s[:length]
	if s[0] == 'x' {
		base, digits = 16, s[1:length]
	}
	value, err := strconv.ParseUint(digits, base, 8)
	if err != nil {
		return 0, 0
	}
	return byte(value), length
}

// quote is the inverse of lexString, never in triple quotes.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
