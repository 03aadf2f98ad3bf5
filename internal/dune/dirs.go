package dune

import (
	"path"
	"strings"
)

// Subdirs says in which subdirectories dune looks for packages and dune files: what the
// stanzas of a directory's dune file say, and those that (subdir ...) of the files above
// adds to them.
type Subdirs struct {
	looks   func(name string) bool
	stanzas []Node
}

// SubdirsOf reads the stanzas of a directory.
func SubdirsOf(stanzas []Node) Subdirs {
	s := Subdirs{stanzas: stanzas, looks: standard}
	var without []func(string) bool
	for _, n := range stanzas {
		switch n.Name() {
		case "dirs":
			s.looks = set(n.Args(), standard)
		case "data_only_dirs", "ignored_subdirs":
			args := n.Args()
			if len(args) == 1 && args[0].IsList { // (ignored_subdirs (a b)), as it once was
				args = args[0].List
			}
			without = append(without, set(args, nothing))
		}
	}
	looks := s.looks
	s.looks = func(name string) bool {
		for _, w := range without {
			if w(name) {
				return false
			}
		}
		return looks(name)
	}
	return s
}

// Look tells whether dune looks into the subdirectory of that name. Directories of cram
// tests are data, whatever is in them.
func (s Subdirs) Look(name string) bool {
	return !strings.HasSuffix(name, ".t") && s.looks(name)
}

// Below are the stanzas that (subdir NAME ...) adds to those of the subdirectory.
func (s Subdirs) Below(name string) []Node {
	var list []Node
	for _, n := range s.stanzas {
		if n.Name() != "subdir" || len(n.Args()) == 0 || n.Args()[0].IsList {
			continue
		}
		first, rest, deeper := strings.Cut(path.Clean(n.Args()[0].Atom), "/")
		if first != name {
			continue
		}
		inner := n.Args()[1:]
		if deeper {
			inner = []Node{{IsList: true, List: append([]Node{{Atom: "subdir"}, {Atom: rest}}, inner...)}}
		}
		list = append(list, inner...)
	}
	return list
}

func standard(name string) bool {
	return !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "_")
}

func nothing(string) bool { return false }

// set reads a set of names: words and globs, :standard, (or ...), (and ...), (not ...),
// and `\`, which takes what follows away from what comes before.
func set(nodes []Node, std func(string) bool) func(string) bool {
	for i, n := range nodes {
		if !n.IsList && n.Atom == `\` {
			left, right := set(nodes[:i], std), set(nodes[i+1:], std)
			return func(name string) bool { return left(name) && !right(name) }
		}
	}
	union := func(list []Node) func(string) bool {
		return func(name string) bool {
			for _, n := range list {
				if element(n, std)(name) {
					return true
				}
			}
			return false
		}
	}
	if len(nodes) == 0 {
		return nothing
	}
	switch op := nodes[0]; op.Atom {
	case "or", ":or":
		return union(nodes[1:])
	case "not", ":not":
		not := union(nodes[1:])
		return func(name string) bool { return !not(name) }
	case "and", ":and":
		return func(name string) bool {
			for _, n := range nodes[1:] {
				if !element(n, std)(name) {
					return false
				}
			}
			return true
		}
	case ":include": // of a file that a rule may make
		return std
	}
	return union(nodes)
}

func element(n Node, std func(string) bool) func(string) bool {
	switch {
	case n.IsList:
		return set(n.List, std)
	case n.Atom == ":standard":
		return std
	}
	return func(name string) bool { return globs(n.Atom, name) }
}

// globs matches a name with a glob of dune's: a star at its start takes no name that
// begins with a dot, two do, and {a,b} is either.
func globs(glob, name string) bool {
	if open := strings.IndexByte(glob, '{'); open >= 0 {
		if end := strings.IndexByte(glob[open:], '}'); end >= 0 {
			for _, arm := range strings.Split(glob[open+1:open+end], ",") {
				if globs(glob[:open]+arm+glob[open+end+1:], name) {
					return true
				}
			}
			return false
		}
	}
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(glob, "**") && strings.IndexAny(glob, "*?") == 0 {
		return false
	}
	ok, err := path.Match(glob, name)
	return ok && err == nil
}
