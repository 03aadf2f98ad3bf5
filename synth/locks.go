package synth

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
)

// locks are the locks that a resolution starts from.
type locks struct {
	committed *lockfile.Lock // rust-bindings/Cargo.lock; nil where there is none
	trees     []*bindings.Tree
	own       []*lockfile.Lock // of the trees; nil where there is none
	online    *lockfile.Lock   // what the network gave, with --online
	chosen    *lockfile.Lock   // the crates that opam chose; nil where it chose none
}

func (s *State) readLocks() (*locks, error) {
	l := &locks{trees: s.Plan.Trees()}
	var problems []error
	file := filepath.Join(s.Root.Dir, filepath.FromSlash(lockfile.Committed))
	src, err := os.ReadFile(file)
	switch {
	case err == nil:
		if l.committed, err = lockfile.Parse(lockfile.Committed, src); err != nil {
			problems = append(problems, err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		problems = append(problems, err)
	}
	l.chosen = s.chosenByOpam()
	for _, t := range l.trees {
		own, err := t.Lock()
		if err != nil {
			problems = append(problems, err)
		}
		l.own = append(l.own, own)
	}
	return l, errors.Join(problems...)
}

// all lists the locks, the committed one first: of two checksums for one crate
// the first counts.
func (l *locks) all() []*lockfile.Lock {
	var list []*lockfile.Lock
	for _, lock := range append([]*lockfile.Lock{l.committed, l.online}, l.own...) {
		if lock != nil {
			list = append(list, lock)
		}
	}
	return list
}

// seeds are the locks to try, best first: the committed lock, or the only one
// that a tree has, as it is; the union of the trees' locks, reduced as FACTS F5
// says, with the committed lock's choices before theirs.
func (l *locks) seeds() []*lockfile.Lock {
	var seeds []*lockfile.Lock
	all := l.all()
	if l.online != nil {
		return []*lockfile.Lock{l.online}
	}
	if l.chosen != nil {
		if seed := l.withChosen(); seed != nil {
			return []*lockfile.Lock{seed}
		}
	}
	switch {
	case l.committed != nil:
		seeds = append(seeds, l.committed, lockfile.Unite(l.committed))
	case len(all) == 1:
		seeds = append(seeds, all[0])
	}
	if l.committed == nil && len(all) > 0 {
		seeds = append(seeds, lockfile.Unite(all...))
	}
	return seeds
}

// crates groups the registry and git crates of all locks by name, version and git
// source, in order; a group has one entry for each checksum. Where the committed
// lock names a crate, only its checksum counts.
func (l *locks) crates() [][]lockfile.Package {
	at := map[string]int{}
	var groups [][]lockfile.Package
	all := l.all()
	if l.chosen != nil {
		all = append(all, l.chosen)
	}
	for _, lock := range all {
		for _, p := range lock.Packages {
			if p.Path() || (p.Registry() && p.Checksum == "") {
				continue
			}
			i, ok := at[offerKey(p)]
			switch {
			case !ok:
				at[offerKey(p)] = len(groups)
				groups = append(groups, []lockfile.Package{p})
			case !slices.ContainsFunc(groups[i], func(q lockfile.Package) bool { return q.Checksum == p.Checksum }) && !l.commits(p):
				groups[i] = append(groups[i], p)
			}
		}
	}
	return groups
}

func (l *locks) commits(p lockfile.Package) bool {
	return l.committed != nil && slices.ContainsFunc(l.committed.Packages, func(q lockfile.Package) bool { return offerKey(q) == offerKey(p) })
}

// settle gives the locks the checksum of the crate that is here: cargo refuses a seed
// with another one (FACTS F5).
func (l *locks) settle(p lockfile.Package) {
	for _, lock := range append([]*lockfile.Lock{l.committed}, l.own...) {
		if lock == nil {
			continue
		}
		for i, q := range lock.Packages {
			if q.Registry() && offerKey(q) == offerKey(p) {
				lock.Packages[i].Checksum = p.Checksum
			}
		}
	}
}
