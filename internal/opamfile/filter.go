package opamfile

import "strings"

// Env gives the value of an opam variable, such as os or ocaml:version, and
// whether it is known. Booleans are "true" and "false".
type Env func(variable string) (value string, known bool)

// tri is a truth value of Kleene's logic: conjunction is min, disjunction max.
type tri int

const (
	no tri = iota
	unknown
	yes
)

func truth(b bool) tri {
	if b {
		return yes
	}
	return no
}

// evalAll evaluates filters that stand side by side: all of them must hold.
func evalAll(env Env, filters []Value, negated bool) tri {
	result := truth(!negated)
	for _, filter := range filters {
		result = combine(negated, result, eval(env, filter, negated))
	}
	return result
}

// combine is the conjunction, or the disjunction if negated: !(a & b) is !a | !b.
func combine(negated bool, a, b tri) tri {
	if negated {
		return max(a, b)
	}
	return min(a, b)
}

// eval evaluates a filter, or its negation. The negation is pushed inwards since
// a version constraint counts as true, and so does a negated one.
func eval(env Env, v Value, negated bool) tri {
	result := unknown
	switch v.Kind {
	case PrefixRelop:
		return yes
	case Group:
		return evalAll(env, v.Args, negated)
	case Logop:
		result = eval(env, v.Args[0], negated)
		for _, arg := range v.Args[1:] {
			result = combine(negated != (v.Text == "|"), result, eval(env, arg, negated))
		}
		return result
	case Pfxop:
		if v.Text == "!" {
			return eval(env, v.Args[0], !negated)
		}
		result = defined(env, v.Args[0])
	case Relop:
		result = compare(env, v)
	case Bool, String, Ident:
		text, known := operand(env, v)
		if known && (text == "true" || text == "false") {
			result = truth(text == "true")
		}
	}
	if negated {
		return yes - result
	}
	return result
}

// defined evaluates `?variable`. A variable that env does not know may be
// defined all the same.
func defined(env Env, v Value) tri {
	if v.Kind == Ident {
		if _, known := env(v.Text); known {
			return yes
		}
	}
	return unknown
}

// operand gives the text of an atom, if it is known.
func operand(env Env, v Value) (text string, known bool) {
	switch v.Kind {
	case Ident:
		return env(v.Text)
	case String:
		return v.Text, !strings.Contains(v.Text, "%{")
	}
	return v.Text, true
}

// compare evaluates a comparison. As in opam, all of them go by the order of
// versions.
func compare(env Env, v Value) tri {
	left, known1 := operand(env, v.Args[0])
	right, known2 := operand(env, v.Args[1])
	if !known1 || !known2 {
		return unknown
	}
	order := compareVersions(left, right)
	switch v.Text {
	case "=":
		return truth(order == 0)
	case "!=":
		return truth(order != 0)
	case "<":
		return truth(order < 0)
	case "<=":
		return truth(order <= 0)
	case ">":
		return truth(order > 0)
	default:
		return truth(order >= 0)
	}
}
