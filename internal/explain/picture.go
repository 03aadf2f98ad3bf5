package explain

import (
	"fmt"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/graph"
)

// picture is what is drawn of a program: its packages, their bindings, and all crates that
// these bring.
type picture struct {
	boxes []box
	edges [][2]int // from, to
}

type box struct {
	label string
	kind  string // program, binding, crate, shared (of several bindings), several (versions)
}

func (p Program) picture() picture {
	var d picture
	add := func(label, kind string) int {
		d.boxes = append(d.boxes, box{label, kind})
		return len(d.boxes) - 1
	}
	program := add(strings.Join(p.Plan.Packages, ", "), "program")
	versions := map[string]int{}
	var nodes []graph.Node
	for _, n := range p.Graph.Packages {
		if !p.Graph.Generated(n) && len(p.Graph.Owners(n.ID)) > 0 {
			nodes = append(nodes, n)
			versions[n.Name]++
		}
	}
	sort.SliceStable(nodes, func(i, j int) bool { return nodes[i].Name+" "+nodes[i].Version < nodes[j].Name+" "+nodes[j].Version })
	at := map[string]int{}
	for _, n := range nodes {
		kind := "crate"
		switch {
		case versions[n.Name] > 1:
			kind = "several"
		case len(p.Graph.Owners(n.ID)) > 1:
			kind = "shared"
		}
		at[n.ID] = add(n.Name+" "+n.Version, kind)
	}
	for _, b := range p.Plan.Bindings {
		of := add(b.Package, "binding")
		d.edges = append(d.edges, [2]int{program, of})
		for _, n := range p.linked() {
			if p.Graph.Binding(n) == b.Package {
				d.edges = append(d.edges, [2]int{of, at[n.ID]})
			}
		}
	}
	for _, n := range nodes {
		for _, dep := range n.Deps {
			if to, ok := at[dep]; ok {
				d.edges = append(d.edges, [2]int{at[n.ID], to})
			}
		}
	}
	return d
}

// Dot draws the program for Graphviz: bindings, crates, those that several bindings share
// and those that are there in several versions.
func (p Program) Dot() string {
	looks := map[string]string{
		"program": "shape=folder, style=bold", "binding": "shape=folder", "crate": "shape=box",
		"shared": `shape=box, style=filled, fillcolor="#cce5cc"`, "several": `shape=box, style=filled, fillcolor="#f0c8c0"`,
	}
	d := p.picture()
	var b strings.Builder
	b.WriteString("// green: of several bindings; red: there in several versions\ndigraph program {\n  rankdir=LR;\n")
	for i, box := range d.boxes {
		fmt.Fprintf(&b, "  n%d [label=%q, %s];\n", i, box.label, looks[box.kind])
	}
	for _, e := range d.edges {
		fmt.Fprintf(&b, "  n%d -> n%d;\n", e[0], e[1])
	}
	b.WriteString("}\n")
	return b.String()
}

// Mermaid draws the same for a page of Markdown.
func (p Program) Mermaid() string {
	d := p.picture()
	var b strings.Builder
	b.WriteString("%% green: of several bindings; red: there in several versions\nflowchart LR\n")
	for i, box := range d.boxes {
		open, closing := "[", "]"
		if box.kind == "program" || box.kind == "binding" {
			open, closing = "([", "])"
		}
		fmt.Fprintf(&b, "  n%d%s\"%s\"%s:::%s\n", i, open, strings.ReplaceAll(box.label, `"`, "#quot;"), closing, box.kind)
	}
	for _, e := range d.edges {
		fmt.Fprintf(&b, "  n%d --> n%d\n", e[0], e[1])
	}
	b.WriteString("  classDef shared fill:#cce5cc\n  classDef several fill:#f0c8c0\n  classDef program stroke-width:3px\n")
	return b.String()
}
