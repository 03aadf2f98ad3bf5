package link

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/archive"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// rustMember is the name that rustc gives a member: the crate, a hash, and the part of it.
var rustMember = regexp.MustCompile(`^([A-Za-z0-9_]+)-[0-9a-f]{16}\..*\.rcgu\.o$`)

// tellBeside warns of static libraries of Rust that packages of the cone link themselves,
// and that have a crate of this build: its state is then there twice.
func (in Input) tellBeside() (told bool) {
	ours := map[string]bool{}
	for _, n := range in.Graph.Packages {
		if in.Graph.Linked(n.ID) && !in.Graph.Generated(n) && n.Lib != "" {
			ours[n.Lib] = true
		}
	}
	for _, pkg := range in.Cone {
		for _, dir := range in.libraries(pkg) {
			for _, file := range tree.Glob(dir, "lib*.a") {
				if crate := sharedCrate(file, ours); crate != "" {
					told = true
					in.Site.Out.Warn("%s links %s, a Rust library of its own, with the crate %s, which this build has too: what it keeps is there twice in the program",
						pkg, filepath.Base(file), crate)
					in.Site.Out.Hint("a release of %s that installs its Rust sources shares the crate: opam-cargo init --from-vendor moves it", pkg)
				}
			}
		}
	}
	return told
}

// sharedCrate is the first crate of a static library that is one of ours, as OCaml and Rust
// code name it.
func sharedCrate(file string, ours map[string]bool) string {
	a, err := archive.Open(file)
	if err != nil {
		return ""
	}
	defer a.Close()
	for _, m := range a.Members() {
		if name := rustMember.FindStringSubmatch(m.Name); name != nil && ours[name[1]] {
			return strings.ReplaceAll(name[1], "_", "-")
		}
	}
	return ""
}
