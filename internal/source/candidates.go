package source

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/term"
)

// Candidates are what the places have for one resolution.
type Candidates struct {
	List   []Candidate
	Absent map[string]string // name-version of registry crates that a lock names and no place has; what is to be added
	// Settled are the packages of which the locks have several checksums, or another one
	// than the candidate: with that of the candidate. cargo refuses a seed with another.
	Settled []lockfile.Package
}

// Wanted says which crates are looked for.
type Wanted struct {
	Crates [][]lockfile.Package // of the locks, by name, version and git source; one for each checksum
	Own    []*lockfile.Lock     // the locks of the bindings; nil where one has none
	Locked bool                 // take no crate with another checksum
}

// Find finds the verified crates of the places: of every crate that a lock names, and all
// of the directory sources; one for each name and version, and for each git source.
func Find(places []Place, wanted Wanted, out *term.Printer) (*Candidates, error) {
	here, err := newChain(places, wanted.Own)
	if err != nil {
		return nil, err
	}
	found := &Candidates{Absent: map[string]string{}}
	var substitutes []string
	seen := map[string]bool{}
	for _, group := range wanted.Crates {
		p := group[0]
		seen[Key(p)] = true
		switch c, ok := here.first(group, &p); {
		case ok:
			found.List = append(found.List, c)
			if len(group) > 1 {
				found.Settled = append(found.Settled, p)
			}
		case !wanted.Locked && Of(p) == "" && here.standIn(&p, &c):
			found.List = append(found.List, c)
			found.Settled = append(found.Settled, p)
			substitutes = append(substitutes, p.Name+" "+p.Version)
		case p.Registry():
			found.Absent[p.Name+"-"+p.Version] = ""
			if source := Of(p); source != "" {
				found.Absent[p.Name+"-"+p.Version] = " of " + source
			}
		}
		if len(group) > 1 {
			out.Warn("the crate %s %s has %d checksums in the locks of this build", p.Name, p.Version, len(group))
			out.Hint("a release never changes: one of the locks, or vendor directories, holds a changed copy; bring them from the registry anew")
		}
	}
	if len(substitutes) > 0 {
		out.Warn("OPAM_CARGO_CRATES stands for %s of the locks, with other checksums: %s", term.Count(len(substitutes), "crate"),
			strings.Join(substitutes, ", "))
		out.Hint("to build what the committed lock names and nothing else: --locked")
	}
	for _, c := range here.vendoredCrates() {
		if !seen[c.Key()] {
			found.List = append(found.List, c)
		}
	}
	for _, w := range here.warnings {
		out.Warn("%s", w)
	}
	found.noteOthers()
	return found, errors.Join(here.problems...)
}

// first looks for the packages of a group in turn; p becomes the one that is found.
func (c *chain) first(group []lockfile.Package, p *lockfile.Package) (Candidate, bool) {
	for _, q := range group {
		id, err := q.ID()
		if err != nil {
			continue
		}
		if found, ok := c.find(id, Of(q)); ok {
			*p = q
			return found, true
		}
	}
	return Candidate{}, false
}

// standIn is [chain.substitute] for p, which gets its checksum.
func (c *chain) standIn(p *lockfile.Package, into *Candidate) (ok bool) {
	id, err := p.ID()
	if err != nil {
		return false
	}
	if *into, ok = c.substitute(id); ok {
		p.Checksum = into.ID.Checksum()
	}
	return ok
}

// noteOthers notes beside the absent crates which other version is here that may do,
// as it does where a distribution has one of each.
func (c *Candidates) noteOthers() {
	for _, other := range c.List {
		for id, note := range c.Absent {
			version, ok := strings.CutPrefix(id, other.ID.Name()+"-")
			if ok && note == "" && other.Source == "" && lockfile.CompatRange(version) == lockfile.CompatRange(other.ID.Version()) {
				c.Absent[id] = fmt.Sprintf(" (%s is here)", other.ID.Version())
			}
		}
	}
}

// CannotLoad is what [Candidates.LeaveOut] notes beside an absent crate.
const CannotLoad = " (it is here, but this cargo cannot load it: a newer Rust can)"

// LeaveOut takes out the crate id, NAME-VERSION, which cargo cannot load. It tells
// whether there was such a one.
func (c *Candidates) LeaveOut(id string) bool {
	kept := slices.DeleteFunc(slices.Clone(c.List), func(c Candidate) bool { return c.ID.String() == id })
	if len(kept) == len(c.List) {
		return false
	}
	c.List, c.Absent[id] = kept, CannotLoad
	return true
}

// Named are the candidates that a lock names.
func (c *Candidates) Named(lock *lockfile.Lock) []Candidate {
	named := map[string]bool{}
	for _, p := range lock.Packages {
		if !p.Path() {
			named[Key(p)] = true
		}
	}
	var list []Candidate
	for _, c := range c.List {
		if named[c.Key()] {
			list = append(list, c)
		}
	}
	return list
}

// Key is [Candidate.Key] of a lock's package.
func Key(p lockfile.Package) string {
	return key(p.Name+"-"+p.Version, Of(p))
}

// Of is where a lock's package comes from, as [Candidate] has it: empty for the default
// registry, another registry's source, or a git source without its commit.
func Of(p lockfile.Package) string {
	switch {
	case p.Git():
		wanted, _ := lockfile.GitSource(p.Source)
		return wanted
	case p.Source == lockfile.DefaultRegistry:
		return ""
	}
	return p.Source
}
