// Package explain explains a program that was resolved, beside the pipeline: the whole
// decision ([Program.Text]), a crate and who brings it ([Program.Why]), crates in several versions
// ([Program.Duplicates]). It decides nothing.
package explain

import (
	"fmt"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/resolve"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// mostPaths bounds the paths that are told for one opam package and crate: a common
// crate can have thousands.
const mostPaths = 12

// arrow stands between the crates of a path.
const arrow = " -> "

// Program is what is explained.
type Program struct {
	Root  *bindings.Root
	Plan  *workspace.Plan
	Graph *graph.Graph
	Lock  *lockfile.Lock

	Vendored []workspace.Vendored
}

// Crate is what is known of one version of a crate.
type Crate struct {
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	Of        string   `json:"path_crate_of,omitempty"` // the binding whose tree has it
	Features  []string `json:"features,omitempty"`
	Paths     []Path   `json:"paths,omitempty"`
	AskedBy   []Asker  `json:"asked_by,omitempty"`
	HeldBy    string   `json:"held_by,omitempty"`   // the locks that have this version
	Elsewhere bool     `json:"elsewhere,omitempty"` // in the lock for other platforms or features only
}

// Path leads from a crate of a binding to the crate that is explained.
type Path struct {
	Package string   `json:"package"`
	Crates  []string `json:"crates"`
}

// Asker is a crate that depends on the one that is explained.
type Asker struct {
	Name            string   `json:"name"`
	Version         string   `json:"version"`
	Requirement     string   `json:"requirement"`
	Features        []string `json:"features,omitempty"`
	DefaultFeatures bool     `json:"default_features"`
}

// Why explains a crate: for each version of it that is in the program, its features,
// every path of requirements from an opam package to it, what each of those that
// depend on it asks for, and what holds the version where it is.
func (p Program) Why(name string) ([]Crate, error) {
	var list []Crate
	for _, n := range p.Graph.Packages {
		if n.Name == name {
			list = append(list, p.explain(n))
		}
	}
	for _, locked := range p.Lock.Packages {
		if len(list) == 0 && locked.Name == name {
			return []Crate{{Name: name, Version: locked.Version, Elsewhere: true}}, nil
		}
	}
	if len(list) == 0 {
		return nil, problem.New(problem.Usage, "there is no crate %s in the workspace of %s", name, strings.Join(p.Plan.Packages, ", ")).
			Hint("list the crates: opam-cargo plan")
	}
	return list, nil
}

// Duplicates explains the crates that are there in several versions.
func (p Program) Duplicates() []Crate {
	versions := map[string]int{}
	for _, n := range p.Graph.Packages {
		versions[n.Name]++
	}
	var list []Crate
	for _, n := range p.Graph.Packages {
		if versions[n.Name] > 1 {
			list = append(list, p.explain(n))
		}
	}
	return list
}

func (p Program) explain(n graph.Node) Crate {
	c := Crate{Name: n.Name, Version: n.Version, Of: p.Graph.Binding(n), Features: n.Features, HeldBy: p.heldBy(n)}
	paths := p.pathsTo(n.ID)
	for _, pkg := range order.Keys(paths) {
		for _, path := range paths[pkg] {
			c.Paths = append(c.Paths, Path{Package: pkg, Crates: strings.Split(path, arrow)})
		}
	}
	for _, d := range p.Graph.Packages {
		for _, dep := range d.Deps {
			if dep == n.ID && !p.Graph.Generated(d) {
				w := d.Wants[n.Name]
				c.AskedBy = append(c.AskedBy, Asker{Name: d.Name, Version: d.Version, Requirement: w.Req, Features: w.Features, DefaultFeatures: w.Default})
			}
		}
	}
	return c
}

// String is the explanation in words, some lines long.
func (c Crate) String() string {
	if c.Elsewhere {
		return fmt.Sprintf("%s %s is in the lock, for other platforms or features only; nothing of it is compiled here\n", c.Name, c.Version)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", c.Name, c.Version)
	if c.Of != "" {
		fmt.Fprintf(&b, ", a path crate of %s", c.Of)
	}
	if len(c.Features) > 0 {
		fmt.Fprintf(&b, ", features %s", strings.Join(c.Features, " "))
	}
	b.WriteString("\n")
	all, told := map[string]int{}, map[string]int{}
	for _, path := range c.Paths {
		all[path.Package]++
	}
	for _, path := range c.Paths {
		told[path.Package]++
		switch n := told[path.Package]; {
		case n <= mostPaths:
			fmt.Fprintf(&b, "  %s: %s\n", path.Package, strings.Join(path.Crates, arrow))
		case n == mostPaths+1:
			fmt.Fprintf(&b, "  %s: ... and %d more\n", path.Package, all[path.Package]-mostPaths)
		}
	}
	for _, a := range c.AskedBy {
		fmt.Fprintf(&b, "  %s %s asks for %s %s", a.Name, a.Version, c.Name, a.Requirement)
		if len(a.Features) > 0 {
			fmt.Fprintf(&b, " with %s", strings.Join(a.Features, " "))
		}
		if !a.DefaultFeatures {
			b.WriteString(" without default features")
		}
		b.WriteString("\n")
	}
	if c.HeldBy != "" {
		fmt.Fprintf(&b, "  version held by %s\n", c.HeldBy)
	}
	return b.String()
}

// heldBy says which lock has the version that is taken.
func (p Program) heldBy(n graph.Node) string {
	l, err := resolve.ReadLocks(p.Root.Dir, p.Plan.Trees())
	if err != nil || n.Source == "" {
		return ""
	}
	has := func(lock *lockfile.Lock) bool {
		if lock == nil {
			return false
		}
		for _, locked := range lock.Packages {
			if locked.Name == n.Name && locked.Version == n.Version {
				return true
			}
		}
		return false
	}
	if has(l.Committed) {
		return lockfile.Committed
	}
	var of []string
	for i, t := range l.Trees {
		if has(l.Own[i]) {
			of = append(of, "the Cargo.lock of "+t.Package)
		}
	}
	return strings.Join(of, ", ")
}

// pathsTo lists, for each opam package, the paths of requirements from a path crate
// of its tree to the package id.
func (p Program) pathsTo(id string) map[string][]string {
	byID := map[string]graph.Node{}
	users := map[string][]string{}
	for _, n := range p.Graph.Packages {
		byID[n.ID] = n
		for _, dep := range n.Deps {
			users[dep] = append(users[dep], n.ID)
		}
	}
	paths := map[string][]string{}
	var walk func(at string, trail []string)
	walk = func(at string, trail []string) {
		n := byID[at]
		trail = append([]string{n.Name + " " + n.Version}, trail...)
		pkg := p.Graph.Binding(n)
		if pkg != "" && p.isLink(n) {
			paths[pkg] = append(paths[pkg], strings.Join(trail, arrow))
		}
		for _, user := range users[at] {
			if !p.Graph.Generated(*p.Graph.Node(user)) && len(paths[pkg]) <= 10*mostPaths {
				walk(user, trail)
			}
		}
	}
	walk(id, nil)
	for _, list := range paths {
		sort.Strings(list)
	}
	return paths
}

// isLink tells whether n is a crate that the umbrella crate links.
func (p Program) isLink(n graph.Node) bool {
	for _, l := range p.Plan.Links {
		if l.Crate == n.Name && l.Version == n.Version {
			return true
		}
	}
	return false
}
