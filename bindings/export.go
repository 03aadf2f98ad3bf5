package bindings

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/manifest"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// ChooseExports decides which crates the umbrella crate links: those named by
// --crate, else by the manifests' metadata, else the members with a staticlib
// or cdylib target. None is an error.
func (t *Tree) ChooseExports() error {
	names := t.Named
	if len(names) == 0 {
		names = t.Export
	}
	manifestFile := t.ShownAt(t.Start, "Cargo.toml")
	var libs, problems = []string{}, []error{}
	for _, c := range t.Crates {
		if !c.Member && !slices.Contains(names, c.Name) {
			continue
		}
		linkable := c.Lib != "" && !slices.Contains(c.Types, "proc-macro")
		if linkable {
			libs = append(libs, c.Name)
		}
		if len(names) == 0 && (slices.Contains(c.Types, "staticlib") || slices.Contains(c.Types, "cdylib")) {
			t.Exports = append(t.Exports, c.Name)
		}
		if slices.Contains(names, c.Name) {
			if !linkable {
				e := problem.New(problem.Input, "crate %s has no library to link", c.Name).In(t.Package).At(t.ShownAt(c.Dir, "Cargo.toml"), 0)
				if len(libs) > 0 {
					e.Hint("give it a src/lib.rs, or export another crate: %s", orNone(libs))
				} else {
					e.Hint("give it a src/lib.rs that is no procedural macro")
				}
				problems = append(problems, e)
				continue
			}
			t.Exports = append(t.Exports, c.Name)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(t.Crates, func(c Crate) bool { return c.Name == name }) {
			problems = append(problems, problem.New(problem.Input, "there is no crate %s in the tree", name).In(t.Package).At(manifestFile, 0).
				Hint("its library crates are: %s", orNone(libs)))
		}
	}
	if len(t.Exports) == 0 && len(problems) == 0 {
		e := problem.New(problem.Input, "no library to link: no crate of the tree has crate-type staticlib or cdylib").In(t.Package).At(manifestFile, 0)
		if len(libs) > 0 {
			e.Hint("name the crate that OCaml binds: opam-cargo install --crate %s", libs[0])
		} else {
			e.Hint("give the crate that OCaml binds a src/lib.rs and, in its Cargo.toml: [lib] crate-type = [\"staticlib\"]")
		}
		problems = append(problems, e)
	}
	sort.Strings(t.Exports)
	return errors.Join(problems...)
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// readExport reads [workspace.metadata.opam-cargo] export, else
// [package.metadata.opam-cargo] export of the members.
func (t *Tree) readExport(meta *cargo.Metadata) error {
	export, ok := manifest.Lookup(meta.WorkspaceMetadata, "opam-cargo", "export")
	if !ok {
		for _, p := range meta.Packages {
			if export, ok = manifest.Lookup(p.Metadata, "opam-cargo", "export"); ok {
				break
			}
		}
	}
	if !ok {
		return nil
	}
	list, isList := export.([]any)
	for _, item := range list {
		name, isString := item.(string)
		isList = isList && isString
		t.Export = append(t.Export, name)
	}
	if !isList {
		return problem.New(problem.Input, "metadata.opam-cargo.export must be a list of crate names").In(t.Package).At(t.ShownAt(t.Start, "Cargo.toml"), 0).
			Hint(`write: export = ["crate-name"]`)
	}
	return nil
}

// Check finds what would mean something else, or nothing, under another root: links
// and path dependencies that leave the tree, and [replace], which cargo drops in
// silence where it is not the root's (docs/facts.md#path-dependencies).
func (t *Tree) Check() error {
	problems := t.escapes(t.Entries)
	for _, c := range t.Crates {
		for _, src := range c.Outside {
			problems = append(problems, problem.New(problem.Input, "crate %s has the source %s, which lies outside of the tree that is installed", c.Name, t.shownPath(src)).
				In(t.Package).At(t.ShownAt(c.Dir, "Cargo.toml"), 0).Hint("put the file into the tree, or install the directory that holds both"))
		}
		for _, dir := range c.Paths {
			if !tree.Outside(dir) {
				continue
			}
			file, line := t.pathLine(c.Dir, dir)
			problems = append(problems, problem.New(problem.Input, "crate %s has a path dependency on %s, which lies outside of the tree that is installed", c.Name, t.shownPath(dir)).
				In(t.Package).At(file, line).Hint("%s", t.wayIn(dir)))
		}
	}
	for _, dir := range t.PatchDirs() {
		if tree.Outside(dir) {
			file, line := t.pathLine(t.Top, dir)
			problems = append(problems, problem.New(problem.Input, "a patch has the path %s, which lies outside of the tree that is installed", t.shownPath(dir)).
				In(t.Package).At(file, line).Hint("%s", t.wayIn(dir)))
		}
	}
	if m := t.Manifest(); m != nil && m.Has("replace") {
		problems = append(problems, problem.New(problem.Input, "the manifest has a [replace] table, which would be lost in a program").In(t.Package).At(m.File, 0).
			Hint("write it as [patch.crates-io], which is taken over"))
	}
	return errors.Join(problems...)
}

// escapes are the problems of links that lead out of the tree.
func (t *Tree) escapes(list []tree.Entry) []error {
	out := tree.Escapes(t.Dir, list)
	problems := make([]error, 0, len(out))
	for _, e := range out {
		problems = append(problems, problem.New(problem.Input, "the symbolic link leads out of the tree, to %s", e.Link).
			In(t.Package).At(t.ShownAt(e.Path), 0).
			Hint("put the files themselves there, or install the common directory: opam-cargo install DIR"))
	}
	return problems
}

// shownPath is a path, relative to the tree or absolute, for a message.
func (t *Tree) shownPath(p string) string {
	if path.IsAbs(p) {
		return p
	}
	return t.ShownAt(p)
}

// wayIn says how a directory outside of the tree comes into it.
func (t *Tree) wayIn(dir string) string {
	if path.IsAbs(dir) {
		return "a path of one machine is on no other: write it relative to the manifest"
	}
	up, rest := "", dir
	for strings.HasPrefix(rest+"/", "../") {
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, ".."), "/")
		up += "../"
	}
	if tree.Exists(filepath.Join(t.Dir, filepath.FromSlash(up), "Cargo.toml")) {
		return "install the directory that holds both: opam-cargo install " + problem.Word(t.ShownAt(up))
	}
	return fmt.Sprintf("a tree reaches as far as the project or the repository that it lies in, here %s: bring the crate into it, or depend on a release of it", boundOf(filepath.Join(t.Dir, filepath.FromSlash(t.Start))))
}

// pathLine finds the path value that names target (relative to the tree) for the
// crate in dir: in its own manifest, or in the root's where it is inherited.
func (t *Tree) pathLine(dir, target string) (string, int) {
	for _, d := range []string{dir, t.rootOf(dir)} {
		m := t.Manifests[d]
		if m == nil {
			continue
		}
		for _, v := range m.Paths() {
			named := path.Clean(filepath.ToSlash(v.Text))
			if !path.IsAbs(named) {
				named = path.Join(d, named)
			}
			if named == target {
				return m.File, m.Line(v)
			}
		}
	}
	return t.ShownAt(dir, "Cargo.toml"), 0
}
