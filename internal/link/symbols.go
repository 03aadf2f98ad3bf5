package link

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/archive"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/object"
)

// library is a static library that cargo built, and what its members are.
type library struct {
	*object.Library
	of  []*graph.Node // the crates of its members
	lto []rlib        // crates whose objects are not in it as they were
}

func openLibrary(file string, o *owners) (*library, error) {
	l, err := object.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	of, err := o.of(l)
	if err != nil {
		_ = l.Close() // nothing was written
		return nil, err
	}
	return &library{l, of, o.optimised(of)}, nil
}

// offered are the symbols of crates that somebody but Rust code may want, and whose they
// are.
func (l *library) offered(into map[string]*graph.Node) {
	for name, members := range l.Index() {
		if archive.Rust(name) || archive.Std(name) {
			continue
		}
		for _, m := range members {
			if n := l.of[m]; n != nil {
				into[name] = n
				break
			}
		}
	}
	for _, r := range l.lto {
		for name := range r.Index() {
			if len(l.Index()[name]) > 0 && !archive.Rust(name) && !archive.Std(name) && into[name] == nil {
				into[name] = r.node
			}
		}
	}
}

// registering are the members of Rust crates that have constructors, or sections that are
// found by their names: nothing wants them by a symbol, and without them a registration is
// lost.
func (l *library) registering() ([]int, error) {
	var list []int
	for i, n := range l.of {
		m := l.Members()[i]
		if !rustObject(m) || n == nil && !l.merged(m) {
			continue
		}
		o, err := l.Object(i)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(o.Starts, func(s archive.Start) bool { return !archive.Std(s.Name) }) {
			list = append(list, i)
		}
	}
	return list, nil
}

// merged tells a member that link-time optimisation made of crates, by its name, from those
// of Rust's own.
func (l *library) merged(m archive.Member) bool {
	for _, r := range l.lto {
		if name, ok := strings.CutPrefix(m.Name, r.node.Lib); ok && (name[0] == '.' || name[0] == '-') {
			return true
		}
	}
	return len(l.lto) > 0 && strings.HasPrefix(m.Name, "rust_bindings")
}

// doubles are the symbols that several crates define, of what is linked for the roots, as
// each crate would have it were the others not there.
func (l *library) doubles(g *graph.Graph, o *owners, roots []string, also []int) ([]double, error) {
	members, err := l.Reach(object.Wish{Roots: roots, Members: also, Every: func(by, m int) bool { return o.serves(l.of[by], l.of[m]) }})
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	found, err := l.Doubles(members)
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	var list []double
	for name, by := range found {
		var crates []*graph.Node
		for _, m := range by {
			if l.of[m] != nil {
				crates = append(crates, l.of[m])
			}
		}
		list = append(list, pairs(g, name, crates)...)
	}
	return append(list, l.optimisedAway(g)...), nil
}

// optimisedAway are the doubles among crates that link-time optimisation has merged: one
// copy vanished, and only the crates' own libraries tell.
func (l *library) optimisedAway(g *graph.Graph) []double {
	by := map[string][]*graph.Node{}
	for _, r := range l.lto {
		for name := range r.Index() {
			if !archive.Mangled(name) && !archive.Std(name) {
				by[name] = append(by[name], r.node)
			}
		}
	}
	for i, n := range l.of { // what C compilers made stays as it was
		o, err := l.Object(i)
		if n == nil || err != nil || len(l.lto) == 0 {
			continue
		}
		for _, s := range o.Symbols {
			if s.Clashes() && by[s.Name] != nil {
				by[s.Name] = append(by[s.Name], n)
			}
		}
	}
	list := make([]double, 0, len(by))
	for name, crates := range by {
		list = append(list, pairs(g, name, crates)...)
	}
	return list
}

// chosen are the symbols of a whole archive that the linker must be told to want, so that
// its place on the command line does not matter (docs/facts.md#the-order-of-libraries): one
// for each member that defines a root.
func (l *library) chosen(roots map[string]bool) ([]string, error) {
	byMember := map[int][]string{}
	for name, members := range l.Index() {
		if roots[name] {
			for _, m := range members {
				byMember[m] = append(byMember[m], name)
			}
		}
	}
	chosen := []string{}
	for m, names := range byMember {
		o, err := l.Object(m)
		if err != nil {
			return nil, fmt.Errorf("read the archive: %w", err)
		}
		strong := map[string]bool{}
		for _, s := range o.Symbols {
			strong[s.Name] = s.Binding == archive.Strong
		}
		names = slices.DeleteFunc(names, func(n string) bool { return !strong[n] })
		if len(names) > 0 {
			chosen = append(chosen, plainest(names))
		}
	}
	sort.Strings(chosen)
	return slices.Compact(chosen), nil
}

// plainest is the first of some names that no shell changes; the first, where there is none.
func plainest(names []string) string {
	sort.Strings(names)
	for _, n := range names {
		if plain(n) {
			return n
		}
	}
	return names[0]
}

func plain(name string) bool {
	for i := 0; i < len(name); i++ {
		if c := name[i]; c == '$' || !letter(c) && !digit(c) && c != '.' && c != '@' {
			return false
		}
	}
	return name != ""
}
