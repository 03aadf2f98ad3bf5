package opamcrates

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/requirement"
)

// Crate is what an opam package is made from.
type Crate struct {
	ID          crate.ID
	URL         string // of the .crate file
	Links       string
	RustVersion string
	License     string
	Description string
	Homepage    string
	Authors     []string
	Needs       []Requirement
}

// mostManifest bounds a Cargo.toml, in bytes; the largest seen has 60,000.
const mostManifest = 4 << 20

// ReadCrate reads the manifest in a .crate file. locked is the crate's entry in a lock,
// which says which of its optional dependencies are wanted: those of development never
// are, those of all platforms always.
func ReadCrate(file string, locked lockfile.Package) (Crate, error) {
	id, err := locked.ID()
	c := Crate{ID: id}
	if err != nil {
		return c, err
	}
	src, err := manifestOf(file, c.ID.String())
	if err != nil {
		return c, err
	}
	type tables struct {
		Normal map[string]any `toml:"dependencies"`
		Build  map[string]any `toml:"build-dependencies"`
		Build2 map[string]any `toml:"build_dependencies"`
	}
	var m struct {
		Package struct {
			Links       string   `toml:"links"`
			RustVersion string   `toml:"rust-version"`
			License     string   `toml:"license"`
			Description string   `toml:"description"`
			Homepage    string   `toml:"homepage"`
			Repository  string   `toml:"repository"`
			Authors     []string `toml:"authors"`
		} `toml:"package"`
		tables
		Target map[string]tables `toml:"target"`
	}
	if err := toml.Unmarshal(src, &m); err != nil {
		return c, fmt.Errorf("its Cargo.toml: %w", err)
	}
	c.Links, c.RustVersion, c.License, c.Description, c.Authors = m.Package.Links, m.Package.RustVersion, m.Package.License, m.Package.Description, m.Package.Authors
	c.Homepage = m.Package.Homepage
	if c.Homepage == "" {
		c.Homepage = m.Package.Repository
	}
	all := []map[string]any{m.Normal, m.Build, m.Build2}
	for _, t := range m.Target {
		all = append(all, t.Normal, t.Build, t.Build2)
	}
	for _, table := range all {
		for key, spec := range table {
			if r, ok := needed(key, spec, locked.Dependencies); ok && !slices.Contains(c.Needs, r) {
				c.Needs = append(c.Needs, r)
			}
		}
	}
	sort.Slice(c.Needs, func(i, j int) bool {
		return c.Needs[i].Crate+" "+c.Needs[i].Req < c.Needs[j].Crate+" "+c.Needs[j].Req
	})
	return c, nil
}

// needed reads one dependency of a manifest; ok tells whether it is wanted.
func needed(key string, spec any, locked []string) (r Requirement, ok bool) {
	r = Requirement{Crate: key, Req: "*"}
	optional := false
	switch spec := spec.(type) {
	case string:
		r.Req = spec
	case map[string]any:
		if name, ok := spec["package"].(string); ok {
			r.Crate = name
		}
		if req, ok := spec["version"].(string); ok {
			r.Req = req
		}
		optional, _ = spec["optional"].(bool)
	}
	return r, Locked(r, locked) || !optional
}

// Locked tells whether a lock's list of dependencies ("log", or "log 0.4.20") has one
// that may be meant by a requirement.
func Locked(r Requirement, dependencies []string) bool {
	want, err := requirement.Parse(r.Req)
	for _, d := range dependencies {
		fields := strings.Fields(d)
		if fields[0] == r.Crate && (len(fields) == 1 || err == nil && want.Has(fields[1])) {
			return true
		}
	}
	return false
}

func manifestOf(file, root string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("there is no Cargo.toml in it")
		}
		if err != nil {
			return nil, err
		}
		if h.Name == root+"/Cargo.toml" {
			return io.ReadAll(io.LimitReader(t, mostManifest))
		}
	}
}
