// Package source finds the crates that are here: what the places ([Places]) have, verified,
// of the crates that the locks name ([Find]); and lays out for cargo what the resolution
// takes of them ([Layout.LayOut]). It comes after the plan and before the resolution
// (internal/resolve), which is cargo's: here no version is chosen. It never downloads.
package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Place is a directory that may hold registry crates. Which kind it is decides
// how a crate is named in it.
type Place struct {
	Dir   string
	Kind  PlaceKind
	Label string // for messages: "ocaml-foo's vendor directory"
	Named bool   // by whoever builds, so that [chain.substitute] may take a crate of it
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
}

// Key tells candidates apart: two registries may not serve one name and version, two
// git sources may.
func (c Candidate) Key() string { return key(c.ID.String(), c.Source) }

func key(id, source string) string { return id + " " + source }

// chain looks for crates in places, in order; the first that has a crate with the
// right checksum serves it.
type chain struct {
	places   []Place
	vendored []map[string]Candidate // of each place that is a directory source, by name-version
	warnings []string               // files that do not count, and why
	checked  map[string]bool        // .crate files whose sum was compared
}

// newChain reads what the directory sources among places have.
func newChain(places []Place) (*chain, error) {
	c := &chain{places: places, vendored: make([]map[string]Candidate, len(places)), checked: map[string]bool{}}
	var problems []error
	for i, p := range places {
		if p.Kind != Directory {
			continue
		}
		c.vendored[i] = map[string]Candidate{}
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
			id, _, err := crate.ReadVendored(dir)
			if err != nil {
				c.warn("%s: %v", p.Label, err)
				continue
			}
			c.vendored[i][id.String()] = Candidate{ID: id, Dir: dir, Place: p}
		}
	}
	return c, errors.Join(problems...)
}

func (c *chain) warn(format string, args ...any) {
	c.warnings = append(c.warnings, fmt.Sprintf(format, args...))
}

// find looks for one crate of a source, as [Candidate] has it. A git crate has no
// checksum; only a vendor directory can have it.
func (c *chain) find(id crate.ID, source string) (Candidate, bool) {
	name := id.String() + ".crate"
	for i, p := range c.places {
		if id.Checksum() == "" && p.Kind != Directory {
			continue
		}
		switch p.Kind {
		case Directory:
			if o, ok := c.vendored[i][id.String()]; ok && o.ID.Checksum() == id.Checksum() {
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
	sum, err := tree.FileSum(file)
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

// vendoredCrates lists what the directory sources have, one of each name and version,
// the first place's. These need no lock to be known: their checksum files name
// them.
func (c *chain) vendoredCrates() []Candidate {
	seen := map[string]bool{}
	var list []Candidate
	for _, found := range c.vendored {
		for name, o := range found {
			if !seen[name] && o.ID.Checksum() != "" { // else a git crate, which only a lock can place
				seen[name] = true
				list = append(list, o)
			}
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID.String() < list[j].ID.String() })
	return list
}
