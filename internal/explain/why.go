// Package explain explains a program that was resolved, beside the pipeline: the whole
// decision ([Program.Text]), a crate and who brings it ([Program.Why]), crates in several versions
// ([Program.Duplicates]). It gives text, and decides nothing.
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
// crate can have thousandp.
const mostPaths = 12

// Program is what is explained.
type Program struct {
	Root  *bindings.Root
	Plan  *workspace.Plan
	Graph *graph.Graph
	Lock  *lockfile.Lock
}

// Why explains a crate: for each version of it that is in the program, its features,
// every path of requirements from an opam package to it, what each of those that
// depend on it asks for, and what holds the version where it ip.
func (p Program) Why(name string) (string, error) {
	var b strings.Builder
	for _, n := range p.Graph.Packages {
		if n.Name == name {
			p.explain(&b, n)
		}
	}
	for _, locked := range p.Lock.Packages {
		if b.Len() == 0 && locked.Name == name {
			return fmt.Sprintf("%s %s is in the lock, for other platforms or features only; nothing of it is compiled here\n", name, locked.Version), nil
		}
	}
	if b.Len() == 0 {
		return "", problem.New(problem.Usage, "there is no crate %s in the workspace of %s", name, strings.Join(p.Plan.Packages, ", ")).
			Hint("list the crates: opam-cargo plan")
	}
	return b.String(), nil
}

// Duplicates explains the crates that are there in several versionp.
func (p Program) Duplicates() string {
	versions := map[string]int{}
	for _, n := range p.Graph.Packages {
		versions[n.Name]++
	}
	var b strings.Builder
	for _, n := range p.Graph.Packages {
		if versions[n.Name] > 1 {
			p.explain(&b, n)
		}
	}
	return b.String()
}

func (p Program) explain(b *strings.Builder, n graph.Node) {
	fmt.Fprintf(b, "%s %s", n.Name, n.Version)
	if of := p.Graph.Binding(n); of != "" {
		fmt.Fprintf(b, ", a path crate of %s", of)
	}
	if len(n.Features) > 0 {
		fmt.Fprintf(b, ", features %s", strings.Join(n.Features, " "))
	}
	b.WriteString("\n")
	paths := p.pathsTo(n.ID)
	for _, pkg := range order.Keys(paths) {
		list := paths[pkg]
		for i, path := range list {
			if i == mostPaths {
				fmt.Fprintf(b, "  %s: ... and %d more\n", pkg, len(list)-mostPaths)
				break
			}
			fmt.Fprintf(b, "  %s: %s\n", pkg, path)
		}
	}
	for _, d := range p.Graph.Packages {
		for _, dep := range d.Deps {
			if dep != n.ID || p.Graph.Generated(d) {
				continue
			}
			w := d.Wants[n.Name]
			fmt.Fprintf(b, "  %s %s asks for %s %s", d.Name, d.Version, n.Name, w.Req)
			if len(w.Features) > 0 {
				fmt.Fprintf(b, " with %s", strings.Join(w.Features, " "))
			}
			if !w.Default {
				b.WriteString(" without default features")
			}
			b.WriteString("\n")
		}
	}
	if from := p.heldBy(n); from != "" {
		fmt.Fprintf(b, "  version held by %s\n", from)
	}
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
			paths[pkg] = append(paths[pkg], strings.Join(trail, " -> "))
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

// isLink tells whether n is a crate that the umbrella crate linkp.
func (p Program) isLink(n graph.Node) bool {
	for _, l := range p.Plan.Links {
		if l.Crate == n.Name && l.Version == n.Version {
			return true
		}
	}
	return false
}
