package bindings

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

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
	Vendor     []string                      // cargo vendor directories, relative
	Keep       []string                      // directories below Vendor that path dependencies name
	Exports    []string                      // names of the crates that the umbrella crate links
	Manifests  map[string]*manifest.Manifest // by directory; those that do not parse are not there
}

// ReadTree lists and sums the files of a binding's tree and parses its
// manifests; it runs nothing.
func ReadTree(b Binding) (*Tree, error) {
	t := &Tree{Binding: b, Manifests: map[string]*manifest.Manifest{}}
	if !tree.IsDir(b.Dir) {
		return nil, problem.New(problem.Input, "the Rust tree is not there").In(b.Package).At(b.Shown, 0).
			Hint("name the directory that holds the Cargo.toml: opam-cargo install DIR")
	}
	if !tree.Exists(filepath.Join(b.Dir, "Cargo.toml")) {
		return nil, problem.New(problem.Input, "there is no Cargo.toml in the Rust tree").In(b.Package).At(b.Shown, 0).
			Hint("name the directory that holds it: opam-cargo install DIR")
	}
	vendor, err := crate.FindVendorDirs(b.Dir)
	if err != nil {
		return nil, t.problem(err)
	}
	for _, dir := range vendor {
		rel, err := filepath.Rel(b.Dir, dir)
		if err != nil {
			return nil, err
		}
		t.Vendor = append(t.Vendor, filepath.ToSlash(rel))
	}
	if err := t.list(); err != nil {
		return nil, err
	}
	if err := tree.Sum(b.Dir, t.Entries); err != nil {
		return nil, t.problem(err)
	}
	t.Hash = tree.Hash(t.Entries)
	return t, t.readRegistries()
}

// readRegistries reads [registries.NAME] index of the tree's cargo configuration: a
// manifest that names a registry means nothing without it.
func (t *Tree) readRegistries() error {
	for _, e := range t.Entries {
		if (e.Path != ".cargo/config.toml" && e.Path != ".cargo/config") || e.Link != "" {
			continue
		}
		src, err := os.ReadFile(filepath.Join(t.Dir, filepath.FromSlash(e.Path)))
		if err != nil {
			return t.problem(err)
		}
		var config struct {
			Registries map[string]struct {
				Index string `toml:"index"`
			} `toml:"registries"`
		}
		if toml.Unmarshal(src, &config) != nil {
			continue // cargo's own configuration of the author's, which does not apply here
		}
		for name, r := range config.Registries {
			if r.Index == "" {
				continue
			}
			if t.Registries == nil {
				t.Registries = map[string]string{}
			}
			t.Registries[name] = r.Index
		}
	}
	return nil
}

// list fills Entries and Manifests. A path dependency may name one crate of a
// vendor directory; then that crate's directory is part of the tree after all.
func (t *Tree) list() error {
	for {
		entries, err := tree.List(t.Dir, t.skipVendor)
		if err != nil {
			return t.problem(err)
		}
		t.Entries = entries
		grew := false
		for _, e := range entries {
			dir := path.Dir(e.Path)
			if path.Base(e.Path) != "Cargo.toml" || t.Manifests[dir] != nil {
				continue
			}
			if len(tree.Escapes([]tree.Entry{e})) > 0 {
				if dir == "." {
					return t.Check()
				}
				continue // nothing outside of the tree is read; see Check
			}
			m, err := manifest.Read(filepath.Join(t.Dir, filepath.FromSlash(e.Path)))
			if err != nil {
				if dir == "." {
					return t.problem(err).Hint("correct the file, or install a release of %s that has", t.Package)
				}
				continue // a fixture or a template: cargo complains if it needs it (docs/facts.md#metadata-of-a-tree)
			}
			m.File = path.Join(t.Shown, e.Path)
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
		e = problem.New(problem.Input, "%w", err)
	}
	if e.Package == "" {
		e.Package = t.Package
	}
	if e.File == "" {
		e.File = t.Shown
	}
	e.File = strings.Replace(e.File, t.Dir, t.Shown, 1)
	return e
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
