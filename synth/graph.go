package synth

import (
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Graph is the resolved graph, as far as the later steps need it: what may be compiled
// for the target or run on the host. Crates of other platforms are in the lock only.
type Graph struct {
	Packages []Node `json:"packages"`
}

// Node is a package of the graph.
type Node struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Version     string          `json:"version"`
	Source      string          `json:"source,omitempty"`
	Lib         string          `json:"lib,omitempty"` // name of its library
	Manifest    string          `json:"manifest"`      // absolute
	Links       string          `json:"links,omitempty"`
	RustVersion string          `json:"rust_version,omitempty"`
	License     string          `json:"license,omitempty"`
	LicenseFile string          `json:"license_file,omitempty"` // relative to the manifest's directory
	Features    []string        `json:"features,omitempty"`
	Macro       bool            `json:"macro,omitempty"`  // a procedural macro: run by rustc, not linked
	Deps        []string        `json:"deps,omitempty"`   // ids, development aside
	Linked      []string        `json:"linked,omitempty"` // those of Deps that are more than build dependencies
	Wants       map[string]Want `json:"wants,omitempty"`  // by package name, development aside
}

// Want is what a package asks of another.
type Want struct {
	Req      string   `json:"req"`
	Features []string `json:"features,omitempty"`
	Default  bool     `json:"default,omitempty"` // its default features
}

func newGraph(m *cargo.Metadata) *Graph {
	nodes := map[string]*Node{}
	ids := make([]string, 0, len(m.Packages))
	for _, p := range m.Packages {
		nodes[p.ID] = &Node{ID: p.ID, Name: p.Name, Version: p.Version, Source: p.Source, Manifest: p.ManifestPath, Links: p.Links, RustVersion: p.RustVersion, License: p.License, LicenseFile: p.LicenseFile}
		for _, target := range p.Targets {
			if slices.Contains(target.Kind, "lib") || slices.Contains(target.Kind, "rlib") || slices.Contains(target.Kind, "staticlib") {
				nodes[p.ID].Lib = strings.ReplaceAll(target.Name, "-", "_")
			}
			nodes[p.ID].Macro = nodes[p.ID].Macro || slices.Contains(target.Kind, "proc-macro")
		}
		for _, d := range p.Dependencies {
			if d.Kind != "dev" {
				nodes[p.ID].want(d)
			}
		}
		ids = append(ids, p.ID)
	}
	if m.Resolve != nil {
		for _, n := range m.Resolve.Nodes {
			node := nodes[n.ID]
			if node == nil {
				continue
			}
			node.Features = n.Features
			for _, d := range n.Deps {
				if !only(d.DepKinds, "dev") {
					node.Deps = append(node.Deps, d.Pkg)
				}
				if !only(d.DepKinds, "dev", "build") {
					node.Linked = append(node.Linked, d.Pkg)
				}
			}
		}
	}
	sort.Strings(ids)
	g := &Graph{}
	for _, id := range ids {
		g.Packages = append(g.Packages, *nodes[id])
	}
	return g
}

// want adds what one entry of the manifest asks for.
func (n *Node) want(d cargo.Dependency) {
	if n.Wants == nil {
		n.Wants = map[string]Want{}
	}
	w := n.Wants[d.Name]
	if w.Req != "" && w.Req != d.Req {
		d.Req = w.Req + " and " + d.Req
	}
	w.Req = d.Req
	w.Features = append(w.Features, d.Features...)
	w.Default = w.Default || d.DefaultFeatures
	n.Wants[d.Name] = w
}

func only(kinds []cargo.DepKind, names ...string) bool {
	for _, k := range kinds {
		if !slices.Contains(names, k.Kind) {
			return false
		}
	}
	return len(kinds) > 0
}

// owner is the opam package that a manifest belongs to: of a staged path crate
// the binding; else empty.
func owner(d workspace.Dirs, manifest string) string {
	rel, ok := tree.Below(d.Bindings(), manifest)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
	return name
}

// linked are the packages whose code ends up in the archive, by id: no build
// dependencies, no macros and nothing that only these need.
func (g *Graph) linked(d workspace.Dirs) map[string]bool {
	byID := map[string]*Node{}
	for i := range g.Packages {
		byID[g.Packages[i].ID] = &g.Packages[i]
	}
	found := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		if n := byID[id]; n != nil && !found[id] && !n.Macro {
			found[id] = true
			for _, dep := range n.Linked {
				visit(dep)
			}
		}
	}
	for _, n := range g.Packages {
		if n.Manifest == d.Manifest() {
			visit(n.ID)
		}
	}
	return found
}

// owners lists, for each node, the opam packages whose path crates lead to it.
func (g *Graph) owners(d workspace.Dirs) map[string][]string {
	byID := map[string]*Node{}
	for i := range g.Packages {
		byID[g.Packages[i].ID] = &g.Packages[i]
	}
	found := map[string]map[string]bool{}
	var visit func(id, pkg string)
	visit = func(id, pkg string) {
		if found[id] == nil {
			found[id] = map[string]bool{}
		}
		if found[id][pkg] || byID[id] == nil {
			return
		}
		found[id][pkg] = true
		for _, dep := range byID[id].Deps {
			visit(dep, pkg)
		}
	}
	for _, n := range g.Packages {
		if pkg := owner(d, n.Manifest); pkg != "" && !strings.HasPrefix(pkg, "patch.") { // a patch is whose it serves
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
