package explain

import (
	"sort"

	"github.com/opam-cargo/opam-cargo/internal/graph"
)

// mostPaths bounds the paths that are told for one opam package and crate: there can be
// millions.
const mostPaths = 12

// manyPaths is where counting ends.
const manyPaths = 1_000_000_000

// pathsTo gives, for each opam package, paths of requirements from a crate of its tree
// that is linked to the package id, at most mostPaths of them, and how many more there
// are. Paths are counted before they are walked, so that none leads astray.
func (p Program) pathsTo(id string) (paths []Path, more map[string]int) {
	ways := map[string]int{id: 1} // how many paths lead from there to id
	var count func(at string) int
	count = func(at string) int {
		if n, ok := ways[at]; ok {
			return n
		}
		ways[at] = 0
		n := 0
		for _, dep := range p.Graph.Node(at).Deps {
			n = min(n+count(dep), manyPaths)
		}
		ways[at] = n
		return n
	}
	told, all := map[string]int{}, map[string]int{}
	var walk func(at, pkg string, trail []string)
	walk = func(at, pkg string, trail []string) {
		n := p.Graph.Node(at)
		trail = append(trail[:len(trail):len(trail)], n.Name+" "+n.Version)
		if at == id {
			paths = append(paths, Path{Package: pkg, Crates: trail})
			told[pkg]++
			return
		}
		deps := append([]string{}, n.Deps...)
		sort.Slice(deps, func(i, j int) bool { return p.name(deps[i]) < p.name(deps[j]) })
		for _, dep := range deps {
			if ways[dep] > 0 && told[pkg] < mostPaths {
				walk(dep, pkg, trail)
			}
		}
	}
	for _, n := range p.linked() {
		pkg := p.Graph.Binding(n)
		all[pkg] = min(all[pkg]+count(n.ID), manyPaths)
		if ways[n.ID] > 0 && told[pkg] < mostPaths {
			walk(n.ID, pkg, nil)
		}
	}
	more = map[string]int{}
	for pkg, n := range all {
		if n > told[pkg] {
			more[pkg] = n - told[pkg]
		}
	}
	return paths, more
}

func (p Program) name(id string) string {
	n := p.Graph.Node(id)
	return n.Name + " " + n.Version
}

// linked are the crates that the umbrella crate links, by opam package and name.
func (p Program) linked() []graph.Node {
	var list []graph.Node
	for _, n := range p.Graph.Packages {
		for _, l := range p.Plan.Links {
			if l.Crate == n.Name && l.Version == n.Version && p.Graph.Binding(n) != "" {
				list = append(list, n)
				break
			}
		}
	}
	key := func(n graph.Node) string { return p.Graph.Binding(n) + " " + n.Name + " " + n.Version }
	sort.SliceStable(list, func(i, j int) bool { return key(list[i]) < key(list[j]) })
	return list
}
