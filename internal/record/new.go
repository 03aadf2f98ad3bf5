package record

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/compile"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/link"
	"github.com/opam-cargo/opam-cargo/internal/resolve"
	"github.com/opam-cargo/opam-cargo/internal/site"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Input is what a record is made from.
type Input struct {
	Site       *site.Site
	Plan       *workspace.Plan
	Resolution *resolve.Resolution
	Compile    compile.Options
	Self       string // our own executable
	Version    string // our own version
}

// New is the record of a build.
func New(in Input, c *compile.Compiled, archives []link.Archive) (*Record, error) {
	rec := &Record{
		Format: Format, Tool: "opam-cargo " + in.Version, Packages: in.Plan.Packages,
		Profile: in.Compile.Profile, Target: in.Compile.Target, Rustflags: in.Compile.Rustflags, Lock: string(in.Resolution.Lock.Format()),
		Variables: c.Variables,
	}
	var err error
	if rec.Crates, err = crates(in.Resolution, c); err != nil {
		return nil, err
	}
	if rec.Toolchain, err = in.Site.Versions.Get(); err != nil {
		return nil, err
	}
	if rec.Target == "" {
		rec.Target = rec.Toolchain.Host
	}
	settings, err := os.ReadFile(filepath.Join(in.Site.Root.Dir, "rust-bindings", "settings.toml"))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	rec.Settings = string(settings)
	rec.addTrees(in.Plan, in.Site.Root.Dir)
	for _, a := range archives {
		content, err := os.ReadFile(a.Path)
		if err != nil {
			return nil, err
		}
		rec.Archives = append(rec.Archives, Archive{
			Name: a.File(), SHA256: tree.BytesSum(content), Size: int64(len(content)), Package: a.Package, Link: a.Link, Kind: a.Kind,
		})
		if bytes.Contains(content, []byte(in.Site.Dirs.W)) {
			if rec.Embeds, err = embedding(c, in.Site.Dirs.W); err != nil {
				return nil, err
			}
		}
		for _, f := range Included(a) {
			rec.Files = append(rec.Files, File{f.Name, tree.BytesSum(f.Content)})
		}
	}
	return rec, nil
}

// addTrees adds the plan's trees; those of the program's own sources are relative to root.
func (r *Record) addTrees(p *workspace.Plan, root string) {
	for i, t := range p.Trees() {
		dir := ""
		if rel, ok := tree.Below(root, t.Dir); ok && t.Origin == bindings.InTree {
			dir = filepath.ToSlash(rel)
		}
		if i < len(p.Bindings) {
			r.Bindings = append(r.Bindings, Binding{Package: t.Package, Version: t.Version, Dir: dir, Tree: t.Hash, Exports: t.Exports})
		} else {
			r.Patches = append(r.Patches, Tree{Dir: dir, Tree: t.Hash})
		}
	}
}

// embedding lists the crates whose objects hold the path w in spite of all mapping: what
// they were compiled from said it as a string.
func embedding(c *compile.Compiled, w string) ([]string, error) {
	var list []string
	for _, n := range c.Crates {
		for _, rlib := range c.Rlibs {
			if rlib.Manifest != n.Manifest {
				continue
			}
			content, err := os.ReadFile(rlib.File)
			if err != nil {
				return nil, err
			}
			if id := n.Name + " " + n.Version; bytes.Contains(content, []byte(w)) && !slices.Contains(list, id) {
				list = append(list, id)
			}
		}
	}
	return list, nil
}

func crates(res *resolve.Resolution, c *compile.Compiled) ([]Crate, error) {
	sums, from := graph.Checksums(res.Lock), map[string]workspace.Vendored{}
	for _, v := range res.Vendored {
		from[graph.CrateKey(v.Crate, v.Version, v.Source)] = v
	}
	list := make([]Crate, 0, len(c.Crates))
	for _, n := range c.Crates {
		made := Crate{Name: n.Name, Version: n.Version, Source: n.Source, Checksum: sums[n.Key()], Features: c.Features[n.Manifest]}
		if v, ok := from[n.Key()]; ok {
			var err error
			if made.Content, err = crate.ContentSum(v.Dir); err != nil {
				return nil, err
			}
			made.Vendored = v.From
		}
		list = append(list, made)
	}
	sort.Slice(list, func(i, j int) bool {
		return list[i].Name+" "+list[i].Version+list[i].Source < list[j].Name+" "+list[j].Version+list[j].Source
	})
	return list, nil
}

// Shared is how many crates of the record more than one binding wants.
func (r *Record) Shared(g *graph.Graph) int {
	linked := map[string]bool{}
	for _, c := range r.Crates {
		linked[graph.CrateKey(c.Name, c.Version, c.Source)] = true
	}
	n := 0
	for _, p := range g.Packages {
		if linked[p.Key()] && len(g.Owners(p.ID)) > 1 {
			n++
		}
	}
	return n
}

// Text is a file that is handed over beside an archive.
type Text struct {
	Name    string
	Content []byte
}

// Included are the files that a dune stanza includes for an archive.
func Included(a link.Archive) []Text {
	suffix := strings.TrimPrefix(a.Lib, "rust_bindings") + ".sexp"
	return []Text{{"link_flags" + suffix, dune.List(a.Link.Flags())}, {"c_libs" + suffix, dune.List(a.Link.Libraries())}}
}
