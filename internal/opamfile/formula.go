package opamfile

import (
	"slices"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// Formula is a dependency formula. The zero Formula is empty.
type Formula struct {
	conjunction []Value
}

// Depends gives the formula of the field `depends`, empty where it is absent.
func (f *File) Depends() (Formula, error) { return f.formula("depends") }

// Depopts gives the formula of the field `depopts`, empty where it is absent.
// Its elements are independent of each other, so that [Formula.Select] may take
// them for a conjunction: each one installed counts.
func (f *File) Depopts() (Formula, error) { return f.formula("depopts") }

func (f *File) formula(name string) (Formula, error) {
	value, ok := f.Field(name)
	if !ok {
		return Formula{}, nil
	}
	if err := checkFormula(value); err != nil {
		return Formula{}, err.At(f.Name, err.Line)
	}
	return Formula{[]Value{value}}, nil
}

// checkFormula refuses what is no formula over package names.
func checkFormula(v Value) *problem.Error {
	switch v.Kind {
	case String:
		return nil
	case List, Group, Logop, Option:
		for _, arg := range v.Args {
			if err := checkFormula(arg); err != nil {
				return err
			}
		}
		return nil
	}
	return problem.New(problem.Input, "a dependency is a package name in quotes, not `%s`", v).At("", v.Line)
}

// Names gives all package names, whatever the filters, sorted and without
// duplicates.
func (x Formula) Names() []string {
	var names []string
	var walk func(list []Value)
	walk = func(list []Value) {
		for _, v := range list {
			if v.Kind == String {
				names = append(names, v.Text)
			}
			walk(v.Args)
		}
	}
	walk(x.conjunction)
	return sortUnique(names)
}

// Select gives the installed packages that the formula counts, sorted and
// without duplicates.
//
// Version constraints are ignored. A package or group whose filter is false is
// left out; one whose filter hangs on an unknown variable stays. Of `a | b` the
// arms that are wholly installed count; where there is none for certain, every
// installed package of any arm does. Packages of a conjunction that are not
// installed are for the caller to find: they are in [Formula.Names].
func (x Formula) Select(env Env, installed func(pkg string) bool) []string {
	s := selector{env, installed}
	return sortUnique(s.conjunction(x.conjunction).names)
}

// selection is what a part of a formula contributes.
type selection struct {
	dropped   bool // by a false filter: as if it were not written
	installed tri  // whether all of it is
	names     []string
}

type selector struct {
	env       Env
	installed func(pkg string) bool
}

func (s selector) selection(v Value) selection {
	switch v.Kind {
	case String:
		if s.installed(v.Text) {
			return selection{installed: yes, names: []string{v.Text}}
		}
		return selection{installed: no}
	case Option:
		return s.filtered(v)
	case Logop:
		if v.Text == "|" {
			return s.disjunction(v.Args)
		}
	}
	return s.conjunction(v.Args)
}

func (s selector) filtered(v Value) selection {
	switch evalAll(s.env, v.Filter, false) {
	case no:
		return selection{dropped: true}
	case unknown:
		part := s.selection(v.Args[0])
		part.installed = unknown
		return part
	}
	return s.selection(v.Args[0])
}

// parts are the selections that were not dropped.
func (s selector) parts(list []Value) []selection {
	var parts []selection
	for _, v := range list {
		if part := s.selection(v); !part.dropped {
			parts = append(parts, part)
		}
	}
	return parts
}

func (s selector) conjunction(list []Value) selection {
	parts := s.parts(list)
	all := selection{dropped: len(parts) == 0, installed: yes}
	for _, part := range parts {
		all.installed = min(all.installed, part.installed)
		all.names = append(all.names, part.names...)
	}
	return all
}

func (s selector) disjunction(list []Value) selection {
	parts := s.parts(list)
	arms := selection{dropped: len(parts) == 0, installed: no}
	for _, part := range parts {
		arms.installed = max(arms.installed, part.installed)
	}
	for _, part := range parts {
		if arms.installed == yes && part.installed == no {
			continue
		}
		arms.names = append(arms.names, part.names...)
	}
	return arms
}

func sortUnique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
