package opamfile

// value reads a value. From loose to tight: | & prefix-operators {filter}
// comparisons.
func (p *parser) value() (Value, error) {
	return p.logop("|", func() (Value, error) { return p.logop("&", p.prefixed) })
}

// logop reads one or more operands joined by op.
func (p *parser) logop(op string, operand func() (Value, error)) (Value, error) {
	first, err := operand()
	if err != nil {
		return Value{}, err
	}
	args := []Value{first}
	for p.peek().kind == tokLogop && p.peek().text == op {
		p.take()
		arg, err := operand()
		if err != nil {
			return Value{}, err
		}
		args = append(args, arg)
	}
	if len(args) == 1 {
		return first, nil
	}
	return Value{Kind: Logop, Text: op, Args: args, Line: first.Line, Start: first.Start, End: p.end()}, nil
}

// prefixed reads a value with any prefix operators. `!a {b}` is !(a {b}).
func (p *parser) prefixed() (Value, error) {
	if err := p.nest(); err != nil {
		return Value{}, err
	}
	defer func() { p.depth-- }()
	if p.peek().kind != tokPfxop {
		return p.filtered()
	}
	op := p.take()
	arg, err := p.prefixed()
	if err != nil {
		return Value{}, err
	}
	return p.node(Pfxop, op.text, op, arg), nil
}

// filtered reads a value and any filters after it.
func (p *parser) filtered() (Value, error) {
	value, err := p.primary()
	if err != nil {
		return Value{}, err
	}
	for n := 0; p.peek().punct("{"); n++ {
		if n == maxFilters {
			return Value{}, p.fail(p.peek().line, "more than %d filters on one value", maxFilters)
		}
		filter, err := p.values("}")
		if err != nil {
			return Value{}, err
		}
		value = Value{Kind: Option, Args: []Value{value}, Filter: filter, Line: value.Line, Start: value.Start, End: p.end()}
	}
	return value, nil
}

// primary reads a list, a group, an atom, or a comparison or environment update
// of atoms.
func (p *parser) primary() (Value, error) {
	first := p.peek()
	switch {
	case first.punct("["):
		args, err := p.values("]")
		return p.node(List, "", first, args...), err
	case first.punct("("):
		args, err := p.values(")")
		return p.node(Group, "", first, args...), err
	case first.kind == tokRelop:
		p.take()
		arg, err := p.atom()
		return p.node(PrefixRelop, first.text, first, arg), err
	}
	left, err := p.atom()
	if err != nil {
		return Value{}, err
	}
	op, kind := p.peek(), Relop
	switch op.kind {
	case tokRelop:
	case tokEnvop:
		kind = EnvUpdate
	default:
		return left, nil
	}
	// `=` is an environment update too, and told from a comparison by the field.
	p.take()
	right, err := p.atom()
	return p.node(kind, op.text, first, left, right), err
}

// values reads a bracket, its values and the closing bracket.
func (p *parser) values(closing string) ([]Value, error) {
	open := p.take()
	var list []Value
	for !p.takePunct(closing) {
		if p.peek().kind == tokEOF {
			return nil, p.fail(open.line, "no `%s` closes this `%s`", closing, open.text)
		}
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

var atomKinds = map[tokenKind]Kind{tokString: String, tokInt: Int, tokBool: Bool, tokIdent: Ident}

func (p *parser) atom() (Value, error) {
	t := p.peek()
	kind, ok := atomKinds[t.kind]
	if !ok {
		return Value{}, p.unexpected("a value")
	}
	p.take()
	return p.node(kind, t.text, t), nil
}

// node makes a value that began with the token first and has just been read.
func (p *parser) node(kind Kind, text string, first token, args ...Value) Value {
	return Value{Kind: kind, Text: text, Args: args, Line: first.line, Start: first.start, End: p.end()}
}
