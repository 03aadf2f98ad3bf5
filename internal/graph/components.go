package graph

import (
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/lockfile"
)

// Component is a crate of the program on this platform.
type Component struct {
	Node
	Dir      string   // of its sources below W
	Checksum string   // sha256 of the .crate file; empty for path and git crates
	Owners   []string // opam packages that it is there for
	Own      string   // opam package whose tree has it; empty for registry and git crates
	Linked   bool     // its code is in the archive; else it only helps to make it
	Vendored string   // the directory that it comes from, where nothing tells that its files are the release's
}

// CrateKey is what tells a crate of a lock from all others.
func CrateKey(name, version, source string) string { return name + " " + version + " " + source }

// Key is the [CrateKey] of n.
func (n *Node) Key() string { return CrateKey(n.Name, n.Version, n.Source) }

// Checksums are those of a lock, by [CrateKey].
func Checksums(lock *lockfile.Lock) map[string]string {
	sums := map[string]string{}
	for _, p := range lock.Packages {
		sums[CrateKey(p.Name, p.Version, p.Source)] = p.Checksum
	}
	return sums
}

// Components lists the crates of the program, the generated ones aside; lock is the one
// that the graph was resolved with.
func (g *Graph) Components(lock *lockfile.Lock) []Component {
	sums := Checksums(lock)
	var list []Component
	for _, n := range g.Packages {
		if len(g.Owners(n.ID)) == 0 {
			continue
		}
		list = append(list, Component{
			Node: n, Dir: filepath.Dir(n.Manifest), Checksum: sums[n.Key()],
			Owners: g.Owners(n.ID), Own: g.Binding(n), Linked: g.Linked(n.ID),
		})
	}
	return list
}
