package dune

import (
	"errors"
	"fmt"
	"strings"
)

// Node is an atom, or a list, of a dune file. Its offsets let a file be edited in
// place, so that comments and layout stay.
type Node struct {
	Atom       string // as it is written, without the quotes
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
		default:
			p.atom()
			n.Atom = p.src[n.Start:p.at]
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
