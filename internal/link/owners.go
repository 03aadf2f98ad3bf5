package link

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/archive"
	"github.com/opam-cargo/opam-cargo/internal/compile"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/object"
)

// part is where a member of an rlib is.
type part struct {
	node   *graph.Node
	rlib   int
	member int
}

// owners says which crate a member of the static library comes from: rustc puts the
// members of rlibs into it as they are.
type owners struct {
	graph *graph.Graph
	rlibs []rlib
	parts map[string][]part // name and size -> where
	below map[string]map[string]bool
}

type rlib struct {
	*archive.Archive
	node *graph.Node
}

func openRlibs(g *graph.Graph, files []compile.Rlib) (*owners, error) {
	o := &owners{graph: g, parts: map[string][]part{}, below: map[string]map[string]bool{}}
	seen := map[string]bool{}
	for _, r := range files {
		n := g.At(r.Manifest)
		if seen[r.File] || n == nil || !g.Linked(n.ID) {
			continue
		}
		seen[r.File] = true
		a, err := archive.Open(r.File)
		if err != nil {
			o.close()
			return nil, fmt.Errorf("read the rlib of %s: %w", n.Name, err)
		}
		for i, m := range a.Members() {
			if m.Name != metadata {
				key := partKey(m)
				o.parts[key] = append(o.parts[key], part{n, len(o.rlibs), i})
			}
		}
		o.rlibs = append(o.rlibs, rlib{a, n})
	}
	return o, nil
}

const metadata = "lib.rmeta"

func partKey(m archive.Member) string { return fmt.Sprint(m.Name, "\x00", m.Size) }

func (o *owners) close() {
	for _, r := range o.rlibs {
		_ = r.Close() // nothing was written
	}
}

// of are the crates of a library's members; nil for those of Rust's own, and of what
// link-time optimisation made.
func (o *owners) of(l *object.Library) ([]*graph.Node, error) {
	list := make([]*graph.Node, len(l.Members()))
	for i, m := range l.Members() {
		candidates := o.parts[partKey(m)]
		if len(candidates) == 0 {
			continue
		}
		list[i] = candidates[0].node
		if len(candidates) == 1 {
			continue
		}
		content, err := l.Content(i)
		if err != nil {
			return nil, err
		}
		for _, c := range candidates {
			same, err := o.rlibs[c.rlib].Content(c.member)
			if err != nil {
				return nil, err
			}
			if bytes.Equal(content, same) {
				list[i] = c.node
				break
			}
		}
	}
	return list, nil
}

// optimised are the rlibs none of whose objects is in a library: link-time optimisation
// made other objects of them.
func (o *owners) optimised(of []*graph.Node) []rlib {
	there := map[*graph.Node]bool{}
	for _, n := range of {
		there[n] = true
	}
	var list []rlib
	for _, r := range o.rlibs {
		if !there[r.node] && len(r.Members()) > 1 {
			list = append(list, r)
		}
	}
	return list
}

// serves tells whether the crate a, or one that it is linked with, is b.
func (o *owners) serves(a, b *graph.Node) bool {
	if a == nil || b == nil || a == b {
		return true
	}
	if o.below[a.ID] == nil {
		set := map[string]bool{}
		var visit func(id string)
		visit = func(id string) {
			if n := o.graph.Node(id); n != nil && !set[id] {
				set[id] = true
				for _, dep := range n.Linked {
					visit(dep)
				}
			}
		}
		visit(a.ID)
		o.below[a.ID] = set
	}
	return o.below[a.ID][b.ID]
}

// rustObject tells a member that rustc made, by the name that it gives.
func rustObject(m archive.Member) bool { return strings.HasSuffix(m.Name, ".rcgu.o") }
