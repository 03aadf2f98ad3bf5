// Package graph is the graph that cargo resolved: which package is compiled, with which
// features, and who needs whom. It comes out of step 3 (internal/resolve), and all later
// steps and the commands that explain a program ask it. Entry points: [New], [Of],
// [Graph.Owners], [Graph.Linked], [Graph.Account], [Graph.Components]. It is a value: it
// reads no file, runs nothing and prints nothing.
package graph

import (
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Graph is the resolved graph, as far as the later steps need it: what may be compiled
// for the target or run on the host. Crates of other platforms are in the lock only.
type Graph struct {
	Packages []Node `json:"packages"`

	dirs   workspace.Dirs
	byID   map[string]int      // index in Packages
	owners map[string][]string // see [Graph.Owners]
	linked map[string]bool     // see [Graph.Linked]
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
	Script      bool            `json:"script,omitempty"` // it has a build script, which cargo runs
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

// New is the graph of what cargo says of the workspace in d.
func New(m *cargo.Metadata, d workspace.Dirs) *Graph {
	nodes := map[string]*Node{}
	ids := make([]string, 0, len(m.Packages))
	for _, p := range m.Packages {
		nodes[p.ID] = &Node{
			ID: p.ID, Name: p.Name, Version: p.Version, Source: p.Source, Manifest: p.ManifestPath,
			Links: p.Links, RustVersion: p.RustVersion, License: p.License, LicenseFile: p.LicenseFile,
		}
		for _, target := range p.Targets {
			if slices.Contains(target.Kind, "lib") || slices.Contains(target.Kind, "rlib") || slices.Contains(target.Kind, "staticlib") {
				nodes[p.ID].Lib = strings.ReplaceAll(target.Name, "-", "_")
			}
			nodes[p.ID].Macro = nodes[p.ID].Macro || slices.Contains(target.Kind, "proc-macro")
			nodes[p.ID].Script = nodes[p.ID].Script || slices.Contains(target.Kind, "custom-build")
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
	packages := make([]Node, 0, len(ids))
	for _, id := range ids {
		packages = append(packages, *nodes[id])
	}
	return Of(packages, d)
}

// Of is the graph of packages that an earlier [New] gave.
func Of(packages []Node, d workspace.Dirs) *Graph {
	g := &Graph{Packages: packages, dirs: d, byID: map[string]int{}}
	for i, n := range packages {
		g.byID[n.ID] = i
	}
	g.owners, g.linked = g.findOwners(), g.findLinked()
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
