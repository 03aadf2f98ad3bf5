package bindings

import (
	"path"
	"path/filepath"
	"sort"

	"github.com/opam-cargo/opam-cargo/internal/manifest"
)

// Patch is an entry of a [patch] table of a tree's root manifest. cargo heeds only
// the patches of a workspace's root, so the umbrella crate takes them over; without
// them another crate would be built, and nobody told.
type Patch struct {
	Source string         // the table: "crates-io", or a URL
	Key    string         // the entry's name
	Crate  string         // the package that it stands for
	Dir    string         // of a patch by path, relative to the tree; else empty
	Spec   map[string]any // as written
}

// Patches are the tree's patches, sorted.
func (t *Tree) Patches() []Patch {
	root := t.Manifest()
	if root == nil {
		return nil
	}
	tables, _ := manifest.Lookup(root.Tree, "patch")
	list := PatchesOf(asTable(tables))
	for i := range list {
		if p := &list[i]; p.Dir != "" && !path.IsAbs(p.Dir) {
			p.Dir = path.Join(t.Top, p.Dir)
		}
	}
	return list
}

// PatchesOf reads a [patch] table, whose keys are sources; sorted.
func PatchesOf(tables map[string]any) []Patch {
	var list []Patch
	for source, table := range tables {
		for key, spec := range asTable(table) {
			p := Patch{Source: source, Key: key, Crate: key, Spec: asTable(spec)}
			if name, ok := p.Spec["package"].(string); ok {
				p.Crate = name
			}
			if dir, ok := p.Spec["path"].(string); ok {
				p.Dir = path.Clean(filepath.ToSlash(dir))
			}
			list = append(list, p)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Source+" "+list[i].Key < list[j].Source+" "+list[j].Key })
	return list
}

func asTable(v any) map[string]any {
	table, _ := v.(map[string]any)
	return table
}

// PatchDirs are the directories of the patches by path.
func (t *Tree) PatchDirs() []string {
	var dirs []string
	for _, p := range t.Patches() {
		if p.Dir != "" {
			dirs = append(dirs, p.Dir)
		}
	}
	return dirs
}
