package bindings

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/dune"
)

// A binding may install its tree without this tool: by cp in the install: field of its
// opam file, or by dune's (install ...): docs/binding-authors.md#without-the-tool.

// copied reads a command that copies a directory of the package to rust-bindings/<pkg>
// below some prefix: cp -R rust "%{prefix}%/rust-bindings/foocaml", also in a shell's text.
func copied(command []string, pkg string) (OwnTree, bool) {
	if len(command) == 3 && command[0] == "sh" && command[1] == "-c" {
		for _, part := range strings.FieldsFunc(command[2], func(r rune) bool { return r == ';' || r == '&' || r == '\n' }) {
			words := strings.Fields(part)
			for i, w := range words {
				words[i] = strings.Trim(w, `"'`)
			}
			if t, ok := copied(words, pkg); ok {
				return t, true
			}
		}
	}
	if len(command) == 0 || filepath.Base(command[0]) != "cp" {
		return OwnTree{}, false
	}
	args := slices.DeleteFunc(slices.Clone(command[1:]), func(a string) bool { return strings.HasPrefix(a, "-") })
	if len(args) != 2 {
		return OwnTree{}, false
	}
	owner, ok := ownerOf(args[1], pkg)
	if !ok || strings.Contains(args[0], "%{") || !filepath.IsLocal(args[0]) {
		return OwnTree{}, false
	}
	return OwnTree{Package: owner, Dir: filepath.Clean(args[0]), Installed: true}, true
}

// ownerOf is the package that a destination .../rust-bindings/<pkg> is for.
func ownerOf(dest, pkg string) (string, bool) {
	for _, self := range []string{"%{name}%", "%{_:name}%", "$OPAM_PACKAGE_NAME", "${OPAM_PACKAGE_NAME}"} {
		dest = strings.ReplaceAll(dest, self, pkg)
	}
	dest = path.Clean(dest)
	owner := path.Base(dest)
	return owner, path.Base(path.Dir(dest)) == Dir && CheckName(owner) == nil
}

// byDune are the trees that the stanzas of a dune file in dir, relative to the root,
// install: (install (section share_root) (source_trees (rust as rust-bindings/foocaml))).
func byDune(stanzas []dune.Node, dir string) []OwnTree {
	var list []OwnTree
	for _, n := range stanzas {
		if n.Name() == "subdir" && len(n.Args()) > 1 && !n.Args()[0].IsList {
			list = append(list, byDune(n.Args()[1:], filepath.Join(dir, n.Args()[0].Atom))...)
		}
		if n.Name() != "install" || !slices.Equal(n.FieldWords("section"), []string{"share_root"}) {
			continue
		}
		trees, _ := n.Field("source_trees")
		for _, t := range trees.Args() {
			if !t.IsList || len(t.List) != 3 || t.List[1].Atom != "as" || t.List[0].IsList || t.List[2].IsList {
				continue
			}
			if owner, ok := ownerOf(t.List[2].Atom, ""); ok && filepath.IsLocal(filepath.Join(dir, t.List[0].Atom)) {
				list = append(list, OwnTree{Package: owner, Dir: filepath.Join(dir, t.List[0].Atom), Installed: true})
			}
		}
	}
	return list
}
