package synth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// mark is an attribute in a source file that only one crate of a program may have, or
// that gives a function a name of C.
type mark struct {
	Kind    string `json:"kind"` // global_allocator, panic_handler, no_mangle or export_name
	File    string `json:"file"` // as messages name it
	Line    int    `json:"line"`
	Certain bool   `json:"certain,omitempty"` // at the start of a line of lib.rs, with no #[cfg] before it
}

func (m mark) String() string { return fmt.Sprintf("%s:%d", m.File, m.Line) }

var marked = regexp.MustCompile(`^(\s*)((?:#!?\[cfg[^\n]*\]\s*)?)#\[(?:unsafe\()?(global_allocator|panic_handler|no_mangle|export_name)\b`)

// marks reads the sources of a crate. Comments, and what macros make, are not seen;
// what tests and examples have does not count.
func (s *State) marks(n *graph.Node) ([]mark, error) {
	dir := filepath.Dir(n.Manifest)
	var list []mark
	err := filepath.WalkDir(filepath.Join(dir, "src"), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".rs") {
			return err
		}
		src, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(src, []byte("_allocator]")) && !bytes.Contains(src, []byte("panic_handler]")) && !bytes.Contains(src, []byte("no_mangle")) && !bytes.Contains(src, []byte("export_name")) {
			return err
		}
		before := ""
		for i, line := range strings.Split(string(src), "\n") {
			if m := marked.FindStringSubmatch(line); m != nil {
				list = append(list, mark{Kind: m[3], File: s.shownSource(file), Line: i + 1,
					Certain: m[1] == "" && m[2] == "" && !strings.HasPrefix(before, "#[cfg") && file == filepath.Join(dir, "src", "lib.rs") && !bytes.Contains(src, []byte("#![cfg("))})
			}
			if text := strings.TrimSpace(line); text != "" {
				before = text
			}
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // its sources are elsewhere
	}
	return list, err
}

// shownSource names a file of W as the user knows it: in a tree, or in a crate.
func (s *State) shownSource(file string) string {
	if rel, ok := tree.Below(s.Dirs.Bindings(), file); ok {
		pkg, rest, _ := strings.Cut(filepath.ToSlash(rel), "/")
		for _, t := range s.Plan.Trees() {
			if t.Package == pkg {
				return t.Shown + "/" + rest
			}
		}
	}
	for _, base := range []string{s.Dirs.W, s.Prefix} {
		if rel, ok := tree.Below(base, file); ok {
			return filepath.ToSlash(rel)
		}
	}
	return file
}

// knownMarks are the marks of registry crates from earlier runs, by where the crate is:
// a release never changes, and there may be 100 MB of sources.
func (s *State) knownMarks() map[string][]mark {
	known := map[string][]mark{}
	if src, err := os.ReadFile(s.marksFile()); err == nil && json.Unmarshal(src, &known) != nil {
		return map[string][]mark{}
	}
	return known
}

func (s *State) marksFile() string { return filepath.Join(s.Dirs.Cache(), "marks.json") }

// allMarks are the marks of all crates whose code is linked, by package id. Those of
// registry crates, which do not change, are kept.
func (s *State) allMarks() (map[string][]mark, error) {
	known, keep, all := s.knownMarks(), map[string][]mark{}, map[string][]mark{}
	for i := range s.Graph.Packages {
		n := &s.Graph.Packages[i]
		if !s.Graph.Linked(n.ID) || s.Dirs.Generated(n.Manifest) {
			continue
		}
		list, ok := known[n.Manifest]
		if !ok || n.Source == "" {
			var err error
			if list, err = s.marks(n); err != nil {
				return nil, fmt.Errorf("look at the sources of %s %s: %w", n.Name, n.Version, err)
			}
		}
		if all[n.ID] = list; n.Source != "" {
			keep[n.Manifest] = list
		}
	}
	text, err := json.Marshal(keep)
	if err != nil {
		return nil, err
	}
	return all, tree.WriteIfChanged(s.marksFile(), text, false)
}
