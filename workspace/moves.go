package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/edit"
	"github.com/opam-cargo/opam-cargo/internal/manifest"
)

// place is a path crate: a directory of a tree.
type place struct{ pkg, dir string }

// moves is what happens to the path crates that several trees carry under one
// name and version: one lock cannot hold two of them
// (docs/facts.md#one-name-and-version).
type moves struct {
	servedBy map[place]place  // an equal crate of another tree is used instead
	version  map[place]string // the crate's version gets build metadata
}

// decideMoves compares the path crates that the links reach. Equal content: the
// first copy serves all, else one state becomes two. Different content: all of
// them become distinct by build metadata.
func (p *Plan) decideMoves() {
	p.moves = moves{servedBy: map[place]place{}, version: map[place]string{}}
	type user struct {
		place
		hash     func() string
		exported bool
	}
	users := map[string][]user{}
	var order []string
	for _, t := range p.trees {
		h := hasher{tree: t, done: map[string]string{}}
		for _, c := range p.reached(t) {
			id := c.Name + " " + c.Version
			if users[id] == nil {
				order = append(order, id)
			}
			users[id] = append(users[id], user{place{t.Package, c.Dir}, func() string { return h.hash(c) }, slices.Contains(t.Exports, c.Name)})
		}
	}
	for _, id := range order {
		if len(users[id]) == 1 {
			continue
		}
		name, version, _ := strings.Cut(id, " ")
		first := map[string]place{}
		var kept []place
		merge := map[place]*Merge{}
		exportedOnly := true
		for _, u := range users[id] {
			exportedOnly = exportedOnly && u.exported
			hash := u.hash()
			k, ok := first[hash]
			if !ok {
				first[hash] = u.place
				kept = append(kept, u.place)
				continue
			}
			p.moves.servedBy[u.place] = k
			if merge[k] == nil {
				merge[k] = &Merge{Crate: name, Version: version, Kept: k.pkg}
			}
			merge[k].Dropped = append(merge[k].Dropped, u.pkg)
		}
		for _, k := range kept {
			if merge[k] != nil {
				p.Merged = append(p.Merged, *merge[k])
			}
		}
		if len(kept) > 1 {
			s := Split{Crate: name, Version: version, Exported: exportedOnly}
			for _, k := range kept {
				p.moves.version[k] = withMetadata(version, k.pkg)
				s.Packages = append(s.Packages, k.pkg)
			}
			p.Split = append(p.Split, s)
		}
	}
}

// reached lists the path crates of t that its exported crates lead to, those that
// patch a crate, and those that other bindings want of it.
func (p *Plan) reached(t *bindings.Tree) []*bindings.Crate {
	var list []*bindings.Crate
	seen := map[string]bool{}
	var visit func(c *bindings.Crate)
	visit = func(c *bindings.Crate) {
		if seen[c.Dir] {
			return
		}
		seen[c.Dir] = true
		list = append(list, c)
		for _, dir := range c.Paths {
			for i := range t.Crates {
				if t.Crates[i].Dir == dir {
					visit(&t.Crates[i])
				}
			}
		}
	}
	for _, name := range t.Exports {
		visit(exported(t, name))
	}
	for i := range t.Crates {
		if c := &t.Crates[i]; slices.Contains(t.PatchDirs(), c.Dir) || p.wantedOf(t, c) {
			visit(c)
		}
	}
	return list
}

// hasher fingerprints path crates of one tree: the resolved manifest, the files
// of the package (not those of packages below it), what lies around it that its build may
// read, and the same of its path dependencies.
type hasher struct {
	tree *bindings.Tree
	done map[string]string
}

func (h *hasher) hash(c *bindings.Crate) string {
	if sum, ok := h.done[c.Dir]; ok {
		return sum // "" inside a cycle of path dependencies, which cargo refuses
	}
	h.done[c.Dir] = ""
	sum := sha256.New()
	fmt.Fprintln(sum, c.Meta)
	for _, e := range h.tree.Entries {
		rel, ok := relativeTo(c.Dir, e.Path)
		// The manifest is in Meta as cargo reads it; Cargo.lock says nothing here.
		if ok && rel != "Cargo.toml" && rel != "Cargo.lock" && h.owner(e.Path) == c.Dir {
			fmt.Fprintf(sum, "%q %t %q %s\n", rel, e.Exec, e.Link, e.Sum)
		}
	}
	h.around(sum, c)
	for _, dir := range c.Paths {
		for i := range h.tree.Crates {
			if d := &h.tree.Crates[i]; d.Dir == dir {
				fmt.Fprintln(sum, d.Name, h.hash(d))
			}
		}
	}
	h.done[c.Dir] = hex.EncodeToString(sum.Sum(nil))
	return h.done[c.Dir]
}

// owner is the directory of the innermost package that file belongs to.
func (h *hasher) owner(file string) string {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if m := h.tree.Manifests[dir]; m != nil && m.Has("package") || dir == "." {
			return dir
		}
	}
}

func relativeTo(dir, file string) (string, bool) {
	if dir == "." {
		return file, true
	}
	return strings.CutPrefix(file, dir+"/")
}

var notInMetadata = regexp.MustCompile(`[^0-9A-Za-z-]`)

// withMetadata makes version distinct for pkg; metadata that it has is kept
// before a dot.
func withMetadata(version, pkg string) string {
	sep := "+"
	if strings.Contains(version, "+") {
		sep = "."
	}
	return version + sep + notInMetadata.ReplaceAllString(pkg, "-")
}

// placed is where the crate c of t ends up, relative to W, and its version there.
func (p *Plan) placed(t *bindings.Tree, c *bindings.Crate) (dir, version string) {
	at := place{t.Package, c.Dir}
	if k, ok := p.moves.servedBy[at]; ok {
		at = k
	}
	version = c.Version
	if v, ok := p.moves.version[at]; ok {
		version = v
	}
	return stagedDir(at.pkg, at.dir), version
}

// edits are the changes to the manifest in directory dir of t: what a staged
// copy needs, and where its path dependencies went.
func (p *Plan) edits(t *bindings.Tree, dir string, m *manifest.Manifest) []edit.Edit {
	edits := m.RlibOnly()
	if t.OwnRoot(dir) {
		edits = append(edits, m.OwnRoot()...)
	}
	if v, ok := p.moves.version[place{t.Package, dir}]; ok {
		edits = append(edits, m.Version(v)...)
	}
	for _, v := range m.Paths() {
		target := path.Join(dir, filepath.ToSlash(v.Text))
		k, ok := p.moves.servedBy[place{t.Package, target}]
		if !ok {
			continue
		}
		to, err := filepath.Rel(stagedDir(t.Package, dir), stagedDir(k.pkg, k.dir))
		if err == nil {
			edits = append(edits, v.Replace(filepath.ToSlash(to)))
		}
	}
	return edits
}
