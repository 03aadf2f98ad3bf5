package opamfile

import (
	"errors"
	"strconv"
	"strings"
)

// maxErrors is how many errors of one file are told.
const maxErrors = 10

type tokenKind int

const (
	tokEOF    tokenKind = iota
	tokString           // text is the content
	tokInt              // text is in decimal
	tokBool
	tokIdent
	tokRelop
	tokLogop
	tokPfxop
	tokEnvop
	tokPunct // one of [ ] ( ) { } :
)

type token struct {
	kind  tokenKind
	text  string
	line  int
	start int
	end   int
}

type lexer struct {
	name   string
	src    string
	pos    int
	line   int
	tokens []token
	errs   []error
}

// lex gives the tokens of a file, the last of them tokEOF.
func lex(name, src string) ([]token, error) {
	l := &lexer{name: name, src: src, line: 1}
	for l.pos < len(src) && len(l.errs) < maxErrors {
		l.next()
	}
	l.add(tokEOF, "", 0)
	return l.tokens, errors.Join(l.errs...)
}

func (l *lexer) fail(line int, format string, args ...any) {
	l.errs = append(l.errs, bad(l.name, line, format, args...))
}

// add takes the next n bytes as a token.
func (l *lexer) add(kind tokenKind, text string, n int) {
	l.tokens = append(l.tokens, token{kind, text, l.line, l.pos, l.pos + n})
	l.pos += n
}

// next reads one token, comment or blank.
func (l *lexer) next() {
	rest := l.src[l.pos:]
	switch c := rest[0]; c {
	case ' ', '\t':
		l.pos++
	case '\n':
		l.pos++
		l.line++
	case '\r':
		if !strings.HasPrefix(rest, "\r\n") {
			l.invalid()
			return
		}
		l.pos++
	case '#':
		if i := strings.IndexByte(rest, '\n'); i >= 0 {
			l.pos += i
		} else {
			l.pos = len(l.src)
		}
	case '"':
		l.lexString()
	case '(':
		if strings.HasPrefix(rest, "(*") {
			l.comment()
		} else {
			l.add(tokPunct, "(", 1)
		}
	case '[', ']', ')', '{', '}':
		l.add(tokPunct, rest[:1], 1)
	case '&', '|':
		l.add(tokLogop, rest[:1], 1)
	case ':', '+', '=', '!', '?', '<', '>', '~':
		l.operator(rest)
	default:
		l.word(rest)
	}
}

// operators in an order that finds the longest first.
var operators = []struct {
	text string
	kind tokenKind
}{
	{"=+=", tokEnvop}, {"=:=", tokEOF},
	{"=+", tokEnvop}, {"=:", tokEnvop}, {"+=", tokEnvop}, {":=", tokEnvop},
	{"!=", tokRelop}, {"<=", tokRelop}, {">=", tokRelop},
	{"=", tokRelop}, {"<", tokRelop}, {">", tokRelop}, {"~", tokRelop},
	{"!", tokPfxop}, {"?", tokPfxop}, {":", tokPunct},
}

func (l *lexer) operator(rest string) {
	for _, op := range operators {
		switch {
		case !strings.HasPrefix(rest, op.text):
			continue
		case op.kind == tokEOF:
			l.fail(l.line, "%q is not an operator", op.text)
			l.pos += len(op.text)
		case op.text == "~":
			l.add(tokRelop, ">=", 1)
		default:
			l.add(op.kind, op.text, len(op.text))
		}
		return
	}
	l.invalid()
}

func (l *lexer) invalid() {
	l.fail(l.line, "unexpected character %q", l.src[l.pos])
	l.pos++
}

// comment skips a nested comment. A string in it has no meaning.
func (l *lexer) comment() {
	line, depth := l.line, 0
	for l.pos < len(l.src) {
		rest := l.src[l.pos:]
		switch {
		case strings.HasPrefix(rest, "(*"):
			depth++
			l.pos += 2
		case strings.HasPrefix(rest, "*)"):
			depth--
			l.pos += 2
		default:
			if rest[0] == '\n' {
				l.line++
			}
			l.pos++
		}
		if depth == 0 {
			return
		}
	}
	l.fail(line, "unterminated comment")
}

// word reads an identifier, a boolean or an integer. As in opam's lexer the
// longest match counts, and an integer before an identifier of equal length.
func (l *lexer) word(rest string) {
	i, n := identLen(rest), intLen(rest)
	text := rest[:max(i, n)]
	switch {
	case text == "":
		l.invalid()
	case i <= n:
		l.integer(text)
	case text == "true" || text == "false":
		l.add(tokBool, text, i)
	default:
		l.add(tokIdent, text, i)
	}
}

// integer takes text as a number of OCaml: 63 bits, with `_` between digits.
func (l *lexer) integer(text string) {
	digits := strings.TrimPrefix(text, "-")
	number, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 63)
	if err != nil || digits[0] == '_' {
		l.fail(l.line, "%s is not an integer, or too large", text)
	}
	l.add(tokInt, strconv.FormatInt(number, 10), len(text))
}

// intLen is the length of the integer at the start of s: an optional sign, then
// digits and underscores.
func intLen(s string) int {
	n := 0
	if s[0] == '-' {
		n = 1
	}
	start := n
	for n < len(s) && (s[n] == '_' || '0' <= s[n] && s[n] <= '9') {
		n++
	}
	if n == start {
		return 0
	}
	return n
}

// identLen is the length of the identifier at the start of s: names joined by
// `+`, then perhaps a `:` and a name.
func identLen(s string) int {
	n := nameLen(s, true)
	if n == 0 {
		return 0
	}
	for n < len(s) && s[n] == '+' {
		more := nameLen(s[n+1:], true)
		if more == 0 {
			return n
		}
		n += 1 + more
	}
	if n < len(s) && s[n] == ':' {
		if more := nameLen(s[n+1:], false); more > 0 {
			n += 1 + more
		}
	}
	return n
}

// nameLen is the length of the name at the start of s. A name has at least one
// letter, or is a lone `_` where that is allowed.
func nameLen(s string, underscore bool) int {
	n, letter := 0, false
	for ; n < len(s); n++ {
		c := s[n] | 0x20
		switch {
		case 'a' <= c && c <= 'z':
			letter = true
		case s[n] != '_' && s[n] != '-' && (s[n] < '0' || s[n] > '9'):
			return nameEnd(s, n, letter, underscore)
		}
	}
	return nameEnd(s, n, letter, underscore)
}

func nameEnd(s string, n int, letter, underscore bool) int {
	switch {
	case letter:
		return n
	case n > 0 && s[0] == '_' && underscore:
		return 1
	}
	return 0
}
