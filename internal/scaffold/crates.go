package scaffold

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/manifest"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// A rustCrate is a crate of the project, no vendored one.
type rustCrate struct {
	dir     string // relative to the project
	name    string // of its package
	lib     string // of its library: lib<lib>.a is what cargo calls the archive
	archive bool   // its manifest asks cargo for a static or a C library
	tree    string // the root of the workspace that it belongs to
}

// findCrates lists the crates of the project, in the order of their directories. A
// manifest that cannot be read is none: cargo says so where it matters.
func (p *Project) findCrates(vendors []string) ([]rustCrate, error) {
	manifests := map[string]*manifest.Manifest{}
	err := filepath.WalkDir(p.Dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(p.Dir, file)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch {
		case d.IsDir() && rel != "." && (slices.Contains(vendors, rel) || strings.HasPrefix(d.Name(), ".") || d.Name() == "_opam" ||
			d.Name() == "_build" || d.Name() == "target" && tree.Exists(filepath.Join(filepath.Dir(file), "Cargo.toml"))):
			return fs.SkipDir
		case !d.IsDir() && d.Name() == "Cargo.toml":
			src, err := os.ReadFile(file)
			if err != nil {
				return nil //nolint:nilerr // cargo says so where it matters
			}
			if m, err := manifest.Parse(file, bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))); err == nil { // cargo reads a byte order mark too
				manifests[path.Dir(rel)] = m
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var crates []rustCrate
	for dir, m := range manifests {
		name, ok := manifest.Lookup(m.Tree, "package", "name")
		if !ok {
			continue
		}
		c := rustCrate{dir: dir, tree: workspaceOf(manifests, dir)}
		c.name, _ = name.(string)
		if lib, ok := manifest.Lookup(m.Tree, "lib", "name"); ok {
			c.lib, _ = lib.(string)
		} else {
			c.lib = strings.ReplaceAll(c.name, "-", "_")
		}
		types, _ := manifest.Lookup(m.Tree, "lib", "crate-type")
		if old, ok := manifest.Lookup(m.Tree, "lib", "crate_type"); ok {
			types = old
		}
		list, _ := types.([]any)
		c.archive = slices.Contains(list, any("staticlib")) || slices.Contains(list, any("cdylib"))
		crates = append(crates, c)
	}
	slices.SortFunc(crates, func(a, b rustCrate) int { return strings.Compare(a.dir, b.dir) })
	return crates, nil
}

// workspaceOf is the directory of the workspace that the crate in dir belongs to, by
// cargo's rule: its own manifest, the one that it names, or the nearest above it that is
// a workspace and does not exclude it; else the crate is alone.
func workspaceOf(manifests map[string]*manifest.Manifest, dir string) string {
	if named, ok := manifest.Lookup(manifests[dir].Tree, "package", "workspace"); ok {
		if text, isText := named.(string); isText {
			return path.Join(dir, text)
		}
	}
	for above := dir; !tree.Outside(above); above = path.Dir(above) {
		if m := manifests[above]; m != nil && m.Has("workspace") && (above == dir || !excludes(m, above, dir)) {
			return above
		}
		if above == "." {
			break
		}
	}
	return dir
}

// excludes tells whether a workspace's manifest excludes the directory of a crate.
func excludes(m *manifest.Manifest, root, dir string) bool {
	lists := func(key string) bool {
		value, _ := manifest.Lookup(m.Tree, "workspace", key)
		list, _ := value.([]any)
		return slices.ContainsFunc(list, func(entry any) bool {
			text, ok := entry.(string)
			return ok && tree.Inside(path.Join(root, text), dir)
		})
	}
	return lists("exclude") && !lists("members")
}

// crateFor finds the crate that a word of a rule means: an archive's name, as in
// lib<name>.a, or cargo's -p. Where several have that name, the one in or below near.
func crateFor(crates []rustCrate, near string, is func(rustCrate) bool) (rustCrate, bool) {
	found := slices.DeleteFunc(slices.Clone(crates), func(c rustCrate) bool { return !is(c) })
	if len(found) > 1 && near != "" {
		if closer := slices.DeleteFunc(slices.Clone(found), func(c rustCrate) bool { return !tree.Inside(near, c.dir) }); len(closer) > 0 {
			found = closer
		}
	}
	if len(found) != 1 {
		return rustCrate{}, false
	}
	return found[0], true
}
