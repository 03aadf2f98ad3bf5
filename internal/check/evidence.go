package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// evidence is an attribute in a source file that only one crate of a program may have, or
// that gives a function a name of C.
type evidence struct {
	Kind string `json:"kind"` // global_allocator, panic_handler, no_mangle or export_name
	File string `json:"file"` // as messages name it
	Line int    `json:"line"`
}

func (e evidence) String() string { return fmt.Sprintf("%s:%d", e.File, e.Line) }

var attribute = regexp.MustCompile(`^\s*(?:#!?\[cfg[^\n]*\]\s*)?#\[(?:unsafe\()?(global_allocator|panic_handler|no_mangle|export_name)\b`)

// words are in every file with evidence: most files have none of them.
var words = [][]byte{[]byte("_allocator]"), []byte("panic_handler]"), []byte("no_mangle"), []byte("export_name")}

// read reads the sources of a crate. Comments, and what macros make, are not seen; what
// tests and examples have does not count. shown is how messages name a file.
func read(dir string, shown func(file string) string) ([]evidence, error) {
	var list []evidence
	err := filepath.WalkDir(filepath.Join(dir, "src"), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".rs") {
			return err
		}
		src, err := os.ReadFile(file)
		if err != nil || !slices.ContainsFunc(words, func(w []byte) bool { return bytes.Contains(src, w) }) {
			return err
		}
		for _, e := range find(string(src)) {
			e.File = shown(file)
			list = append(list, e)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // its sources are elsewhere
	}
	return list, err
}

// find is the evidence in the text of a source file.
func find(src string) []evidence {
	var list []evidence
	for i, line := range strings.Split(src, "\n") {
		if m := attribute.FindStringSubmatch(line); m != nil {
			list = append(list, evidence{Kind: m[1], Line: i + 1})
		}
	}
	return list
}

// Where names the first place in a crate's sources with an attribute, to explain what rustc
// said: " at FILE:LINE"; empty where there is none.
func Where(in Input, n *graph.Node, kind string) string {
	list, err := read(filepath.Dir(n.Manifest), in.shown)
	if err != nil {
		return ""
	}
	for _, e := range list {
		if e.Kind == kind {
			return " at " + e.String()
		}
	}
	return ""
}

// shown names a file of W as the user knows it: in a tree, or in a crate.
func (in Input) shown(file string) string {
	if rel, ok := tree.Below(in.Site.Dirs.Bindings(), file); ok {
		pkg, rest, _ := strings.Cut(filepath.ToSlash(rel), "/")
		for _, t := range in.Plan.Trees() {
			if t.Package == pkg {
				return t.ShownAt(rest)
			}
		}
	}
	for _, base := range []string{in.Site.Dirs.W, in.Site.Prefix} {
		if rel, ok := tree.Below(base, file); ok {
			return filepath.ToSlash(rel)
		}
	}
	return file
}

// all is the evidence in all crates whose code is linked, by package id. That of registry
// crates is kept from run to run, by where the crate is: a release never changes, and there
// may be 100 MB of sources.
func (in Input) all() (map[string][]evidence, error) {
	file := filepath.Join(in.Site.Dirs.Cache(), "evidence.json")
	known, keep, all := map[string][]evidence{}, map[string][]evidence{}, map[string][]evidence{}
	if src, err := os.ReadFile(file); err == nil && json.Unmarshal(src, &known) != nil {
		known = map[string][]evidence{}
	}
	for _, n := range in.Graph.Packages {
		if !in.Graph.Linked(n.ID) || in.Graph.Generated(n) {
			continue
		}
		list, ok := known[n.Manifest]
		if !ok || n.Source == "" {
			var err error
			if list, err = read(filepath.Dir(n.Manifest), in.shown); err != nil {
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
	return all, tree.WriteIfChanged(file, text, false)
}
