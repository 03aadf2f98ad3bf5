package bindings

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/manifest"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// closure is what a tree is made of: the package or workspace of the directory that an
// author names, its path dependencies and patches, the workspace roots of all these, and
// what their metadata includes (docs/binding-authors.md#what-belongs-to-a-tree).
type closure struct {
	base  string   // absolute: the nearest directory that has all of it
	start string   // the directory that the author named, relative to base
	whole []string // directories that are taken whole, relative to base
	roots []string // workspace roots without a package: only their manifest, lock and configuration
}

// findClosure follows the manifests from dir, an absolute directory with a Cargo.toml.
// What lies outside of bound is not followed; cargo's answer tells later what is missing.
func findClosure(dir, bound string) (closure, error) {
	f := finder{bound: bound, dir: dir, read: map[string]*manifest.Manifest{}, whole: map[string]bool{}, roots: map[string]bool{}}
	f.whole[dir] = true
	f.add(dir)
	if root := f.rootOf(dir); root != "" {
		if root == dir {
			f.addMembers(dir)
		}
		f.addPatches(root)
	}
	c := closure{base: dir}
	for _, set := range []map[string]bool{f.whole, f.roots} {
		for d := range set {
			for !within(c.base, d) {
				c.base = filepath.Dir(c.base)
			}
		}
	}
	c.start = relativeDir(c.base, dir)
	for d := range f.whole {
		if !slices.ContainsFunc(above(d, c.base), func(up string) bool { return f.whole[up] }) {
			c.whole = append(c.whole, relativeDir(c.base, d))
		}
	}
	for d := range f.roots {
		if !f.whole[d] {
			c.roots = append(c.roots, relativeDir(c.base, d))
		}
	}
	sort.Strings(c.whole)
	sort.Strings(c.roots)
	return c, errors.Join(f.problems...)
}

// finder holds what is known while a closure is followed; all directories are absolute.
type finder struct {
	dir, bound   string
	read         map[string]*manifest.Manifest // nil: there is none that can be read
	whole, roots map[string]bool
	problems     []error
}

func (f *finder) manifest(dir string) *manifest.Manifest {
	m, known := f.read[dir]
	if !known {
		m, _ = manifest.Read(filepath.Join(dir, "Cargo.toml")) // cargo complains of what it needs
		f.read[dir] = m
	}
	return m
}

// add takes the package in dir with all that it leads to.
func (f *finder) add(dir string) {
	m := f.manifest(dir)
	if m == nil {
		return
	}
	f.whole[dir] = true
	root := f.rootOf(dir)
	if root != "" && root != dir {
		f.addRoot(root)
	}
	for _, v := range m.Paths() {
		if v.Key[0] != "patch" && v.Key[0] != "workspace" && !manifest.ForDevelopment(v) {
			f.follow(dir, v.Text)
		}
	}
	if rm := f.manifest(root); rm != nil {
		for _, name := range m.InheritedDependencies() {
			if v, ok := rm.InheritedPath(name); ok {
				f.follow(root, v)
			}
		}
	}
	f.include(dir, m)
}

// addRoot takes a workspace root: its package, or of a root without one the few files
// that cargo reads there.
func (f *finder) addRoot(root string) {
	m := f.manifest(root)
	switch {
	case f.whole[root] || f.roots[root]:
	case m.Has("package"):
		f.add(root)
	default:
		f.roots[root] = true
		for _, name := range []string{".cargo", "vendor"} {
			if tree.IsDir(filepath.Join(root, name)) {
				f.whole[filepath.Join(root, name)] = true
			}
		}
		f.include(root, m)
	}
}

// addMembers takes the members of the workspace that the author named.
func (f *finder) addMembers(root string) {
	members, _ := manifest.Lookup(f.manifest(root).Tree, "workspace", "members")
	for _, pattern := range manifest.Strings(members) {
		for _, dir := range expand(root, pattern) {
			f.follow(root, dir)
		}
	}
}

func (f *finder) addPatches(root string) {
	for _, v := range f.manifest(root).Paths() {
		if v.Key[0] == "patch" {
			f.follow(root, v.Text)
		}
	}
}

// follow takes the package in rel, a path that a manifest in dir has.
func (f *finder) follow(dir, rel string) {
	target := filepath.Join(dir, filepath.FromSlash(rel))
	if path.IsAbs(rel) || f.whole[target] && f.read[target] != nil || !within(f.bound, target) {
		return
	}
	if tree.Exists(filepath.Join(target, "Cargo.toml")) {
		f.add(target)
	}
}

// include takes what a manifest's metadata names beside its own directory:
// [package.metadata.opam-cargo] include = ["../proto"].
func (f *finder) include(dir string, m *manifest.Manifest) {
	for _, table := range []string{"package", "workspace"} {
		list, _ := manifest.Lookup(m.Tree, table, "metadata", "opam-cargo", "include")
		for _, rel := range manifest.Strings(list) {
			target := filepath.Join(dir, filepath.FromSlash(rel))
			switch {
			case path.IsAbs(rel) || !within(f.bound, target):
				f.problems = append(f.problems, problem.New(problem.Input, "metadata.opam-cargo.include names %s, which lies outside of the package's sources", rel).
					At(m.File, 0).Hint("put the files into the project, or take the entry out"))
			case !tree.IsDir(target):
				f.problems = append(f.problems, problem.New(problem.Input, "metadata.opam-cargo.include names %s, and there is no such directory", rel).
					At(m.File, 0).Hint("correct the entry; it is relative to that file's directory"))
			default:
				f.whole[target] = true
			}
		}
	}
}

// rootOf is the root of the workspace that the package in dir belongs to, as cargo finds
// it, below the bound; empty where there is none. A root above that neither names the
// package nor is named by it counts only where the package inherits from it.
func (f *finder) rootOf(dir string) string {
	root := workspaceRoot(dir, f.bound, f.manifest)
	if root == "" || root == dir {
		return root
	}
	m := f.manifest(dir)
	if _, pointed := manifest.Lookup(m.Tree, "package", "workspace"); pointed || m.Inherits() || f.isMember(root, dir) {
		return root
	}
	return ""
}

// isMember tells whether a workspace root names dir as a member, or its own package needs it.
func (f *finder) isMember(root, dir string) bool {
	m := f.manifest(root)
	members, _ := manifest.Lookup(m.Tree, "workspace", "members")
	for _, pattern := range manifest.Strings(members) {
		if ok, _ := filepath.Match(filepath.Join(root, filepath.FromSlash(pattern)), dir); ok {
			return true
		}
	}
	return slices.ContainsFunc(m.Paths(), func(v manifest.Value) bool { return filepath.Join(root, filepath.FromSlash(v.Text)) == dir })
}

// workspaceRoot is cargo's search for the root of a package's workspace: what
// package.workspace says, else the nearest manifest upward with a [workspace] that does
// not exclude the package. It ends at top.
func workspaceRoot(dir, top string, at func(dir string) *manifest.Manifest) string {
	m := at(dir)
	if m == nil {
		return ""
	}
	if pointer, ok := manifest.Lookup(m.Tree, "package", "workspace"); ok {
		rel, _ := pointer.(string)
		root := filepath.Join(dir, filepath.FromSlash(rel))
		if rm := at(root); within(top, root) && rm != nil && rm.Has("workspace") {
			return root
		}
		return ""
	}
	for up := dir; within(top, up); up = filepath.Dir(up) {
		if m := at(up); m != nil && m.Has("workspace") && (up == dir || !excludes(m, up, dir)) {
			return up
		}
		if up == top || up == filepath.Dir(up) {
			break
		}
	}
	return ""
}

// excludes tells whether the workspace at root leaves dir out.
func excludes(m *manifest.Manifest, root, dir string) bool {
	names := func(key string) bool {
		list, _ := manifest.Lookup(m.Tree, "workspace", key)
		return slices.ContainsFunc(manifest.Strings(list), func(p string) bool {
			return within(filepath.Join(root, filepath.FromSlash(p)), dir)
		})
	}
	return names("exclude") && !names("members")
}

// expand lists what a pattern of workspace.members names, relative to root.
func expand(root, pattern string) []string {
	if !strings.ContainsAny(pattern, "*?[") {
		return []string{pattern}
	}
	var dirs []string
	for _, dir := range tree.Glob(root, path.Clean(pattern)) {
		dirs = append(dirs, relativeDir(root, dir))
	}
	return dirs
}

// boundOf is the directory that the tree in dir may not leave: that of the package that
// opam builds, else the repository, else the project, else dir itself.
func boundOf(dir string) string {
	if build, ok := opamBuildDir(dir); ok {
		return build
	}
	project := ""
	for up := dir; ; up = filepath.Dir(up) {
		if tree.Exists(filepath.Join(up, ".git")) {
			return up
		}
		if project == "" && isRoot(up) {
			project = up
		}
		if up == filepath.Dir(up) || up == os.Getenv("HOME") {
			break
		}
	}
	if project == "" {
		return dir
	}
	return project
}

// takes tells whether a directory of base (relative, with slashes) belongs to the closure,
// or lies on the way to something that does.
func (c *closure) takes(dir string) bool {
	for _, list := range [][]string{c.whole, c.roots} {
		for _, d := range list {
			if tree.Inside(dir, d) {
				return true
			}
		}
	}
	return slices.ContainsFunc(c.whole, func(d string) bool { return tree.Inside(d, dir) })
}

// takesFile is [closure.takes] for a file.
func (c *closure) takesFile(name string) bool {
	if slices.ContainsFunc(c.whole, func(d string) bool { return tree.Inside(d, name) }) {
		return true
	}
	switch path.Base(name) {
	case "Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml":
		return slices.Contains(c.roots, path.Dir(name))
	}
	return false
}

// only keeps of a list of base what belongs to the closure.
func (c *closure) only(list []tree.Entry) []tree.Entry {
	return slices.DeleteFunc(list, func(e tree.Entry) bool { return !c.takesFile(e.Path) })
}

// within tells whether dir is top or lies in it; both absolute.
func within(top, dir string) bool {
	_, ok := tree.Below(top, dir)
	return ok
}

// above lists the directories above dir, up to top.
func above(dir, top string) []string {
	var list []string
	for dir != top && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		list = append(list, dir)
	}
	return list
}

func relativeDir(base, dir string) string {
	rel, _ := tree.Below(base, dir)
	return filepath.ToSlash(rel)
}
