// Package object makes one relocatable object of a static library: its roots stay global,
// all else that no other definition may stand beside becomes local, and what no root
// reaches is gone (docs/how-it-works.md#the-object). It comes after cargo's build and is
// used by internal/link. Entry points: [Open], [Library.Reach], [Library.Doubles], [Link].
// It knows no crates and no opam packages, prints nothing, and never hands over what it
// could not verify by reading it.
package object

import (
	"fmt"
	"slices"
	"sort"

	"github.com/opam-cargo/opam-cargo/internal/archive"
)

// Library is an open static library; its objects are read as they are asked for.
type Library struct {
	*archive.Archive
	objects []*archive.Object
}

// Open opens a static library.
func Open(file string) (*Library, error) {
	a, err := archive.Open(file)
	if err != nil {
		return nil, err
	}
	return &Library{Archive: a, objects: make([]*archive.Object, len(a.Members()))}, nil
}

// Object is a member's object.
func (l *Library) Object(member int) (*archive.Object, error) {
	if l.objects[member] == nil {
		o, err := l.Archive.Object(member)
		if err != nil {
			return nil, err
		}
		l.objects[member] = o
	}
	return l.objects[member], nil
}

// Wish says what is to be linked.
type Wish struct {
	Roots   []string // symbols; one that nobody defines is no error
	Members []int    // members that are taken in any case
	// Last tells the members whose definitions count only where there is no other.
	Last func(member int) bool
	// Every takes each of several definitions that serve a wanting member, to find those
	// that would be taken if the others were not there. nil: one is taken, as a linker does.
	Every func(wanting, defining int) bool
}

// Reach is the members that a linker takes for a wish, in their order.
func (l *Library) Reach(w Wish) ([]int, error) {
	r := reach{library: l, wish: w, taken: map[int]bool{}, defined: map[string]bool{}, asked: map[string]bool{}}
	for _, m := range w.Members {
		if err := r.take(m); err != nil {
			return nil, err
		}
	}
	for _, name := range w.Roots {
		if err := r.want(-1, name); err != nil {
			return nil, err
		}
	}
	for len(r.queue) > 0 {
		next := r.queue[0]
		r.queue = r.queue[1:]
		if err := r.want(next.by, next.name); err != nil {
			return nil, err
		}
	}
	list := make([]int, 0, len(r.taken))
	for m := range r.taken {
		list = append(list, m)
	}
	sort.Ints(list)
	return list, nil
}

// reach is a search in progress.
type reach struct {
	library *Library
	wish    Wish
	taken   map[int]bool
	defined map[string]bool // by the members that are taken
	asked   map[string]bool
	queue   []wanted
}

type wanted struct {
	by   int // member; -1: a root
	name string
}

func (r *reach) take(m int) error {
	if r.taken[m] {
		return nil
	}
	r.taken[m] = true
	o, err := r.library.Object(m)
	if err != nil {
		return err
	}
	for _, s := range o.Symbols {
		switch {
		case s.Binding != archive.Undefined:
			r.defined[s.Name] = true
		case !s.Optional:
			r.queue = append(r.queue, wanted{m, s.Name})
		}
	}
	return nil
}

func (r *reach) want(by int, name string) error {
	if r.wish.Every == nil {
		if r.asked[name] || r.defined[name] {
			return nil
		}
		r.asked[name] = true
	}
	definers := r.library.Index()[name]
	if len(definers) == 0 {
		return nil
	}
	chosen, err := r.choose(by, name, definers)
	if err != nil {
		return err
	}
	for _, m := range chosen {
		if err := r.take(m); err != nil {
			return err
		}
	}
	return nil
}

// choose is which of the members that define a name are taken for it.
func (r *reach) choose(by int, name string, definers []int) ([]int, error) {
	if len(definers) == 1 {
		return definers, nil
	}
	if r.wish.Every == nil {
		for _, m := range definers {
			if r.wish.Last == nil || !r.wish.Last(m) {
				return []int{m}, nil
			}
		}
		return definers[:1], nil
	}
	serving := definers
	if by >= 0 {
		serving = nil
		for _, m := range definers {
			if r.wish.Every(by, m) {
				serving = append(serving, m)
			}
		}
	}
	if len(serving) == 0 {
		serving = definers
	}
	var clashing []int
	for _, m := range serving {
		clashes, err := r.library.clashes(m, name)
		if err != nil {
			return nil, err
		}
		if clashes {
			clashing = append(clashing, m)
		}
	}
	if len(clashing) == 0 {
		return serving[:1], nil
	}
	return clashing, nil
}

// clashes tells whether a member's definition of a name allows no other.
func (l *Library) clashes(member int, name string) (bool, error) {
	o, err := l.Object(member)
	if err != nil {
		return false, err
	}
	if o.Format == archive.Other {
		return true, nil // bitcode: only the index tells its symbols
	}
	for _, s := range o.Symbols {
		if s.Name == name {
			return s.Clashes(), nil
		}
	}
	return false, nil
}

// Doubles are the symbols that several of the members define, where the linker allows one
// definition only.
func (l *Library) Doubles(members []int) (map[string][]int, error) {
	by := map[string][]int{}
	for _, m := range members {
		o, err := l.Object(m)
		if err != nil {
			return nil, err
		}
		for _, s := range o.Symbols {
			if s.Clashes() && !slices.Contains(by[s.Name], m) {
				by[s.Name] = append(by[s.Name], m)
			}
		}
	}
	for name, list := range by {
		if len(list) < 2 {
			delete(by, name)
		}
	}
	return by, nil
}

// Undefined are the symbols that the members want and that none of them defines.
func (l *Library) Undefined(members []int) ([]string, error) {
	wants, defines := map[string]bool{}, map[string]bool{}
	for _, m := range members {
		o, err := l.Object(m)
		if err != nil {
			return nil, fmt.Errorf("read the archive: %w", err)
		}
		for _, s := range o.Symbols {
			switch {
			case s.Binding != archive.Undefined:
				defines[s.Name] = true
			case !s.Optional:
				wants[s.Name] = true
			}
		}
	}
	var list []string
	for name := range wants {
		if !defines[name] {
			list = append(list, name)
		}
	}
	sort.Strings(list)
	return list, nil
}
