package synth

import "path/filepath"

// Component is a crate of the program on this platform.
type Component struct {
	Node
	Dir      string   // of its sources below W
	Checksum string   // sha256 of the .crate file; empty for path and git crates
	Owners   []string // opam packages that it is there for
	Own      string   // opam package whose tree has it; empty for registry and git crates
	Linked   bool     // its code is in the archive; else it only helps to make it
}

// crateKey is what tells a crate of a lock from all others.
func crateKey(name, version, source string) string { return name + " " + version + " " + source }

func (n *Node) key() string { return crateKey(n.Name, n.Version, n.Source) }

// checksums are those of the lock, by [crateKey].
func (s *State) checksums() map[string]string {
	sums := map[string]string{}
	for _, p := range s.Lock.Packages {
		sums[crateKey(p.Name, p.Version, p.Source)] = p.Checksum
	}
	return sums
}

// Components lists the crates of the program, the generated ones aside.
func (s *State) Components() []Component {
	owners, linked := s.Graph.owners(s.Dirs), s.Graph.linked(s.Dirs)
	sums := s.checksums()
	var list []Component
	for _, n := range s.Graph.Packages {
		if len(owners[n.ID]) == 0 {
			continue
		}
		list = append(list, Component{
			Node: n, Dir: filepath.Dir(n.Manifest), Checksum: sums[n.key()],
			Owners: owners[n.ID], Own: owner(s.Dirs, n.Manifest), Linked: linked[n.ID],
		})
	}
	return list
}
