package bindings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/edit"
	"github.com/opam-cargo/opam-cargo/internal/manifest"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Crate is a path package of a tree, as cargo sees it.
type Crate struct {
	Name        string            `toml:"name" json:"name"`
	Version     string            `toml:"version" json:"version"`
	Dir         string            `toml:"dir" json:"dir"` // relative to the tree; "." for its root
	Lib         string            `toml:"lib,omitempty" json:"lib,omitempty"`
	Types       []string          `toml:"crate-types,omitempty" json:"crate_types,omitempty"` // of the library
	Links       string            `toml:"links,omitempty" json:"links,omitempty"`
	RustVersion string            `toml:"rust-version,omitempty" json:"rust_version,omitempty"`
	Paths       []string          `toml:"path-dependencies,omitempty" json:"path_dependencies,omitempty"` // their directories
	Needs       []string          `toml:"needs,omitempty" json:"needs,omitempty"`                         // packages it requires, development aside
	Requires    []Requirement     `toml:"requires,omitempty" json:"requires,omitempty"`                   // of the default registry, development aside
	Outside     []string          `toml:"outside,omitempty" json:"outside,omitempty"`                     // sources of its targets that are not in the tree
	From        map[string]string `toml:"from,omitempty" json:"from,omitempty"`                           // crates of other bindings that it wants: crate -> opam package
	Symbols     []string          `toml:"symbols,omitempty" json:"symbols,omitempty"`                     // patterns of those that are looked up by name as a program runs
	Features    []string          `toml:"features,omitempty" json:"features,omitempty"`                   // that it has; an older release recorded none
	Meta        string            `toml:"meta" json:"meta"`                                               // fingerprint of the resolved manifest
	Member      bool              `toml:"member" json:"member"`                                           // of the tree's workspace
}

// Requirement is one that a path package has on a registry crate, in cargo's terms.
type Requirement struct {
	Crate    string `toml:"crate" json:"crate"`
	Req      string `toml:"req" json:"req"`
	Optional bool   `toml:"optional,omitempty" json:"optional,omitempty"`
}

// Layout is what cargo says of a tree. It depends on the manifests and on which
// files there are, not on what is in the others.
type Layout struct {
	Crates []Crate  `toml:"crate" json:"crates"`
	Export []string `toml:"-" json:"export,omitempty"` // what the manifests' metadata exports
}

// LayoutKey is a fingerprint of all that the layout depends on.
func (t *Tree) LayoutKey() string {
	list := make([]tree.Entry, 0, len(t.Entries))
	for _, e := range t.Entries {
		if path.Base(e.Path) != "Cargo.toml" {
			e.Sum = ""
		}
		list = append(list, e)
	}
	key := strings.TrimPrefix(tree.Hash(list), "sha256:")
	if t.Start != "." {
		key = tree.BytesSum([]byte(key + " " + t.Start))
	}
	return key
}

// depth is where the shadow stands: deep, so that what leaves the tree by ../../.. does
// not meet files of the system.
const depth = "1/2/3/4/5/6/7/tree"

// shadowTop is the directory of its own that a shadow stands in.
func shadowTop(shadow string) string { return strings.TrimSuffix(shadow, "/"+depth) }

// Inspect asks cargo for the tree's layout. It runs `cargo metadata --no-deps`
// on a shadow in the directory scratch: the manifests, and empty files in place
// of all others, so that neither what lies above the tree nor a read-only prefix
// matters.
func (t *Tree) Inspect(ctx context.Context, c *cargo.Cargo, scratch string) error {
	scratch, err := filepath.EvalSymlinks(scratch)
	if err != nil {
		return err
	}
	top, err := os.MkdirTemp(scratch, "layout-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(top)
	shadow := filepath.Join(top, depth)
	if err := t.writeShadow(shadow, top); err != nil {
		return err
	}
	meta, err := c.Members(ctx, filepath.Join(shadow, filepath.FromSlash(t.Start), "Cargo.toml"), t.Registries)
	if err != nil {
		return t.cargoProblem(err, shadow)
	}
	if err := t.readExport(meta); err != nil {
		return err
	}
	queue := meta.Packages
	for i := range queue {
		crate := t.crateOf(&queue[i], shadow, true)
		crate.Member = t.Start == t.Top || crate.Dir == t.Start
		t.Crates = append(t.Crates, crate)
	}
	// Path dependencies that are not members of the root's workspace, and patches.
	dirs := t.PatchDirs()
	for i := 0; i < len(t.Crates) || len(dirs) > 0; i++ {
		if i < len(t.Crates) {
			dirs = append(dirs, t.Crates[i].Paths...)
		}
		for _, dir := range dirs {
			if err := t.inspectCrate(ctx, c, shadow, dir); err != nil {
				return err
			}
		}
		dirs = nil
	}
	return nil
}

// inspectCrate adds the path crate in dir, unless it is known or outside.
func (t *Tree) inspectCrate(ctx context.Context, c *cargo.Cargo, shadow, dir string) error {
	if t.crateIn(dir) != nil || tree.Outside(dir) {
		return nil
	}
	file := filepath.Join(shadow, filepath.FromSlash(dir), "Cargo.toml")
	if m := t.Manifests[dir]; m != nil && !m.Inherits() { // asked about alone, it needs a workspace of its own
		if err := os.WriteFile(file, m.Apply(m.OwnRoot()), 0o644); err != nil {
			return err
		}
	}
	meta, err := c.Members(ctx, file, t.Registries)
	if err != nil {
		return t.cargoProblem(err, shadow)
	}
	if m := t.Manifests[dir]; m != nil { // another one may be of a workspace that has it as a member
		if err := os.WriteFile(file, m.Apply(t.standing(dir, m)), 0o644); err != nil {
			return err
		}
	}
	for j := range meta.Packages {
		if meta.Packages[j].ManifestPath == file {
			t.Crates = append(t.Crates, t.crateOf(&meta.Packages[j], shadow, false))
		}
	}
	return nil
}

// writeShadow writes the manifests of the tree, empty files in place of the
// others, and a package in every place outside of the tree that a path names:
// cargo wants to see all of them, also those that only tests need.
func (t *Tree) writeShadow(shadow, top string) error {
	for _, e := range t.Entries {
		file := filepath.Join(shadow, filepath.FromSlash(e.Path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		var err error
		m := t.Manifests[path.Dir(e.Path)]
		switch isManifest := path.Base(e.Path) == "Cargo.toml"; {
		case e.Link != "" && (!isManifest || m == nil):
			err = os.Symlink(filepath.FromSlash(e.Link), file)
		case isManifest && m != nil:
			err = os.WriteFile(file, m.Apply(t.standing(path.Dir(e.Path), m)), 0o644)
		case isManifest: // one that we cannot read: cargo says more of it if it needs it
			err = copyFile(filepath.Join(t.Dir, filepath.FromSlash(e.Path)), file)
		default:
			err = os.WriteFile(file, nil, 0o644)
		}
		if err != nil {
			return err
		}
	}
	for dir, m := range t.Manifests {
		for _, v := range m.Paths() {
			target := filepath.Join(shadow, filepath.FromSlash(dir), filepath.FromSlash(v.Text))
			if rel, inTree := tree.Below(shadow, target); inTree && t.takesPackage(filepath.ToSlash(rel)) {
				continue
			}
			if _, inTop := tree.Below(top, target); !inTop || filepath.IsAbs(v.Text) {
				continue
			}
			name := v.Key[len(v.Key)-2]
			if err := os.MkdirAll(filepath.Join(target, "src"), 0o755); err != nil {
				return err
			}
			stub := fmt.Sprintf("[package]\nname = %s\nversion = \"0.0.0\"\n[workspace]\n", manifest.Quote(name))
			err := errors.Join(os.WriteFile(filepath.Join(target, "Cargo.toml"), []byte(stub), 0o644), os.WriteFile(filepath.Join(target, "src", "lib.rs"), nil, 0o644))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// takesPackage tells whether a directory is one that the tree has a manifest in, or would
// have one: cargo complains of that itself.
func (t *Tree) takesPackage(dir string) bool {
	return t.Manifests[dir] != nil || t.parts.takesFile(dir)
}

// standing are the edits with which a manifest stands without what is around the tree:
// a root of its own where it has none, and no members that are not here.
func (t *Tree) standing(dir string, m *manifest.Manifest) []edit.Edit {
	edits := m.OnlyMembers(func(pattern string) bool {
		named := path.Join(dir, pattern)
		for d := range t.Manifests {
			if ok, _ := path.Match(named, d); ok {
				return true
			}
		}
		return t.parts.takesFile(named) // it should be there: cargo says that it is not
	})
	if t.OwnRoot(dir) {
		edits = append(edits, m.OwnRoot()...)
	}
	return edits
}

func copyFile(from, to string) error {
	src, err := tree.Read(from, tree.MostOfSource)
	if err != nil {
		return err
	}
	return os.WriteFile(to, src, 0o644)
}

func (t *Tree) crateIn(dir string) *Crate {
	for i := range t.Crates {
		if t.Crates[i].Dir == dir {
			return &t.Crates[i]
		}
	}
	return nil
}

// crateOf reads one package of cargo's answer.
func (t *Tree) crateOf(p *cargo.Package, shadow string, member bool) Crate {
	top := shadowTop(shadow)
	rel := func(file string) string { // absolute, as it was written, where it leaves top
		r, err := filepath.Rel(shadow, file)
		if _, inTop := tree.Below(top, file); err != nil || !inTop {
			return filepath.ToSlash(file)
		}
		return filepath.ToSlash(r)
	}
	c := Crate{Name: p.Name, Version: p.Version, Dir: rel(filepath.Dir(p.ManifestPath)), Links: p.Links, RustVersion: p.RustVersion, Member: member}
	for _, target := range p.Targets {
		if src := rel(target.SrcPath); tree.Outside(src) {
			c.Outside = append(c.Outside, src)
		}
		if slices.Contains(target.Kind, "bin") || slices.Contains(target.Kind, "test") || slices.Contains(target.Kind, "bench") ||
			slices.Contains(target.Kind, "example") || slices.Contains(target.Kind, "custom-build") {
			continue
		}
		c.Lib, c.Types = strings.ReplaceAll(target.Name, "-", "_"), target.CrateTypes
	}
	for i, d := range p.Dependencies {
		if d.Kind != "dev" && !slices.Contains(c.Needs, d.Name) {
			c.Needs = append(c.Needs, d.Name)
		}
		if d.Path != "" && d.Kind != "dev" {
			c.Paths = append(c.Paths, rel(d.Path))
		}
		if d.Path == "" && d.Kind != "dev" && d.Registry == "" && !strings.HasPrefix(d.Source, "git+") {
			c.Requires = append(c.Requires, Requirement{Crate: d.Name, Req: d.Req, Optional: d.Optional})
		}
		if d.Path != "" {
			p.Dependencies[i].Path = "path" // which content it has, the plan's crate hash says
		}
	}
	from, _ := manifest.Lookup(p.Metadata, "opam-cargo", "from")
	for name, pkg := range asTable(from) {
		if pkg, ok := pkg.(string); ok {
			if c.From == nil {
				c.From = map[string]string{}
			}
			c.From[name] = pkg
		}
	}
	symbols, _ := manifest.Lookup(p.Metadata, "opam-cargo", "symbols")
	patterns, _ := symbols.([]any)
	for _, s := range patterns {
		if s, ok := s.(string); ok {
			c.Symbols = append(c.Symbols, s)
		}
	}
	c.Features = order.Keys(p.Features)
	sort.Strings(c.Needs)
	sort.Strings(c.Paths)
	c.Paths = slices.Compact(c.Paths)
	c.Meta = metaSum(*p, filepath.Dir(p.ManifestPath))
	return c
}

// metaSum fingerprints a resolved manifest, places left out.
func metaSum(p cargo.Package, dir string) string {
	p.ID, p.ManifestPath = "", ""
	for i := range p.Targets {
		if rel, err := filepath.Rel(dir, p.Targets[i].SrcPath); err == nil {
			p.Targets[i].SrcPath = filepath.ToSlash(rel)
		}
	}
	text, err := json.Marshal(p)
	if err != nil { // a value that was just decoded from JSON
		panic(err)
	}
	return tree.BytesSum(text)[:16]
}

// cargoProblem turns a failed `cargo metadata` into a problem that names the
// author's file instead of the shadow's, with cargo's own words.
func (t *Tree) cargoProblem(err error, shadow string) error {
	var f *cargo.Failure
	if !errors.As(err, &f) {
		return err
	}
	words := strings.TrimSpace(f.Stderr)
	for dir, shown := shadow, t.ShownAt("."); dir != shadowTop(shadow); dir, shown = filepath.Dir(dir), path.Join(shown, "..") {
		words = strings.ReplaceAll(words, dir, shown)
	}
	e := problem.New(problem.Input, "cargo cannot read the manifest").In(t.Package).At(t.ShownAt(t.Start, "Cargo.toml"), 0).Quote(words)
	if strings.Contains(words, "workspace") {
		e.Hint("only this tree is installed: a workspace around it, or members outside, are not seen; to install the directory that holds all: opam-cargo install %s", problem.Word(path.Join(t.Shown, "..")))
	}
	return e.Hint("see cargo's own words with: cargo metadata --no-deps --manifest-path %s", problem.Word(t.ShownAt(t.Start, "Cargo.toml")))
}
