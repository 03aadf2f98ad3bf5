package bindings

import (
	"errors"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/manifest"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Tree is a binding with its inspected tree.
type Tree struct {
	Binding
	Layout
	Entries []tree.Entry // what is staged, summed: no vendor directory, no private one
	Hash    string       // of Entries
	// Registries are the registries that the tree's cargo configuration names, and
	// their indexes: all that is read of it.
	Registries map[string]string
	Configured []Configured
	Vendor     []string                      // cargo vendor directories, relative
	Keep       []string                      // directories below Vendor that path dependencies name
	Start      string                        // the directory of the manifest that the author named, relative; "." for most
	Top        string                        // that of the workspace's root: the lock, patches and profiles stand there
	Exports    []string                      // names of the crates that the umbrella crate links
	Manifests  map[string]*manifest.Manifest // by directory; those that do not parse are not there

	parts closure
}

// ReadTree lists and sums the files of a binding's tree and parses its
// manifests; it runs nothing.
func ReadTree(b Binding) (*Tree, error) {
	t := &Tree{Binding: b, Start: ".", Top: ".", Manifests: map[string]*manifest.Manifest{}}
	if !tree.IsDir(b.Dir) {
		return nil, problem.New(problem.Input, "the Rust tree is not there").In(b.Package).At(b.Shown, 0).
			Hint("name the directory that holds the Cargo.toml: opam-cargo install DIR")
	}
	if err := t.findParts(); err != nil {
		return nil, t.own(err)
	}
	if !tree.Exists(filepath.Join(t.Dir, filepath.FromSlash(t.Start), "Cargo.toml")) {
		return nil, problem.New(problem.Input, "there is no Cargo.toml in the Rust tree").In(b.Package).At(b.Shown, 0).
			Hint("name the directory that holds it: opam-cargo install DIR")
	}
	for _, part := range t.parts.whole {
		vendor, err := crate.FindVendorDirs(filepath.Join(t.Dir, filepath.FromSlash(part)))
		if err != nil {
			return nil, t.problem(err)
		}
		for _, dir := range vendor {
			t.Vendor = append(t.Vendor, relativeDir(t.Dir, dir))
		}
	}
	if err := t.list(); err != nil {
		return nil, err
	}
	t.Top = t.rootOf(t.Start)
	if err := tree.Sum(t.Dir, t.Entries); err != nil {
		return nil, t.problem(err)
	}
	t.Hash = tree.Hash(t.Entries)
	return t, t.readConfiguration()
}

// findParts says what the tree is made of. What is installed is all of it, and has where
// its manifest is on record; of sources the manifests tell.
func (t *Tree) findParts() error {
	if t.Origin == Installed {
		t.parts = closure{base: t.Dir, start: ".", whole: []string{"."}}
		rec, err := readRecord(t.Package, t.Dir)
		if err == nil && rec != nil && rec.Manifest != "" {
			t.Start = rec.Manifest
		}
		return err
	}
	dir, err := filepath.Abs(t.Dir)
	if err != nil {
		return err
	}
	if t.parts, err = findClosure(dir, boundOf(dir)); err != nil {
		return err
	}
	t.Dir, t.Start = t.parts.base, t.parts.start
	return nil
}

// rootOf is the root of the workspace that a package of the tree belongs to; the package
// itself where there is none.
func (t *Tree) rootOf(dir string) string {
	at := func(abs string) *manifest.Manifest { return t.Manifests[relativeDir(t.Dir, abs)] }
	root := workspaceRoot(filepath.Join(t.Dir, filepath.FromSlash(dir)), t.Dir, at)
	if root == "" {
		return dir
	}
	return relativeDir(t.Dir, root)
}

// OwnRoot tells whether the package in dir is to become the root of a workspace, so that
// no manifest above the tree matters: it has none, and none in the tree is above it.
func (t *Tree) OwnRoot(dir string) bool {
	m := t.Manifests[dir]
	if m == nil || m.Has("workspace") || t.rootOf(dir) != dir || (dir != t.Start && t.crateIn(dir) == nil) {
		return false
	}
	for up := dir; up != "."; {
		up = path.Dir(up)
		if t.OwnRoot(up) {
			return false
		}
	}
	return true
}

// PrivateDir is where the .crate files lie that the tree brings, relative: beside the
// manifest in sources, at the top of what is installed.
func (t *Tree) PrivateDir() string {
	if t.Origin == Installed {
		return tree.Private
	}
	return path.Join(t.Start, tree.Private)
}

// ShownAt is a file or directory of the tree as the user knows it.
func (t *Tree) ShownAt(rel ...string) string {
	name := path.Join(rel...)
	if t.Origin != Installed && t.Start != "." && !path.IsAbs(name) {
		for from := t.Start; from != "."; from = path.Dir(from) {
			if tree.Inside(from, name) {
				return path.Join(t.Shown, strings.Repeat("../", depthOf(t.Start)-depthOf(from)), "./"+strings.TrimPrefix(name, from))
			}
		}
		return path.Join(t.Shown, strings.Repeat("../", depthOf(t.Start)), name)
	}
	return path.Join(t.Shown, name)
}

func depthOf(dir string) int { return 1 + strings.Count(dir, "/") }

// Manifest is that of the workspace's root; nil where it cannot be read.
func (t *Tree) Manifest() *manifest.Manifest { return t.Manifests[t.Top] }

// list fills Entries and Manifests. A path dependency may name one crate of a
// vendor directory; then that crate's directory is part of the tree after all.
func (t *Tree) list() error {
	for {
		entries, err := tree.List(t.Dir, func(dir string) bool { return t.leavesOut(dir) || t.skipVendor(dir) })
		if err != nil {
			return t.problem(err)
		}
		entries = t.parts.only(entries)
		t.Entries = entries
		grew := false
		for _, e := range entries {
			dir := path.Dir(e.Path)
			if path.Base(e.Path) != "Cargo.toml" || t.Manifests[dir] != nil {
				continue
			}
			if len(tree.Escapes(t.Dir, []tree.Entry{e})) > 0 {
				if dir == t.Start {
					return t.Check()
				}
				continue // nothing outside of the tree is read; see Check
			}
			m, err := manifest.Read(filepath.Join(t.Dir, filepath.FromSlash(e.Path)))
			if err != nil {
				if dir == t.Start {
					return t.problem(err).Hint("correct the file, or install a release of %s that has", t.Package)
				}
				continue // a fixture or a template: cargo complains if it needs it (docs/facts.md#metadata-of-a-tree)
			}
			m.File = t.ShownAt(e.Path)
			t.Manifests[dir] = m
			for _, v := range m.Paths() {
				target := path.Join(dir, filepath.ToSlash(v.Text))
				if t.inVendor(target) && !slices.Contains(t.Keep, target) {
					t.Keep = append(t.Keep, target)
					grew = true
				}
			}
		}
		if !grew {
			sort.Strings(t.Keep)
			return nil
		}
	}
}

// leavesOut tells whether a directory is no part of the tree.
func (t *Tree) leavesOut(dir string) bool { return !t.parts.takes(dir) || dir == t.PrivateDir() }

func (t *Tree) inVendor(dir string) bool {
	return slices.ContainsFunc(t.Vendor, func(v string) bool { return dir != v && tree.Inside(v, dir) })
}

func (t *Tree) skipVendor(dir string) bool {
	if !slices.ContainsFunc(t.Vendor, func(v string) bool { return tree.Inside(v, dir) }) {
		return false
	}
	return !slices.ContainsFunc(t.Keep, func(k string) bool { return tree.Inside(k, dir) || tree.Inside(dir, k) })
}

// problem gives err the package and the tree, where it names none.
func (t *Tree) problem(err error) *problem.Error {
	var e *problem.Error
	if !errors.As(err, &e) {
		e = problem.List(err)[0] // of the system, with its hint
		if e.Code == problem.Internal {
			e.Code = problem.Input
		}
	}
	if e.Package == "" {
		e.Package = t.Package
	}
	if e.File == "" {
		e.File = t.Shown
	}
	if rel, ok := tree.Below(t.Dir, e.File); ok {
		e.File = t.ShownAt(filepath.ToSlash(rel))
	}
	return e
}

// own is [Tree.problem] for all that err joins.
func (t *Tree) own(err error) error {
	list := problem.List(err)
	if len(list) < 2 {
		return t.problem(err)
	}
	all := make([]error, 0, len(list))
	for _, e := range list {
		all = append(all, t.problem(e))
	}
	return errors.Join(all...)
}

// RustVersion is the largest rust-version that a crate of the tree asks for;
// empty where none does.
func (t *Tree) RustVersion() string {
	largest := ""
	for _, c := range t.Crates {
		if c.RustVersion != "" && (largest == "" || !cargo.AtLeast(largest, c.RustVersion)) {
			largest = c.RustVersion
		}
	}
	return largest
}
