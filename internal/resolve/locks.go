package resolve

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/source"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Locks are the locks that a resolution starts from.
type Locks struct {
	Committed *lockfile.Lock // rust-bindings/Cargo.lock; nil where there is none
	Trees     []*bindings.Tree
	Own       []*lockfile.Lock // of the trees; nil where there is none
	Online    *lockfile.Lock   // what the network gave
	Chosen    *lockfile.Lock   // the crates that opam chose; nil where it chose none
}

// ReadLocks reads the committed lock of the program at root, and those of the trees.
func ReadLocks(root string, trees []*bindings.Tree) (*Locks, error) {
	l := &Locks{Trees: trees}
	var problems []error
	src, err := tree.Read(filepath.Join(root, filepath.FromSlash(lockfile.Committed)), tree.MostOfList)
	switch {
	case err == nil:
		if l.Committed, err = lockfile.Parse(lockfile.Committed, src); err != nil {
			problems = append(problems, err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		problems = append(problems, err)
	}
	for _, t := range l.Trees {
		own, err := t.Lock()
		if err != nil {
			problems = append(problems, err)
		}
		l.Own = append(l.Own, own)
	}
	return l, errors.Join(problems...)
}

// all lists the locks, the committed one first: of two checksums for one crate
// the first counts.
func (l *Locks) all() []*lockfile.Lock {
	var list []*lockfile.Lock
	for _, lock := range append([]*lockfile.Lock{l.Committed, l.Online}, l.Own...) {
		if lock != nil {
			list = append(list, lock)
		}
	}
	return list
}

// Seeds are the locks to try, best first: the committed lock, or the only one
// that a tree has, as it is; the union of the trees' locks, with one version of a crate
// for each semver-compatible range, as cargo has it, and the committed lock's choices
// before theirs.
func (l *Locks) Seeds() []*lockfile.Lock {
	var seeds []*lockfile.Lock
	all := l.all()
	if l.Online != nil {
		return []*lockfile.Lock{l.Online}
	}
	if l.Chosen != nil {
		if seed := l.withChosen(); seed != nil {
			return []*lockfile.Lock{seed}
		}
	}
	switch {
	case l.Committed != nil:
		seeds = append(seeds, l.Committed, lockfile.Unite(l.Committed))
	case len(all) == 1:
		seeds = append(seeds, all[0])
	}
	if l.Committed == nil && len(all) > 0 {
		seeds = append(seeds, lockfile.Unite(all...))
	}
	return seeds
}

// crates groups the registry and git crates of all locks by name, version and git
// source, in order; a group has one entry for each checksum. Where the committed
// lock names a crate, only its checksum counts.
func (l *Locks) crates() [][]lockfile.Package {
	at := map[string]int{}
	var groups [][]lockfile.Package
	all := l.all()
	if l.Chosen != nil {
		all = append(all, l.Chosen)
	}
	for _, lock := range all {
		for _, p := range lock.Packages {
			if p.Path() || (p.Registry() && p.Checksum == "") {
				continue
			}
			i, ok := at[source.Key(p)]
			switch {
			case !ok:
				at[source.Key(p)] = len(groups)
				groups = append(groups, []lockfile.Package{p})
			case !slices.ContainsFunc(groups[i], func(q lockfile.Package) bool { return q.Checksum == p.Checksum }) && !l.commits(p):
				groups[i] = append(groups[i], p)
			}
		}
	}
	return groups
}

func (l *Locks) commits(p lockfile.Package) bool {
	same := func(q lockfile.Package) bool { return source.Key(q) == source.Key(p) }
	return l.Committed != nil && slices.ContainsFunc(l.Committed.Packages, same)
}

// settle gives the locks the checksum of the crate that is here: cargo refuses a seed
// with another one (docs/facts.md#a-lock-as-a-seed).
func (l *Locks) settle(p lockfile.Package) {
	for _, lock := range append([]*lockfile.Lock{l.Committed}, l.Own...) {
		if lock == nil {
			continue
		}
		for i, q := range lock.Packages {
			if q.Registry() && source.Key(q) == source.Key(p) {
				lock.Packages[i].Checksum = p.Checksum
			}
		}
	}
}

// withChosen is the seed in which opam's choice stands in the place of what the locks
// have in the same semver-compatible range; nil where the committed lock has all of it.
func (l *Locks) withChosen() *lockfile.Lock {
	base := l.Committed
	if base == nil {
		base = united(l.Own)
	}
	opam := map[compatible]lockfile.Package{}
	for _, p := range l.Chosen.Packages {
		opam[rangeOf(p)] = p
	}
	same := l.Committed != nil
	seed := &lockfile.Lock{Version: 3}
	for _, p := range lockfile.Unite(base).Packages {
		at := rangeOf(p)
		q, ok := opam[at]
		if !ok || p.Source != q.Source {
			seed.Packages = append(seed.Packages, p)
			continue
		}
		same = same && q.Version == p.Version && q.Checksum == p.Checksum
		seed.Packages = append(seed.Packages, q)
		delete(opam, at)
	}
	for _, p := range l.Chosen.Packages {
		if _, ok := opam[rangeOf(p)]; ok {
			seed.Packages = append(seed.Packages, p)
			same = false
		}
	}
	if same {
		return nil
	}
	return seed
}

// united is the union of locks, of which some may be nil.
func united(locks []*lockfile.Lock) *lockfile.Lock {
	var list []*lockfile.Lock
	for _, lock := range locks {
		if lock != nil {
			list = append(list, lock)
		}
	}
	if len(list) == 0 {
		return &lockfile.Lock{Version: 3}
	}
	return lockfile.Unite(list...)
}
