package synth

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

// slot is what a lock has one crate for: a name, and a semver-compatible range.
type slot struct{ name, compat string }

func slotOf(p lockfile.Package) slot { return slot{p.Name, lockfile.CompatRange(p.Version)} }

// changes compares the registry and git crates of two locks: within one
// semver-compatible range a crate has one version, so that a version that is only
// in one of them and one that is only in the other belong together.
func changes(from, to *lockfile.Lock) []change {
	old, now := map[slot]lockfile.Package{}, map[slot]lockfile.Package{}
	for l, m := range map[*lockfile.Lock]map[slot]lockfile.Package{from: old, to: now} {
		if l == nil {
			continue
		}
		for _, p := range l.Packages {
			if !p.Path() {
				m[slotOf(p)] = p
			}
		}
	}
	var list []change
	for at, p := range now {
		q, was := old[at]
		switch {
		case !was:
			list = append(list, change{Name: p.Name, To: p.Version})
		case q.Version != p.Version:
			list = append(list, change{Name: p.Name, From: q.Version, To: p.Version})
		case q.Source != p.Source || q.Checksum != p.Checksum:
			list = append(list, change{Name: p.Name, From: q.Version, To: p.Version, Other: true})
		}
	}
	for at, q := range old {
		if _, is := now[at]; !is {
			list = append(list, change{Name: q.Name, From: q.Version})
		}
	}
	sort.Slice(list, func(i, j int) bool {
		return list[i].Name+list[i].From+list[i].To < list[j].Name+list[j].From+list[j].To
	})
	return list
}

// tellMoved says, in one line a crate, which crates have another version than the
// seed's, and on whose account. What a lock lists and the program does not need
// is no matter.
func (s *State) tellMoved(l *locks) {
	seed := l.committed
	if seed == nil && len(l.all()) > 0 {
		seed = lockfile.Unite(l.all()...)
	}
	for _, c := range changes(seed, s.Lock) {
		if c.To == "" || (c.From == "" && l.committed == nil) {
			continue
		}
		account := s.Graph.Account(c.Name, c.To)
		if l.chosen != nil && slices.ContainsFunc(l.chosen.Packages, func(p lockfile.Package) bool { return p.Name == c.Name && p.Version == c.To }) {
			account += "; as opam chose"
		}
		s.Term.Say("crate %s (%s)", c, account)
	}
}

// checkLocked refuses a registry or git crate that the committed lock does not
// have just so. Entries that nothing uses are accepted: a repository of several
// packages has one lock, and a build needs its part of it. Path crates follow
// opam's choice of the bindings.
func (s *State) checkLocked(committed *lockfile.Lock) error {
	var differ []string
	for _, c := range changes(committed, s.Lock) {
		if c.To != "" {
			differ = append(differ, fmt.Sprintf("%s (%s)", c, s.Graph.Account(c.Name, c.To)))
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
