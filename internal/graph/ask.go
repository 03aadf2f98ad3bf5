package graph

import (
	"sort"
	"strings"
)

// Node is the package id; nil where there is none.
func (g *Graph) Node(id string) *Node {
	if i, ok := g.byID[id]; ok {
		return &g.Packages[i]
	}
	return nil
}

// Find is the package of a name and version; nil where there is none.
func (g *Graph) Find(name, version string) *Node {
	for i := range g.Packages {
		if n := &g.Packages[i]; n.Name == name && n.Version == version {
			return n
		}
	}
	return nil
}

// At is the package of a manifest; nil where there is none.
func (g *Graph) At(manifest string) *Node {
	for i := range g.Packages {
		if n := &g.Packages[i]; n.Manifest == manifest {
			return n
		}
	}
	return nil
}

// Binding is the opam package whose tree has n; empty for registry and git crates.
func (g *Graph) Binding(n Node) string { return g.dirs.BindingOf(n.Manifest) }

// Generated tells whether n is one of the crates that the tool makes.
func (g *Graph) Generated(n Node) bool { return g.dirs.Generated(n.Manifest) }

// Linked tells whether the package's code ends up in the archive: it is no build
// dependency, no macro, and nothing that only these need.
func (g *Graph) Linked(id string) bool { return g.linked[id] }

func (g *Graph) findLinked() map[string]bool {
	found := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		if n := g.Node(id); n != nil && !found[id] && !n.Macro {
			found[id] = true
			for _, dep := range n.Linked {
				visit(dep)
			}
		}
	}
	for _, n := range g.Packages {
		if n.Manifest == g.dirs.Manifest() {
			visit(n.ID)
		}
	}
	return found
}

// Owners are the opam packages whose path crates lead to the package, sorted.
func (g *Graph) Owners(id string) []string { return g.owners[id] }

// Owned is how many packages have an owner: all but those that the tool makes.
func (g *Graph) Owned() int { return len(g.owners) }

func (g *Graph) findOwners() map[string][]string {
	found := map[string]map[string]bool{}
	var visit func(id, pkg string)
	visit = func(id, pkg string) {
		if found[id] == nil {
			found[id] = map[string]bool{}
		}
		n := g.Node(id)
		if found[id][pkg] || n == nil {
			return
		}
		found[id][pkg] = true
		for _, dep := range n.Deps {
			visit(dep, pkg)
		}
	}
	for _, n := range g.Packages {
		if pkg := g.Binding(n); pkg != "" && !strings.HasPrefix(pkg, "patch.") { // a patch is whose it serves
			visit(n.ID, pkg)
		}
	}
	lists := map[string][]string{}
	for id, set := range found {
		for pkg := range set {
			lists[id] = append(lists[id], pkg)
		}
		sort.Strings(lists[id])
	}
	return lists
}

// Account says who wants a crate, with which requirement, and for which opam packages.
func (g *Graph) Account(name, version string) string {
	wanted := g.Find(name, version)
	var who []string
	for _, n := range g.Packages {
		for _, dep := range n.Deps {
			if wanted == nil || dep != wanted.ID {
				continue
			}
			text := n.Name
			if req := n.Wants[name].Req; req != "" {
				text += " wants " + req
			}
			if of := strings.Join(g.Owners(n.ID), ", "); of != "" {
				text += ", for " + of
			}
			who = append(who, text)
		}
	}
	if len(who) == 0 {
		return "for other platforms or features than are built here"
	}
	sort.Strings(who)
	return strings.Join(who, "; ")
}
