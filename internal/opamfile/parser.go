package opamfile

import (
	"errors"
)

// Limits that no honest file comes near, so that none exhausts the stack: how
// deep brackets, prefixes and sections may nest, and how many `{...}` may follow
// one value.
const (
	maxDepth   = 500
	maxFilters = 100
)

// Parse reads an opam file of format 2.0 or 2.1. filename is for messages only.
// Errors are [problem.Error]s with file and line; several are joined.
func Parse(filename string, src []byte) (*File, error) {
	tokens, err := lex(filename, string(src))
	if err != nil {
		return nil, err
	}
	p := &parser{name: filename, src: src, tokens: tokens}
	file := &File{Name: filename}
	var errs []error
	for p.peek().kind != tokEOF && len(errs) < maxErrors {
		item, err := p.item()
		if err != nil {
			errs = append(errs, err)
			p.skipToItem()
			continue
		}
		file.Items = append(file.Items, item)
	}
	if len(errs) == 0 {
		errs = append(errs, checkFormat(file))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return file, nil
}

type parser struct {
	name   string
	src    []byte
	tokens []token
	pos    int
	depth  int
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) take() token {
	t := p.tokens[p.pos]
	if t.kind != tokEOF {
		p.pos++
	}
	return t
}

// takePunct takes the next token if it is that one.
func (p *parser) takePunct(text string) bool {
	if !p.peek().punct(text) {
		return false
	}
	p.pos++
	return true
}

func (t token) punct(text string) bool { return t.kind == tokPunct && t.text == text }

// end is the offset after the last token taken.
func (p *parser) end() int { return p.tokens[p.pos-1].end }

func (p *parser) fail(line int, format string, args ...any) error {
	return bad(p.name, line, format, args...)
}

// unexpected says what was expected in place of the next token.
func (p *parser) unexpected(expected string) error {
	t := p.peek()
	if t.kind == tokEOF {
		return p.fail(t.line, "expected %s at the end of the file", expected)
	}
	return p.fail(t.line, "expected %s, not %s", expected, p.excerpt(t))
}

// excerpt is a token as the file has it, cut where it is long.
func (p *parser) excerpt(t token) string {
	const limit = 40
	text := string(p.src[t.start:t.end])
	if len(text) > limit {
		text = text[:limit] + "..."
	}
	return "`" + text + "`"
}

// nest counts a level of nesting in, and p.depth-- out.
func (p *parser) nest() error {
	p.depth++
	if p.depth > maxDepth {
		return p.fail(p.peek().line, "nested deeper than %d levels", maxDepth)
	}
	return nil
}

// skipToItem goes on, after an error, to the next token that begins a line and
// looks like the start of a field or section.
func (p *parser) skipToItem() {
	p.depth = 0
	for ; p.peek().kind != tokEOF; p.pos++ {
		t, next := p.peek(), p.tokens[p.pos+1]
		atMargin := t.start == 0 || p.src[t.start-1] == '\n'
		if t.kind == tokIdent && atMargin && (next.punct(":") || next.punct("{") || next.kind == tokString) {
			return
		}
	}
}

// item reads `name: value`, `kind { items }` or `kind "name" { items }`.
func (p *parser) item() (Item, error) {
	t := p.peek()
	if t.kind != tokIdent {
		return Item{}, p.unexpected("the name of a field or section")
	}
	p.take()
	item := Item{Line: t.line, Start: t.start}
	if p.takePunct(":") {
		value, err := p.value()
		if err != nil {
			return Item{}, err
		}
		item.Field, item.Value, item.End = t.text, value, p.end()
		return item, nil
	}
	section := &Section{Kind: t.text, Line: t.line, Start: t.start}
	if p.peek().kind == tokString {
		section.Name, section.Named = p.take().text, true
	}
	if !p.peek().punct("{") {
		if section.Named {
			return Item{}, p.unexpected("`{`")
		}
		return Item{}, p.unexpected("`:` or `{` after " + p.excerpt(t))
	}
	if err := p.sectionItems(section); err != nil {
		return Item{}, err
	}
	section.End, item.End = p.end(), p.end()
	item.Section = section
	return item, nil
}

func (p *parser) sectionItems(section *Section) error {
	open := p.take()
	if err := p.nest(); err != nil {
		return err
	}
	defer func() { p.depth-- }()
	for !p.takePunct("}") {
		if p.peek().kind == tokEOF {
			return p.fail(open.line, "no `}` ends this section")
		}
		item, err := p.item()
		if err != nil {
			return err
		}
		section.Items = append(section.Items, item)
	}
	return nil
}
