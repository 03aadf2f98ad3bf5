package scaffold

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// text reads a shell script. All branches of a condition are read: what one of them
// does, the script may do.
func (r *run) text(s *scope, script string) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "")
	if err != nil {
		r.other(*s, []string{strings.Join(strings.Fields(script), " ")})
		return
	}
	r.statements(s, file.Stmts)
}

func (r *run) statements(s *scope, list []*syntax.Stmt) {
	for _, st := range list {
		r.statement(s, st)
	}
}

func (r *run) statement(s *scope, st *syntax.Stmt) {
	for _, redirect := range st.Redirs {
		if to := expandWord(*s, redirect.Word); strings.HasPrefix(redirect.Op.String(), ">") && to != "/dev/null" && !strings.HasPrefix(to, "&") {
			r.made[place(s.dir, to)] = "a redirection of its script"
		}
	}
	switch c := st.Cmd.(type) {
	case *syntax.CallExpr:
		inner := *s
		for _, a := range c.Assigns {
			inner = inner.exports(a.Name.Value, expandWord(*s, a.Value))
			if len(c.Args) == 0 {
				*s = s.with(a.Name.Value, expandWord(*s, a.Value))
			}
		}
		if len(c.Args) == 0 {
			return
		}
		var words []string
		for _, a := range c.Args {
			word := expandWord(inner, a)
			if len(a.Parts) == 1 && strings.ContainsAny(word, " ") && !quoted(a) { // a variable with several words
				words = append(words, strings.Fields(word)...)
			} else {
				words = append(words, word)
			}
		}
		dir := inner.dir
		r.command(&inner, words)
		if inner.dir != dir { // cd
			s.dir = inner.dir
		}
	case *syntax.DeclClause: // export, local, declare
		for _, a := range c.Args {
			switch {
			case a.Name == nil:
			case c.Variant.Value != "export":
				*s = s.with(a.Name.Value, expandWord(*s, a.Value))
			case a.Value != nil:
				*s = s.exports(a.Name.Value, expandWord(*s, a.Value))
			default:
				*s = s.exports(a.Name.Value, s.vars[a.Name.Value])
			}
		}
	default:
		r.compound(s, c)
	}
}

// compound reads what has commands in it.
func (r *run) compound(s *scope, command syntax.Command) {
	switch c := command.(type) {
	case *syntax.BinaryCmd:
		r.statement(s, c.X)
		r.statement(s, c.Y)
	case *syntax.Block:
		r.statements(s, c.Stmts)
	case *syntax.Subshell:
		inner := *s
		r.statements(&inner, c.Stmts)
	case *syntax.IfClause:
		for branch := c; branch != nil; branch = branch.Else {
			r.statements(s, branch.Cond)
			r.statements(s, branch.Then)
		}
	case *syntax.WhileClause:
		r.statements(s, c.Cond)
		r.statements(s, c.Do)
	case *syntax.ForClause:
		inner := *s
		if loop, ok := c.Loop.(*syntax.WordIter); ok {
			for _, item := range loop.Items {
				inner = inner.with(loop.Name.Value, expandWord(*s, item))
				r.statements(&inner, c.Do)
			}
		}
	case *syntax.CaseClause:
		for _, item := range c.Items {
			r.statements(s, item.Stmts)
		}
	case *syntax.TimeClause:
		r.statement(s, c.Stmt)
	case *syntax.FuncDecl:
		r.statement(s, c.Body)
	}
}

func quoted(w *syntax.Word) bool {
	switch w.Parts[0].(type) {
	case *syntax.DblQuoted, *syntax.SglQuoted:
		return true
	}
	return false
}

// expandWord is what a word of a script says, as far as that can be known.
func expandWord(s scope, w *syntax.Word) string {
	if w == nil {
		return ""
	}
	return expandParts(s, w.Parts)
}

func expandParts(s scope, parts []syntax.WordPart) string {
	var b strings.Builder
	for _, part := range parts {
		switch x := part.(type) {
		case *syntax.Lit:
			b.WriteString(unescapeShell(x.Value))
		case *syntax.SglQuoted:
			b.WriteString(x.Value)
		case *syntax.DblQuoted:
			b.WriteString(expandParts(s, x.Parts))
		case *syntax.ParamExp:
			b.WriteString(parameter(s, x))
		case *syntax.CmdSubst:
			b.WriteString(substituted(s, x))
		}
	}
	return b.String()
}

// parameter is the value of $NAME or ${NAME:-other}.
func parameter(s scope, x *syntax.ParamExp) string {
	value, ok := s.vars[x.Param.Value]
	switch {
	case ok:
		return value
	case x.Param.Value == "PWD":
		return s.dir
	case x.Exp != nil && strings.Contains(x.Exp.Op.String(), "-"):
		return expandWord(s, x.Exp.Word)
	}
	return "$" + x.Param.Value
}

// substituted knows the ways in which scripts name their own directory.
func substituted(s scope, x *syntax.CmdSubst) string {
	text := ""
	if len(x.Stmts) > 0 {
		last := x.Stmts[len(x.Stmts)-1]
		inner := s
		if both, ok := last.Cmd.(*syntax.BinaryCmd); ok { // cd DIR && pwd
			if call, ok := both.X.Cmd.(*syntax.CallExpr); ok && len(call.Args) == 2 && expandWord(s, call.Args[0]) == "cd" {
				inner.dir = place(s.dir, expandWord(s, call.Args[1]))
			}
			last = both.Y
		}
		if call, ok := last.Cmd.(*syntax.CallExpr); ok && len(call.Args) > 0 {
			argument := expandWord(inner, call.Args[len(call.Args)-1])
			switch expandWord(inner, call.Args[0]) {
			case "pwd":
				return inner.dir
			case "dirname":
				return path.Dir(argument)
			case "basename":
				return path.Base(argument)
			case "realpath", "readlink":
				return place(inner.dir, argument)
			}
			text = argument
		}
	}
	return "$(" + text + ")"
}

// unescapeShell takes the backslashes out of an unquoted word.
func unescapeShell(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
			if text[i] == '\n' {
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
