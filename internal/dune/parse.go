package dune

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Node is an atom, or a list, of a dune file. Its offsets let a file be edited in
// place, so that comments and layout stay.
type Node struct {
	Atom       string // as it is written, without the quotes
	Value      string // what that says: escapes resolved, lines that a backslash continues joined
	IsList     bool
	List       []Node
	Line       int // of the first byte, counted from 1
	Start, End int // byte offsets
}

// ErrOCaml says that a dune file is not s-expressions but a program.
var ErrOCaml = errors.New("it is written in OCaml syntax")

// Parse reads the stanzas of a dune file.
func Parse(src []byte) ([]Node, error) {
	if strings.HasPrefix(string(src), "(* -*-") {
		return nil, ErrOCaml
	}
	p := &parser{src: string(src)}
	nodes, err := p.nodes(false)
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", 1+strings.Count(p.src[:min(p.at, len(p.src))], "\n"), err)
	}
	return nodes, nil
}

type parser struct {
	src string
	at  int
}

// nodes reads up to the end of the file, or of the list that is open.
func (p *parser) nodes(open bool) ([]Node, error) {
	var list []Node
	for {
		p.skip()
		if p.at >= len(p.src) {
			if open {
				return nil, errors.New("a list has no end")
			}
			return list, nil
		}
		n := Node{Start: p.at, Line: 1 + strings.Count(p.src[:p.at], "\n")}
		switch c := p.src[p.at]; {
		case c == ')' && open:
			p.at++
			return list, nil
		case c == ')':
			return nil, errors.New("a list ends that has not begun")
		case c == '(':
			p.at++
			inner, err := p.nodes(true)
			if err != nil {
				return nil, err
			}
			n.IsList, n.List = true, inner
		case c == '"':
			if err := p.quoted(); err != nil {
				return nil, err
			}
			n.Atom = strings.Trim(p.src[n.Start:p.at], `"`)
			n.Value = unquote(p.src[n.Start:p.at])
		default:
			p.atom()
			n.Atom = p.src[n.Start:p.at]
			n.Value = n.Atom
		}
		n.End = p.at
		list = append(list, n)
	}
}

// skip goes over blanks, `; ...` and `#| ... |#`.
func (p *parser) skip() {
	for p.at < len(p.src) {
		rest := p.src[p.at:]
		switch {
		case strings.ContainsAny(rest[:1], " \t\r\n\f"):
			p.at++
		case rest[0] == ';':
			p.line()
		case strings.HasPrefix(rest, "#|"):
			end := strings.Index(rest, "|#")
			if end < 0 {
				p.at = len(p.src)
				return
			}
			p.at += end + 2
		default:
			return
		}
	}
}

// line goes to the end of the line.
func (p *parser) line() {
	if i := strings.IndexByte(p.src[p.at:], '\n'); i >= 0 {
		p.at += i
		return
	}
	p.at = len(p.src)
}

// quoted reads "..." with its escapes, or the lines of a "\| or "\> text.
func (p *parser) quoted() error {
	rest := p.src[p.at:]
	if strings.HasPrefix(rest, `"\|`) || strings.HasPrefix(rest, `"\>`) {
		for {
			p.line()
			next := strings.TrimLeft(p.src[p.at:], " \t\r\n")
			if !strings.HasPrefix(next, `"\|`) && !strings.HasPrefix(next, `"\>`) {
				return nil
			}
			p.at = len(p.src) - len(next)
		}
	}
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			p.at += i + 1
			return nil
		}
	}
	return errors.New("a string has no end")
}

// unquote gives what a string says, as dune reads it.
func unquote(text string) string {
	var b strings.Builder
	if strings.HasPrefix(text, `"\|`) || strings.HasPrefix(text, `"\>`) { // lines of text
		for _, line := range strings.Split(text, "\n") {
			line = strings.TrimLeft(line, " \t")
			kind := line[:min(3, len(line))]
			line = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(line, kind), " "), "\r") + "\n"
			if kind == `"\|` {
				line = unescape(line)
			}
			b.WriteString(line)
		}
		return b.String()
	}
	return unescape(strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`))
}

// unescape resolves what a backslash stands before.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		switch c := text[i]; {
		case c == 'n':
			b.WriteByte('\n')
		case c == 't':
			b.WriteByte('\t')
		case c == 'r':
			b.WriteByte('\r')
		case c == 'b':
			b.WriteByte('\b')
		case c == '\n': // the next line goes on, without its indentation
			for i+1 < len(text) && (text[i+1] == ' ' || text[i+1] == '\t') {
				i++
			}
		case c == 'x' && i+2 < len(text):
			if n, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
			}
		case c >= '0' && c <= '9' && i+2 < len(text):
			if n, err := strconv.ParseUint(text[i:i+3], 10, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
			}
		default: // a quote, a backslash, a per cent sign
			b.WriteByte(c)
		}
	}
	return b.String()
}

// atom reads a word; the blanks and brackets of a variable %{...} belong to it.
func (p *parser) atom() {
	variable := false
	for ; p.at < len(p.src); p.at++ {
		c := p.src[p.at]
		switch {
		case variable:
			variable = c != '}' && c != '\n'
		case c == '%' && strings.HasPrefix(p.src[p.at:], "%{"):
			variable = true
		case strings.IndexByte(" \t\r\n\f();\"", c) >= 0:
			return
		}
	}
}

// Name is the first word of a list.
func (n Node) Name() string {
	if len(n.List) == 0 {
		return ""
	}
	return n.List[0].Atom
}

// Args are what follows the first word of a list.
func (n Node) Args() []Node {
	if len(n.List) == 0 {
		return nil
	}
	return n.List[1:]
}

// Field is the first list in n with that first word.
func (n Node) Field(name string) (Node, bool) {
	for _, f := range n.Args() {
		if f.IsList && f.Name() == name {
			return f, true
		}
	}
	return Node{}, false
}

// Words are the atoms among the arguments of n.
func (n Node) Words() []string {
	var words []string
	for _, arg := range n.Args() {
		if !arg.IsList {
			words = append(words, arg.Atom)
		}
	}
	return words
}

// FieldWords are the words of a field of n; none where there is no such field.
func (n Node) FieldWords(names ...string) []string {
	var words []string
	for _, name := range names {
		if f, ok := n.Field(name); ok {
			words = append(words, f.Words()...)
		}
	}
	return words
}

// Has tells whether the word is anywhere in n.
func (n Node) Has(word string) bool {
	for _, inner := range n.List {
		if inner.Has(word) {
			return true
		}
	}
	return !n.IsList && n.Atom == word
}
