package resolve

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// change is a crate that two locks have at different versions; From or To is
// empty where only one has it.
type change struct {
	Name, From, To string
	Other          bool // the version is the same, the source or checksum is not
}

func (c change) String() string {
	switch {
	case c.Other:
		return fmt.Sprintf("%s %s has another source or checksum", c.Name, c.To)
	case c.From == "":
		return fmt.Sprintf("%s %s is new", c.Name, c.To)
	case c.To == "":
		return fmt.Sprintf("%s %s is gone", c.Name, c.From)
	}
	return fmt.Sprintf("%s %s -> %s", c.Name, c.From, c.To)
}

// compatible is what a lock has one crate of each source for: a name, and a
// semver-compatible range.
type compatible struct{ name, versions string }

func rangeOf(p lockfile.Package) compatible {
	return compatible{p.Name, lockfile.CompatRange(p.Version)}
}

// byRange are the registry and git crates of a lock.
func byRange(l *lockfile.Lock) map[compatible][]lockfile.Package {
	m := map[compatible][]lockfile.Package{}
	if l == nil {
		return m
	}
	for _, p := range l.Packages {
		if !p.Path() {
			m[rangeOf(p)] = append(m[rangeOf(p)], p)
		}
	}
	return m
}

// ofSource takes the package of a source out of a list.
func ofSource(list []lockfile.Package, source string) (p lockfile.Package, rest []lockfile.Package, ok bool) {
	i := slices.IndexFunc(list, func(p lockfile.Package) bool { return p.Source == source })
	if i < 0 {
		return p, list, false
	}
	return list[i], slices.Delete(slices.Clone(list), i, i+1), true
}

// changes compares the registry and git crates of two locks: within one semver-compatible
// range a crate of one source has one version, so that a version that is only in one of
// them and one that is only in the other belong together; and so do a source that is only
// in one and one that is only in the other.
func changes(from, to *lockfile.Lock) []change {
	old, now := byRange(from), byRange(to)
	var list []change
	for at, packages := range now {
		was := old[at]
		var others []lockfile.Package
		for _, p := range packages {
			q, rest, ok := ofSource(was, p.Source)
			switch was = rest; {
			case !ok:
				others = append(others, p)
			case q.Version != p.Version:
				list = append(list, change{Name: p.Name, From: q.Version, To: p.Version})
			case q.Checksum != p.Checksum:
				list = append(list, change{Name: p.Name, From: q.Version, To: p.Version, Other: true})
			}
		}
		for _, p := range others {
			if len(was) == 0 {
				list = append(list, change{Name: p.Name, To: p.Version})
				continue
			}
			list = append(list, change{Name: p.Name, From: was[0].Version, To: p.Version, Other: was[0].Version == p.Version})
			was = was[1:]
		}
		old[at] = was
	}
	for _, gone := range old {
		for _, q := range gone {
			list = append(list, change{Name: q.Name, From: q.Version})
		}
	}
	sort.Slice(list, func(i, j int) bool {
		return list[i].Name+list[i].From+list[i].To < list[j].Name+list[j].From+list[j].To
	})
	return list
}

// moved says, in one line a crate, which crates have another version than the seed's, and
// on whose account. What a lock lists and the program does not need is no matter.
func moved(l *Locks, res *Resolution) []string {
	seed := l.Committed
	if seed == nil && len(l.all()) > 0 {
		seed = lockfile.Unite(l.all()...)
	}
	var lines []string
	for _, c := range changes(seed, res.Lock) {
		if c.To == "" || (c.From == "" && l.Committed == nil) {
			continue
		}
		account := res.Graph.Account(c.Name, c.To)
		is := func(p lockfile.Package) bool { return p.Name == c.Name && p.Version == c.To }
		if l.Chosen != nil && slices.ContainsFunc(l.Chosen.Packages, is) {
			account += "; as opam chose"
		}
		lines = append(lines, fmt.Sprintf("%s (%s)", c, account))
	}
	return lines
}

// checkLocked refuses a registry or git crate that the committed lock does not
// have just so. Entries that nothing uses are accepted: a repository of several
// packages has one lock, and a build needs its part of it. Path crates follow
// opam's choice of the bindings.
func checkLocked(committed *lockfile.Lock, res *Resolution) error {
	var differ []string
	for _, c := range changes(committed, res.Lock) {
		if c.To != "" {
			differ = append(differ, fmt.Sprintf("%s (%s)", c, res.Graph.Account(c.Name, c.To)))
		}
	}
	if len(differ) == 0 {
		return nil
	}
	return problem.New(problem.Resolve, "the bindings need other crates than the committed lock has").At(lockfile.Committed, 0).
		Quote(strings.Join(differ, "\n")).
		Hint("bring the lock up to date and look at the difference: opam-cargo lock && git diff %s", lockfile.Committed).
		Hint("or build without --locked; the lock is then where the resolution begins")
}
