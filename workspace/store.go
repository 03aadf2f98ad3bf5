package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Place is a directory that may hold registry crates. Which kind it is decides
// how a crate is named in it.
type Place struct {
	Dir   string
	Kind  PlaceKind
	Label string // for messages: "ocaml-foo's vendor directory"
	Named bool   // by whoever builds, so that [Chain.Substitute] may take a crate of it
}

// PlaceKind is the shape of a [Place].
type PlaceKind int

// The kinds of places.
const (
	CrateFiles PlaceKind = iota // <name>-<version>.crate
	Source                      // a directory source: <any>/ with Cargo.toml and .cargo-checksum.json
	Downloads                   // cargo's registry/cache: <registry>/<name>-<version>.crate
)

// Offer is a verified crate of a place: a .crate file or a directory.
type Offer struct {
	ID    crate.ID
	File  string // .crate; or
	Dir   string // directory
	Place Place
	// Source is empty for a crate of the default registry; else "registry+URL" or
	// "sparse+URL" of another, or "git+URL?ref" of a git crate, without its commit.
	Source string
}

// Key tells offers apart: two registries may not serve one name and version, two
// git sources may.
func (o Offer) Key() string { return o.ID.String() + " " + o.Source }

// Chain looks for crates in places, in order; the first that has a crate with the
// right checksum serves it.
type Chain struct {
	places   []Place
	vendored []map[string]Offer // of each place that is a directory source, by name-version
	Warnings []string           // files that do not count, and why
	checked  map[string]bool    // .crate files whose sum was compared
}

// NewChain reads what the directory sources among places have.
func NewChain(places []Place) (*Chain, error) {
	c := &Chain{places: places, vendored: make([]map[string]Offer, len(places)), checked: map[string]bool{}}
	var problems []error
	for i, p := range places {
		if p.Kind != Source {
			continue
		}
		c.vendored[i] = map[string]Offer{}
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
			c.vendored[i][id.String()] = Offer{ID: id, Dir: dir, Place: p}
		}
	}
	return c, errors.Join(problems...)
}

func (c *Chain) warn(format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...))
}

// Find looks for one crate of a source, as [Offer] has it. A git crate has no
// checksum; only a vendor directory can have it.
func (c *Chain) Find(id crate.ID, source string) (Offer, bool) {
	name := id.String() + ".crate"
	for i, p := range c.places {
		if id.Checksum == "" && p.Kind != Source {
			continue
		}
		switch p.Kind {
		case Source:
			if o, ok := c.vendored[i][id.String()]; ok && o.ID.Checksum == id.Checksum {
				o.Source = source
				return o, true
			}
		case CrateFiles:
			if file := filepath.Join(p.Dir, name); c.counts(file, id, p) {
				return Offer{ID: id, File: file, Place: p}, true
			}
		case Downloads:
			for _, file := range tree.Glob(p.Dir, "*/"+name) {
				if c.counts(file, id, p) {
					return Offer{ID: id, File: file, Place: p}, true
				}
			}
		}
	}
	return Offer{}, false
}

// Substitute looks in the places that whoever builds has named for a crate of the
// default registry that no place has with the lock's checksum: a distribution's own
// package of it, patched perhaps, by name and version.
func (c *Chain) Substitute(id crate.ID) (Offer, bool) {
	for i, p := range c.places {
		if o, ok := c.vendored[i][id.String()]; ok && p.Named && o.ID.Checksum != "" {
			return o, true
		}
	}
	return Offer{}, false
}

// counts tells whether file is there and has the lock's checksum.
func (c *Chain) counts(file string, id crate.ID, p Place) bool {
	if !tree.Exists(file) {
		return false
	}
	sum, err := tree.FileSum(file)
	if err == nil && sum == id.Checksum {
		return true
	}
	if !c.checked[file] {
		c.checked[file] = true
		if err != nil {
			c.warn("%s: %v", p.Label, err)
		} else {
			c.warn("%s: %s has sha256 %s, but the lock wants %s; the file is not used", p.Label, file, sum, id.Checksum)
		}
	}
	return false
}

// Vendored lists what the directory sources have, one of each name and version,
// the first place's. These need no lock to be known: their checksum files name
// them.
func (c *Chain) Vendored() []Offer {
	seen := map[string]bool{}
	var list []Offer
	for _, offers := range c.vendored {
		for name, o := range offers {
			if !seen[name] && o.ID.Checksum != "" { // else a git crate, which only a lock can place
				seen[name] = true
				list = append(list, o)
			}
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID.String() < list[j].ID.String() })
	return list
}

// LayOut makes dir a directory source that holds the offers and nothing else. A crate
// that is there already with the same checksum is left alone: directories appear by
// rename, so one that is there is complete. progress is told of each crate.
func LayOut(ctx context.Context, dir string, offers []Offer, progress func(done, total int)) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	wanted := map[string]bool{}
	var todo []Offer
	for _, o := range offers {
		wanted[o.ID.String()] = true
		if o.ID.Checksum == "" || !laidOut(filepath.Join(dir, o.ID.String()), o.ID) { // a git crate's content has no name
			todo = append(todo, o)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		leftover := strings.HasPrefix(e.Name(), ".")
		if leftover || !wanted[e.Name()] {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	problems := make([]error, len(todo))
	var g errgroup.Group
	var done atomic.Int64
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, o := range todo {
		g.Go(func() error {
			if problems[i] = ctx.Err(); problems[i] == nil {
				problems[i] = o.layOut(ctx, filepath.Join(dir, o.ID.String()))
			}
			progress(int(done.Add(1)), len(todo))
			return nil
		})
	}
	g.Wait() //nolint:errcheck // the goroutines put their errors in problems
	if err := ctx.Err(); err != nil {
		return err // one interrupt, not one for each crate
	}
	return errors.Join(problems...)
}

func (o Offer) layOut(ctx context.Context, dest string) error {
	if err := os.RemoveAll(dest); err != nil { // the same name and version under another checksum
		return err
	}
	if o.File != "" {
		return crate.Unpack(ctx, o.File, o.ID, dest)
	}
	if err := crate.VerifyVendored(o.Dir); err != nil {
		return err
	}
	return crate.CopyVendored(o.Dir, o.ID, dest)
}

// LaidOut tells whether a directory source has a crate, by its name-version and checksum.
func LaidOut(dir string, id crate.ID) bool { return laidOut(filepath.Join(dir, id.String()), id) }

func laidOut(dir string, id crate.ID) bool {
	src, err := os.ReadFile(filepath.Join(dir, ".cargo-checksum.json"))
	if err != nil {
		return false
	}
	var sum struct {
		Package string `json:"package"`
	}
	return json.Unmarshal(src, &sum) == nil && sum.Package == id.Checksum
}
