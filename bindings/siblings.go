package bindings

import (
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/opamfile"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// localFiles looks up opam files that come before the switch's: in an opam build
// only that of the package being built; else all of the root and its siblings.
func localFiles(r *Root, siblings []*Root) func(string) (*opamfile.File, bool) {
	return func(name string) (*opamfile.File, bool) {
		if r.Building != "" && name != r.Building {
			return nil, false
		}
		for _, root := range append([]*Root{r}, siblings...) {
			if p, ok := root.Package(name); ok {
				return p.File, true
			}
		}
		return nil, false
	}
}

// siblings are the other projects of the root's dune workspace: outside opam, dune
// builds those from source, also where they are installed as well, and so do we.
func (req *Request) siblings() ([]*Root, error) {
	top := req.duneWorkspace()
	if req.Root.Building != "" || top == "" {
		return nil, nil
	}
	var list []*Root
	err := filepath.WalkDir(top, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); dir != top && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "node_modules" || name == "target") {
			return filepath.SkipDir
		}
		if dir == req.Root.Dir || len(opamFiles(dir)) == 0 {
			return nil
		}
		s := &Root{Dir: dir}
		if err := s.readPackages(); err != nil {
			return err
		}
		list = append(list, s)
		return nil
	})
	return list, err
}

// duneWorkspace is the top of the dune workspace that the root lies in: what
// dune says inside an action, else the outermost directory with a dune-workspace
// file, else the root itself where it is a dune project.
func (req *Request) duneWorkspace() string {
	if source := req.Getenv("DUNE_SOURCEROOT"); source != "" && req.Root.Context != "" {
		return source
	}
	top := ""
	if tree.Exists(filepath.Join(req.Root.Dir, "dune-project")) {
		top = req.Root.Dir
	}
	home := req.Getenv("HOME")
	for dir := req.Root.Dir; dir != home && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if tree.Exists(filepath.Join(dir, "dune-workspace")) {
			top = dir
		}
	}
	return top
}
