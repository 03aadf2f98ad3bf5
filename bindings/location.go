package bindings

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/opamfile"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// location is one place where installed packages are.
type location struct {
	lib    string   // the directory of its OCaml libraries; empty: none is known
	trees  []string // its rust-bindings directories
	sw     *Switch  // that it is of; nil: of none
	listed bool     // in OPAM_CARGO_PATH: all that is there counts
}

// locations are the places where bindings are looked for, in order. In opam's own build
// the switch is first, since opam passes the user's OCAMLPATH on.
func (req *Request) locations() ([]*location, error) {
	var list []*location
	known := map[string]bool{}
	add := func(l *location, prefixes ...string) error {
		for _, p := range prefixes {
			if l.sw == nil && isSwitch(p) {
				var err error
				if l.sw, err = ReadSwitch(p); err != nil {
					return err
				}
			}
		}
		l.trees = unknown(known, l.trees)
		if len(l.trees) > 0 || l.lib != "" {
			list = append(list, l)
		}
		return nil
	}
	ofSwitch := func() error {
		if req.Prefix == "" {
			return nil
		}
		sw, err := ReadSwitch(req.Prefix)
		if err != nil {
			return err
		}
		return add(&location{lib: filepath.Join(req.Prefix, "lib"), trees: inPrefix(req.Prefix, Dir), sw: sw})
	}
	if opamBuilds(req.Getenv) {
		if err := ofSwitch(); err != nil {
			return nil, err
		}
	}
	for _, dir := range filepath.SplitList(req.Getenv("OPAM_CARGO_PATH")) {
		if _, err := os.ReadDir(dir); err != nil {
			return nil, problem.New(problem.Input, "cannot read a directory of OPAM_CARGO_PATH: %w", err).
				Hint("correct OPAM_CARGO_PATH: it lists rust-bindings directories, separated by colons")
		}
		if err := add(&location{trees: []string{dir}, listed: true}, filepath.Dir(dir), filepath.Dir(filepath.Dir(dir))); err != nil {
			return nil, err
		}
	}
	for _, lib := range Libraries(req.Getenv) {
		var trees []string
		for _, p := range prefixesOf(lib) {
			trees = append(trees, inPrefix(p, Dir)...)
		}
		if err := add(&location{lib: lib, trees: trees}, prefixesOf(lib)...); err != nil {
			return nil, err
		}
	}
	if !opamBuilds(req.Getenv) {
		return list, ofSwitch()
	}
	return list, nil
}

// unknown are the directories that are there and not yet known, whatever links lead to
// them.
func unknown(known map[string]bool, dirs []string) []string {
	var list []string
	for _, dir := range dirs {
		real, err := filepath.EvalSymlinks(dir)
		if err == nil && tree.IsDir(real) && !known[real] {
			known[real] = true
			list = append(list, dir)
		}
	}
	return list
}

// has tells whether a package is installed there.
func (l *location) has(name string) bool {
	if l.sw != nil {
		return l.sw.Versions[name] != ""
	}
	return l.lib != "" && tree.IsDir(filepath.Join(l.lib, name)) || len(l.treesOf(name)) > 0
}

// treesOf are the Rust trees of a package there: one, or none.
func (l *location) treesOf(name string) []string {
	var list []string
	for _, dir := range l.trees {
		if t := filepath.Join(dir, name); tree.IsDir(t) {
			list = append(list, t)
		}
	}
	return list
}

// bound are the packages that have a Rust tree there.
func (l *location) bound() []string {
	names := map[string]bool{}
	for _, dir := range l.trees {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if t := filepath.Join(dir, e.Name()); !strings.HasPrefix(e.Name(), ".") && tree.IsDir(t) && (!l.listed || isTree(t)) {
				names[e.Name()] = true
			}
		}
	}
	return order.Keys(names)
}

// isTree tells a Rust tree from another directory that somebody's OPAM_CARGO_PATH holds.
func isTree(dir string) bool {
	return tree.Exists(filepath.Join(dir, "Cargo.toml")) || tree.Exists(recordPath(dir))
}

// version is that of a package there; empty where nobody says it.
func (l *location) version(name string) string {
	if l.sw != nil {
		return l.sw.Versions[name]
	}
	for _, dir := range l.treesOf(name) {
		if rec, err := readRecord(name, dir); err == nil && rec != nil {
			return rec.Version
		}
	}
	if file := l.opamFile(name); file != nil {
		v, _ := file.StringField("version")
		return v
	}
	return ""
}

// opamFile is the opam file that dune installs beside a library; nil where there is none
// that can be read.
func (l *location) opamFile(name string) *opamfile.File {
	if l.lib == "" {
		return nil
	}
	path := filepath.Join(l.lib, name, "opam")
	src, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	file, err := opamfile.Parse(path, src)
	if err != nil {
		return nil
	}
	return file
}

// requires are the packages that findlib's META of a library names; false where there is
// none. A library is of the package that its name begins with.
func (l *location) requires(name string) ([]string, bool) {
	if l.lib == "" {
		return nil, false
	}
	src, err := os.ReadFile(filepath.Join(l.lib, name, "META"))
	if err != nil {
		return nil, false
	}
	names := map[string]bool{}
	for _, m := range metaRequires.FindAllStringSubmatch(string(src), -1) {
		for _, word := range strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune(" ,\t\r\n", r) }) {
			library, _, _ := strings.Cut(word, ".")
			names[library] = library != name
		}
	}
	var list []string
	for _, n := range order.Keys(names) {
		if names[n] {
			list = append(list, n)
		}
	}
	return list, true
}

var metaRequires = regexp.MustCompile(`(?m)^\s*requires(?:\s*\([^)]*\))?\s*\+?=\s*"([^"]*)"`)

// duneLock is the directory in which dune keeps what it locked, at the workspace's top.
const duneLock = "dune.lock"

// readLocked reads dune's lock directory below top: the packages, with what they depend on.
func readLocked(top string) map[string][]string {
	list := map[string][]string{}
	for _, file := range tree.Glob(filepath.Join(top, duneLock), "*.pkg") {
		src, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		stanzas, err := dune.Parse(src)
		if err != nil {
			continue // dune itself says what is wrong with its file
		}
		names := map[string]bool{}
		for _, n := range stanzas {
			if n.Name() == "depends" {
				lockedNames(n.Args(), names)
			}
		}
		name, _, _ := strings.Cut(filepath.Base(file), ".") // <name>.pkg, or <name>.<version>.pkg
		list[name] = append(list[name], order.Keys(names)...)
	}
	return list
}

// lockedNames collects the names in (depends ...): words, (all_platforms (...)), and
// (choice ((CONDITIONS) (...)) ...), of which every arm counts if it is here.
func lockedNames(nodes []dune.Node, names map[string]bool) {
	for _, n := range nodes {
		switch {
		case !n.IsList:
			names[n.Atom] = true
		case n.Name() == "choice":
			for _, choices := range n.Args() {
				for _, arm := range choices.List {
					if len(arm.List) > 1 {
						lockedNames(arm.List[1:], names)
					}
				}
			}
		case n.Name() == "all_platforms":
			lockedNames(n.Args(), names)
		default:
			lockedNames(n.List, names)
		}
	}
}
