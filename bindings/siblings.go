package bindings

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// localFiles looks up opam files that come before those of installed packages: in an
// opam build only that of the package being built; else all of the root and its siblings.
func (req *Request) localFiles(installed func(string) bool) func(string) (Package, bool) {
	byName := map[string]Package{}
	for _, root := range append([]*Root{req.Root}, req.siblings...) {
		for _, p := range root.Packages {
			_, have := byName[p.Name]
			if have || root.Building != "" && p.Name != root.Building || root.loose && installed(p.Name) {
				continue
			}
			byName[p.Name] = p
		}
	}
	return func(name string) (Package, bool) {
		p, ok := byName[name]
		return p, ok
	}
}

// projects are the other projects of the dune workspace whose top is given: outside opam,
// dune builds those from source, also where they are installed as well, and so do we.
// Each directory that dune looks into is read once; one that cannot be read is passed
// over, as dune does.
func (r *Root) projects(top string) []*Root {
	if top == "" {
		return nil
	}
	w := &walk{root: r, top: top, seen: map[string]bool{}}
	w.dir(top, nil, r)
	slices.SortStableFunc(w.found, func(a, b *Root) int {
		switch {
		case a.loose == b.loose:
			return 0
		case b.loose:
			return -1
		}
		return 1
	})
	return w.found
}

type walk struct {
	root  *Root
	top   string
	found []*Root
	seen  map[string]bool // directories that links led to
}

// dir reads one directory, which is of a project or begins another; above are the stanzas
// that the dune files above have for it.
func (w *walk) dir(dir string, above []dune.Node, project *Root) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	stanzas := append(readStanzas(filepath.Join(dir, "dune"), entries), above...)
	if dir == w.root.Dir {
		project = w.root
	} else if s := (&Root{Dir: dir, shown: w.root.Shown(dir)}); s.read(entries, stanzas) {
		s.loose = dir != w.top && !hasEntry(entries, "dune-project")
		w.found = append(w.found, s)
		project = s
	} else if rel, ok := tree.Below(project.Dir, dir); ok {
		project.byDune = append(project.byDune, byDune(stanzas, rel)...)
	}
	subdirs := dune.SubdirsOf(stanzas)
	for _, e := range entries {
		sub := filepath.Join(dir, e.Name())
		if subdirs.Look(e.Name()) && w.isDir(sub, e) {
			w.dir(sub, subdirs.Below(e.Name()), project)
		}
	}
}

// isDir tells whether an entry is a directory, or a link to one where we have not been.
func (w *walk) isDir(path string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil || !tree.IsDir(real) || w.seen[real] {
		return false
	}
	if _, above := tree.Below(real, path); above {
		return false
	}
	w.seen[real] = true
	return true
}

// readStanzas reads a file of dune's that is among the entries of its directory; none
// where it cannot be read, or is a program.
func readStanzas(file string, entries []fs.DirEntry) []dune.Node {
	if !hasEntry(entries, filepath.Base(file)) {
		return nil
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	stanzas, err := dune.Parse(src)
	if err != nil {
		return nil
	}
	return stanzas
}

func hasEntry(entries []fs.DirEntry, name string) bool {
	for _, e := range entries {
		if e.Name() == name {
			return true
		}
	}
	return false
}

// workspaceTop is the top of the dune workspace that the root lies in, as dune itself
// finds it: what it says inside an action, else the outermost directory with a
// dune-workspace file, else the outermost with a dune-project. In opam's build it is the
// package's own directory.
func (r *Root) workspaceTop(getenv Getenv) string {
	if source := getenv("DUNE_SOURCEROOT"); source != "" && r.Context != "" {
		return source
	}
	project, workspace := "", ""
	for dir := r.Dir; ; dir = filepath.Dir(dir) {
		if tree.Exists(filepath.Join(dir, "dune-project")) {
			project = dir
		}
		if tree.Exists(filepath.Join(dir, "dune-workspace")) {
			workspace = dir
		}
		if dir == filepath.Dir(dir) || r.Building != "" {
			break
		}
	}
	if workspace != "" {
		return workspace
	}
	return project
}

// isRoot tells whether a project has its packages in dir.
func isRoot(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && (len(opamFiles(dir, entries)) > 0 || hasEntry(entries, "dune-project") && len(packageStanzas(dir)) > 0 || generatesOpamFiles(dir))
}

// opamFiles lists the opam files of a source tree, in the places where opam pin looks
// for them, relative to dir.
func opamFiles(dir string, entries []fs.DirEntry) []string {
	var files []string
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, "."):
		case strings.HasSuffix(name, ".opam"):
			files = append(files, name)
		case name == "opam" && tree.IsDir(filepath.Join(dir, name)):
			inner, _ := os.ReadDir(filepath.Join(dir, name))
			for _, e := range inner {
				if e.Name() == "opam" || strings.HasSuffix(e.Name(), ".opam") && !strings.HasPrefix(e.Name(), ".") {
					files = append(files, filepath.Join(name, e.Name()))
				}
			}
		case name == "opam":
			files = append(files, name)
		}
	}
	var regular []string
	for _, f := range files {
		if info, err := os.Stat(filepath.Join(dir, f)); err == nil && info.Mode().IsRegular() {
			regular = append(regular, f)
		}
	}
	return regular
}
