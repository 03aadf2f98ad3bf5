package synth

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/opamcrates"
)

// chosenByOpam are the registry crates that opam's solver chose for the program: those
// in the switch's store whose package is in the cone. nil where there are none.
func (s *State) chosenByOpam() *lockfile.Lock {
	if !slices.ContainsFunc(s.cone, opamcrates.IsPackage) || s.switchStore() == "" {
		return nil
	}
	entries, err := os.ReadDir(s.switchStore())
	if err != nil {
		return nil // the places tell
	}
	chosen := &lockfile.Lock{Version: 3}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		id, _, err := crate.ReadVendored(filepath.Join(s.switchStore(), e.Name()))
		if err != nil || !slices.Contains(s.cone, opamcrates.PackageName(id.Name, id.Version)) {
			continue
		}
		chosen.Packages = append(chosen.Packages, lockfile.Package{Name: id.Name, Version: id.Version, Source: lockfile.DefaultRegistry, Checksum: id.Checksum})
	}
	if len(chosen.Packages) == 0 {
		return nil
	}
	return chosen
}

// withChosen is the seed in which opam's choice stands in the place of what the locks
// have in the same semver-compatible range; nil where the committed lock has all of it.
func (l *locks) withChosen() *lockfile.Lock {
	base := l.committed
	if base == nil {
		var own []*lockfile.Lock
		for _, lock := range l.own {
			if lock != nil {
				own = append(own, lock)
			}
		}
		base = &lockfile.Lock{Version: 3}
		if len(own) > 0 {
			base = lockfile.Unite(own...)
		}
	}
	opam := map[slot]lockfile.Package{}
	for _, p := range l.chosen.Packages {
		opam[slotOf(p)] = p
	}
	same := l.committed != nil
	seed := &lockfile.Lock{Version: 3}
	for _, p := range lockfile.Unite(base).Packages {
		at := slotOf(p)
		q, ok := opam[at]
		if !ok || p.Path() || p.Git() {
			seed.Packages = append(seed.Packages, p)
			continue
		}
		same = same && q.Version == p.Version && q.Checksum == p.Checksum
		seed.Packages = append(seed.Packages, q)
		delete(opam, at)
	}
	for _, p := range l.chosen.Packages {
		if _, ok := opam[slotOf(p)]; ok {
			seed.Packages = append(seed.Packages, p)
			same = false
		}
	}
	if same {
		return nil
	}
	return seed
}
