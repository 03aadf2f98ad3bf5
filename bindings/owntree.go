package bindings

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// OwnTree is a Rust tree of the root and the package that it belongs to.
type OwnTree struct {
	Package   string
	Dir       string // relative to the root
	Crates    []string
	Installed bool // an install: field or a dune file installs it; else it is the program's own
}

// Trees lists the root's trees: what its install: fields install, by `opam-cargo install
// [DIR]` or by cp, and what its dune files do, each the named package's; and rust/ if
// nothing installs it, which then belongs to the program.
func (r *Root) Trees() []OwnTree {
	var list []OwnTree
	named := map[string]bool{}
	program := ""
	for _, p := range r.Packages {
		if t, ok := r.treeOf(p); ok {
			list = append(list, t)
			named[t.Dir] = true
		} else if program == "" {
			program = p.Name
		}
	}
	if len(r.Packages) == 0 {
		program = r.Building
	}
	if program != "" && !named[defaultTree] && r.hasManifest(defaultTree) {
		list = append(list, OwnTree{Package: program, Dir: defaultTree})
	}
	return list
}

const defaultTree = "rust"

func (r *Root) hasManifest(dir string) bool {
	return tree.Exists(filepath.Join(r.Dir, dir, "Cargo.toml"))
}

// treeOf is the tree that p installs.
func (r *Root) treeOf(p Package) (OwnTree, bool) {
	if t, ok := r.installedTree(p); ok {
		return t, true
	}
	for _, t := range r.byDune {
		if t.Package == p.Name {
			return t, true
		}
	}
	return OwnTree{}, false
}

// installedTree reads the install: field of p.
func (r *Root) installedTree(p Package) (OwnTree, bool) {
	commands, err := p.File.Commands("install")
	if err != nil { // refused where the file was read
		return OwnTree{}, false
	}
	for _, c := range commands {
		if t, ok := copied(c, p.Name); ok {
			return t, true
		}
		args, ok := installArgs(c)
		if !ok || slices.Contains(args, "--compiled") { // which keeps what a program compiled
			continue
		}
		t := OwnTree{Package: p.Name, Installed: true}
		for i := 0; i < len(args); i++ {
			name, value, joined := strings.Cut(args[i], "=")
			switch {
			case !strings.HasPrefix(args[i], "-"):
				t.Dir = filepath.Clean(args[i])
				continue
			case !joined && i+1 < len(args) && installTakesValue(name):
				i++
				value = args[i]
			}
			switch strings.TrimLeft(name, "-") {
			case "crate":
				t.Crates = append(t.Crates, value)
			case "package":
				t.Package = value
			}
		}
		if t.Dir == "" {
			t.Dir = r.DefaultTree()
		}
		return t, true
	}
	return OwnTree{}, false
}

// DefaultTree is the tree that `opam-cargo install` takes without an argument.
func (r *Root) DefaultTree() string {
	if r.hasManifest(defaultTree) || !r.hasManifest(".") {
		return defaultTree
	}
	return "."
}

func installArgs(command []string) ([]string, bool) {
	switch {
	case len(command) >= 2 && filepath.Base(command[0]) == "opam-cargo" && command[1] == "install":
		return command[2:], true
	case len(command) >= 3 && command[0] == "opam" && command[1] == "cargo" && command[2] == "install":
		return command[3:], true
	}
	return nil, false
}

func installTakesValue(flag string) bool {
	switch strings.TrimLeft(flag, "-") {
	case "crate", "package", "prefix", "destdir", "root", "cargo", "color":
		return true
	}
	return false
}

// belongs tells whether t takes part in a build for the selected packages whose
// cone is cone: inside opam only the built package's own tree is taken in-tree;
// outside opam every tree of a selected package or of one in the cone; the
// program's own tree if a package that installs none is selected.
func (r *Root) belongs(t OwnTree, selected, cone map[string]bool) bool {
	if !t.Installed {
		for name := range selected {
			if p, ok := r.Package(name); !ok {
				return true
			} else if _, installs := r.treeOf(p); !installs {
				return true
			}
		}
		return false
	}
	if r.Building != "" {
		return t.Package == r.Building
	}
	return selected[t.Package] || cone[t.Package]
}

// Roles sorts packages into programs, which install no Rust tree, and bindings.
func (r *Root) Roles(names []string) (programs, bound []string) {
	for _, name := range names {
		p, ok := r.Package(name)
		if !ok {
			continue
		}
		if _, installs := r.treeOf(p); installs {
			bound = append(bound, name)
		} else {
			programs = append(programs, name)
		}
	}
	return programs, bound
}
