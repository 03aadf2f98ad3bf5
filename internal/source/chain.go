// Package source finds the crates that are here: what the places ([Places]) have, verified,
// of the crates that the locks name ([Find]); and lays out for cargo what the resolution
// takes of them ([Layout.LayOut]). It comes after the plan and before the resolution
// (internal/resolve), which is cargo's: here no version is chosen. It never downloads.
package source

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Place is a directory that may hold registry crates. Which kind it is decides
// how a crate is named in it.
type Place struct {
	Dir   string
	Kind  PlaceKind
	Label string // for messages: "ocaml-foo's vendor directory"
	// Trusted is a directory that whoever builds, or opam, has filled: the distributor's word.
	// A vendor directory is not, since nothing tells whether its files are the release's
	// (docs/security.md#where-crates-come-from).
	Trusted bool
	Named   bool           // by whoever builds, so that [chain.substitute] may take a crate of it
	Owner   string         // opam package that a vendor directory came with; empty: the program
	Lock    *lockfile.Lock // the owner's own; nil: there is none
}

// PlaceKind is the shape of a [Place].
type PlaceKind int

// The kinds of places.
const (
	CrateFiles PlaceKind = iota // <name>-<version>.crate
	Directory                   // a directory source: <any>/ with Cargo.toml and .cargo-checksum.json
	Downloads                   // cargo's registry/cache: <registry>/<name>-<version>.crate
)

// Candidate is a verified crate of a place: a .crate file or a directory.
type Candidate struct {
	ID    crate.ID
	File  string // .crate; or
	Dir   string // directory
	Place Place
	// Source is empty for a crate of the default registry; else "registry+URL" or
	// "sparse+URL" of another, or "git+URL?ref" of a git crate, without its commit.
	Source string
	files  map[string]string // of a directory: what its checksum file lists
}

// Key tells candidates apart: two registries may not serve one name and version, two
// git sources may.
func (c Candidate) Key() string { return key(c.ID.String(), c.Source) }

func key(id, source string) string { return id + " " + source }

// Content names the content of a crate's directory, so that a copy of it can be told from
// one of another directory, and of the .crate itself, which has the empty name. In a
// vendor directory the checksum file, to which the files are compared, says it; a
// distributor's may list none, and there the files' places, sizes and times do.
func (c Candidate) Content() string {
	if c.Dir == "" {
		return ""
	}
	var b strings.Builder
	for _, name := range order.Keys(c.files) {
		fmt.Fprintf(&b, "%q %s\n", name, c.files[name])
	}
	if c.Place.Trusted {
		dir, err := filepath.EvalSymlinks(c.Dir)
		if err != nil {
			dir = c.Dir
		}
		fmt.Fprintf(&b, "%q\n", dir)
		list, _ := tree.List(dir, nil) // what cannot be read is told when it is copied
		for _, e := range list {
			if info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(e.Path))); err == nil {
				fmt.Fprintf(&b, "%q %d %d\n", e.Path, info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	return tree.BytesSum([]byte(b.String()))
}

// chain looks for crates in places, in order; the first that has a crate with the
// right checksum serves it.
type chain struct {
	places   []Place
	vendored []map[string]Candidate // of each place that is a directory source, by name-version
	owned    []map[string]bool      // of each place, what its owner's lock has
	locked   map[string]bool        // what the own lock of any binding has
	warnings []string               // files that do not count, and why
	checked  map[string]bool        // .crate files whose sum was compared
	problems []error
}

// newChain reads what the directory sources among places have.
func newChain(places []Place, own []*lockfile.Lock) (*chain, error) {
	c := &chain{
		places: places, vendored: make([]map[string]Candidate, len(places)), owned: make([]map[string]bool, len(places)),
		locked: map[string]bool{}, checked: map[string]bool{},
	}
	for _, lock := range own {
		maps.Copy(c.locked, has(lock))
	}
	var problems []error
	for i, p := range places {
		if p.Kind != Directory {
			continue
		}
		c.vendored[i] = map[string]Candidate{}
		c.owned[i] = has(p.Lock)
		entries, err := os.ReadDir(p.Dir)
		if err != nil {
			if !os.IsNotExist(err) {
				problems = append(problems, err)
			}
			continue
		}
		for _, e := range entries {
			dir := filepath.Join(p.Dir, e.Name())
			if strings.HasPrefix(e.Name(), ".") || !tree.Exists(filepath.Join(dir, ".cargo-checksum.json")) {
				continue
			}
			id, files, err := crate.ReadVendored(dir)
			switch {
			case errors.Is(err, crate.ErrNoCrate):
				problems = append(problems, inPackage(err, p.Owner))
			case err != nil:
				c.warn("%s: %v", p.Label, err)
			default:
				c.vendored[i][id.String()] = Candidate{ID: id, Dir: dir, Place: p, files: files}
			}
		}
	}
	return c, errors.Join(problems...)
}

// has are the crates of a lock, with their sources and checksums.
func has(lock *lockfile.Lock) map[string]bool {
	set := map[string]bool{}
	if lock != nil {
		for _, p := range lock.Packages {
			set[Key(p)+" "+p.Checksum] = true
		}
	}
	return set
}

func (c *chain) warn(format string, args ...any) {
	c.warnings = append(c.warnings, fmt.Sprintf(format, args...))
}

// inPackage gives the problem of a file in a tree the opam package.
func inPackage(err error, pkg string) error {
	for _, e := range problem.List(err) {
		e.Package = pkg
	}
	return err
}

// find looks for one crate of a source, as [Candidate] has it: for one whose bytes have
// the checksum, or that is the distributor's word; only then for one in a vendor
// directory. Of a crate that the own lock of a binding has, the vendored copies count of
// bindings whose lock has it too. A git crate has no checksum; only a directory can have it.
func (c *chain) find(id crate.ID, source string) (Candidate, bool) {
	if found, ok := c.verified(id, source); ok {
		return found, true
	}
	var first Candidate
	what := key(id.String(), source) + " " + id.Checksum()
	for i, p := range c.places {
		v, ok := c.vendored[i][id.String()]
		v.Source = source
		if !ok || p.Trusted || v.ID.Checksum() != id.Checksum() || c.locked[what] && !c.owned[i][what] {
			continue
		}
		if first.Dir == "" {
			first = v
		} else if !maps.Equal(first.files, v.files) {
			c.problems = append(c.problems, differProblem(first, v))
		}
	}
	return first, first.Dir != ""
}

// differProblem: one of two vendored copies is not the release that both claim to be.
func differProblem(a, b Candidate) error {
	whose := func(p Place) string {
		if p.Owner == "" {
			return "the program"
		}
		return p.Owner
	}
	return problem.New(problem.Resolve, "%s and %s vendor the crate %s %s with the same checksum and different files, and no file is here that has the checksum",
		whose(a.Place), whose(b.Place), a.ID.Name(), a.ID.Version()).At(b.Dir, 0).
		Hint("bring the release itself, from where there is a network: opam-cargo lock && opam-cargo fetch").
		Hint("or have both write their vendor directories anew: cargo vendor")
}

// verified looks for a .crate file with the checksum, and in the distributor's directories.
func (c *chain) verified(id crate.ID, source string) (Candidate, bool) {
	name := id.String() + ".crate"
	for i, p := range c.places {
		if id.Checksum() == "" && p.Kind != Directory {
			continue
		}
		switch p.Kind {
		case Directory:
			if o, ok := c.vendored[i][id.String()]; ok && p.Trusted && o.ID.Checksum() == id.Checksum() {
				o.Source = source
				return o, true
			}
		case CrateFiles:
			if file := filepath.Join(p.Dir, name); c.counts(file, id, p) {
				return Candidate{ID: id, File: file, Place: p}, true
			}
		case Downloads:
			for _, file := range tree.Glob(p.Dir, "*/"+name) {
				if c.counts(file, id, p) {
					return Candidate{ID: id, File: file, Place: p}, true
				}
			}
		}
	}
	return Candidate{}, false
}

// substitute looks in the places that whoever builds has named for a crate of the
// default registry that no place has with the lock's checksum: a distribution's own
// package of it, patched perhaps, by name and version.
func (c *chain) substitute(id crate.ID) (Candidate, bool) {
	for i, p := range c.places {
		if o, ok := c.vendored[i][id.String()]; ok && p.Named && o.ID.Checksum() != "" {
			return o, true
		}
	}
	return Candidate{}, false
}

// counts tells whether file is there and has the lock's checksum.
func (c *chain) counts(file string, id crate.ID, p Place) bool {
	if !tree.Exists(file) {
		return false
	}
	sum, err := tree.BoundedSum(crate.MostOfCrate, file)
	if err == nil && sum == id.Checksum() {
		return true
	}
	if !c.checked[file] {
		c.checked[file] = true
		if err != nil {
			c.warn("%s: %v", p.Label, err)
		} else {
			c.warn("%s: %s has sha256 %s, but the lock wants %s; the file is not used", p.Label, file, sum, id.Checksum())
		}
	}
	return false
}

// vendoredCrates lists what the directory sources have, one of each name and version, the
// first place's. These need no lock to be known: their checksum files name them.
func (c *chain) vendoredCrates() []Candidate {
	seen := map[string]bool{}
	var list []Candidate
	for i := range c.places {
		for name, o := range c.vendored[i] {
			if seen[name] || o.ID.Checksum() == "" { // else a git crate, which only a lock can place
				continue
			}
			seen[name] = true
			if found, ok := c.find(o.ID, ""); ok {
				list = append(list, found)
			}
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID.String() < list[j].ID.String() })
	return list
}
