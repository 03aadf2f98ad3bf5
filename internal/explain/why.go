// Package explain explains a program that was resolved, beside the pipeline: the whole
// decision ([Program.Text]), a crate and who brings it ([Program.Why]), crates in several versions
// ([Program.Duplicates], [Program.Tree]), and draws the
// program ([Program.Dot], [Program.Mermaid]). It decides nothing.
package explain

import (
	"fmt"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/resolve"
	"github.com/opam-cargo/opam-cargo/workspace"
)

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
	Name      string         `json:"name"`
	Version   string         `json:"version"`
	Of        string         `json:"path_crate_of,omitempty"` // the binding whose tree has it
	Features  []string       `json:"features,omitempty"`
	Paths     []Path         `json:"paths,omitempty"`
	More      map[string]int `json:"more_paths,omitempty"` // of a package, besides Paths
	AskedBy   []Asker        `json:"asked_by,omitempty"`
	HeldBy    string         `json:"held_by,omitempty"`   // the locks that have this version
	Elsewhere bool           `json:"elsewhere,omitempty"` // in the lock for other platforms or features only
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
	c.Paths, c.More = p.pathsTo(n.ID)
	for _, d := range p.Graph.Packages {
		for _, dep := range d.Deps {
			if dep == n.ID && !p.Graph.Generated(d) {
				w := d.Wants[n.Name]
				c.AskedBy = append(c.AskedBy, Asker{
					Name: d.Name, Version: d.Version, Requirement: w.Req, Features: w.Features, DefaultFeatures: w.Default,
				})
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
	for i, path := range c.Paths {
		fmt.Fprintf(&b, "  %s: %s\n", path.Package, strings.Join(path.Crates, " -> "))
		last := i+1 == len(c.Paths) || c.Paths[i+1].Package != path.Package
		switch more := c.More[path.Package]; {
		case last && more >= manyPaths/2:
			fmt.Fprintf(&b, "  %s: ... and very many more\n", path.Package)
		case last && more > 0:
			fmt.Fprintf(&b, "  %s: ... and %d more\n", path.Package, more)
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
