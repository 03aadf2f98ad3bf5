package explain

import (
	"fmt"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/graph"
)

// Tree draws who needs a version of a crate, as cargo tree --invert does: those that
// depend on it below it. What has been drawn before ends with (*).
func (p Program) Tree(name, version string) string {
	users := map[string][]graph.Node{}
	for _, n := range p.Graph.Packages {
		for _, dep := range n.Deps {
			if !p.Graph.Generated(n) {
				users[dep] = append(users[dep], n)
			}
		}
	}
	var b strings.Builder
	drawn := map[string]bool{}
	var draw func(n graph.Node, first, rest string)
	draw = func(n graph.Node, first, rest string) {
		fmt.Fprintf(&b, "%s%s v%s", first, n.Name, n.Version)
		if of := p.Graph.Binding(n); of != "" {
			fmt.Fprintf(&b, " (%s)", of)
		}
		if drawn[n.ID] && len(users[n.ID]) > 0 {
			b.WriteString(" (*)\n")
			return
		}
		b.WriteString("\n")
		drawn[n.ID] = true
		list := users[n.ID]
		sort.Slice(list, func(i, j int) bool { return list[i].Name+" "+list[i].Version < list[j].Name+" "+list[j].Version })
		for i, user := range list {
			if i+1 < len(list) {
				draw(user, rest+"├── ", rest+"│   ")
			} else {
				draw(user, rest+"└── ", rest+"    ")
			}
		}
	}
	if n := p.Graph.Find(name, version); n != nil {
		draw(*n, "", "")
	}
	return b.String()
}
