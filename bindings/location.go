package bindings

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

	unpacked *Root // the sources of a package that dune built; nil where it is none
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
		if err := add(&location{lib: lib, trees: trees, unpacked: unpackedBeside(lib)}, prefixesOf(lib)...); err != nil {
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

// unpackedBeside are the sources of a package that dune built, which lie in
// .pkg/<name>/source beside .pkg/<name>/target/lib. Of a package that is pinned dune runs
// no install: field, so that its tree is there only.
func unpackedBeside(lib string) *Root {
	dir := filepath.Join(filepath.Dir(filepath.Dir(lib)), "source")
	if !inDunePackage(lib) || filepath.Base(filepath.Dir(lib)) != "target" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	r := &Root{Dir: dir, shown: dir}
	r.read(entries, readStanzas(filepath.Join(dir, "dune"), entries))
	return r
}

// treesOf are the Rust trees of a package there: one, or none.
func (l *location) treesOf(name string) []OwnTree {
	var list []OwnTree
	for _, dir := range l.trees {
		if t := filepath.Join(dir, name); tree.IsDir(t) {
			list = append(list, OwnTree{Package: name, Dir: t})
		}
	}
	if len(list) > 0 || l.unpacked == nil {
		return list
	}
	for _, t := range l.unpacked.Trees() {
		if t.Dir = filepath.Join(l.unpacked.Dir, t.Dir); t.Package == name && t.Installed && tree.IsDir(t.Dir) {
			return []OwnTree{t}
		}
	}
	return nil
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
	if l.unpacked != nil {
		for _, t := range l.unpacked.Trees() {
			names[t.Package] = names[t.Package] || len(l.treesOf(t.Package)) > 0
		}
	}
	return slices.DeleteFunc(order.Keys(names), func(name string) bool { return !names[name] })
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
	for _, t := range l.treesOf(name) {
		if rec, err := readRecord(name, t.Dir); err == nil && rec != nil {
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

// lockedPackage is what dune's lock directory says of a package.
type lockedPackage struct {
	version string
	depends []string
}

// readLocked reads dune's lock directory below top.
func readLocked(top string) map[string]lockedPackage {
	list := map[string]lockedPackage{}
	for _, file := range tree.Glob(filepath.Join(top, duneLock), "*.pkg") {
		src, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		stanzas, err := dune.Parse(src)
		if err != nil {
			continue // dune itself says what is wrong with its file
		}
		name, _, _ := strings.Cut(filepath.Base(file), ".") // <name>.pkg, or <name>.<version>.pkg
		p, names := lockedPackage{}, map[string]bool{}
		for _, n := range stanzas {
			switch n.Name() {
			case "version":
				p.version = strings.Join(n.Words(), " ")
			case "depends":
				lockedNames(n.Args(), names)
			}
		}
		p.depends = append(list[name].depends, order.Keys(names)...)
		list[name] = p
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
