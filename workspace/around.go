package workspace

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// What the build of a crate may read beside its own files: two copies of a crate are one
// only if that is equal too.

var (
	literal  = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"|'[^'\n]*'`)
	comment  = regexp.MustCompile(`(?m)^\s*(?://|\*|;|--).*$`)
	climbing = regexp.MustCompile(`\.(?:parent|ancestors|pop)\(|current_dir\(`)
)

// around writes what the files of c, a crate of the tree, name outside of its directory:
// paths in strings that lead out, as in include_str!("../../x"), and links. A build script
// that climbs in another way may read everything.
func (h *hasher) around(sum io.Writer, c *bindings.Crate) {
	named := map[string]bool{}
	for _, e := range h.tree.Entries {
		if _, ok := relativeTo(c.Dir, e.Path); !ok || h.owner(e.Path) != c.Dir {
			continue
		}
		if e.Link != "" {
			named[path.Join(path.Dir(e.Path), e.Link)] = true
			continue
		}
		src, err := os.ReadFile(filepath.Join(h.tree.Dir, filepath.FromSlash(e.Path)))
		if err != nil || bytes.IndexByte(src, 0) >= 0 || path.Base(e.Path) == "Cargo.toml" || path.Ext(e.Path) == ".md" {
			continue // nothing that a build reads other files by
		}
		script := path.Ext(e.Path) == ".rs" && (c.Dir != "." && path.Dir(e.Path) == c.Dir || !strings.Contains(e.Path, "/") || slices.Contains(c.Types, "proc-macro"))
		src = comment.ReplaceAll(src, nil)
		if script && climbing.Match(src) {
			named["."] = true
		}
		for _, p := range leadingOut(string(src), path.Ext(e.Path) == ".rs") {
			named[path.Join(path.Dir(e.Path), p)] = true
			named[path.Join(c.Dir, p)] = true
		}
	}
	var list []string
	for p := range named {
		if p != c.Dir && !tree.Inside(c.Dir, p) {
			list = append(list, p)
		}
	}
	slices.Sort(list)
	for _, p := range list {
		h.everything(sum, c, p)
	}
}

// everything writes what is at p and below it, the crate's own files aside. Outside of the
// tree it cannot be told what is read.
func (h *hasher) everything(sum io.Writer, c *bindings.Crate, p string) {
	if tree.Outside(p) {
		p = "."
	}
	for _, e := range h.tree.Entries {
		_, own := relativeTo(c.Dir, e.Path)
		if (!own || c.Dir == ".") && (e.Path == p || p == "." || strings.HasPrefix(e.Path, p+"/")) {
			fmt.Fprintf(sum, "%q %t %q %s\n", e.Path, e.Exec, e.Link, e.Sum)
		}
	}
}

// leadingOut are the paths in a source that climb; in Rust only those in strings, since two
// dots are an operator there. A path is cut where it is put together.
func leadingOut(src string, rust bool) []string {
	var list []string
	for _, text := range literal.FindAllString(src, -1) {
		list = append(list, climbingWords(text[1:len(text)-1])...)
	}
	if !rust {
		list = append(list, climbingWords(src)...)
	}
	return list
}

func climbingWords(text string) []string {
	if !strings.Contains(text, "..") {
		return nil
	}
	var list []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n\"'=:;,()<>|&", r) }) {
		parts := strings.Split(strings.TrimPrefix(word, "/"), "/")
		up := slices.Index(parts, "..")
		if up < 0 {
			continue
		}
		for i, p := range parts {
			if strings.ContainsAny(p, "{}$*?[]\\") {
				if i < up { // from a place that is not known here: the crate's directory, most likely
					parts = parts[up:]
				} else {
					parts = parts[:i]
				}
				break
			}
		}
		list = append(list, strings.Join(parts, "/"))
	}
	return list
}
