package synth

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
)

// locks are the locks that a resolution starts from.
type locks struct {
	committed *lockfile.Lock // rust-bindings/Cargo.lock; nil where there is none
	trees     []*bindings.Tree
	own       []*lockfile.Lock // of the trees; nil where there is none
}

func (s *State) readLocks() (*locks, error) {
	l := &locks{trees: s.Plan.Trees()}
	var problems []error
	file := filepath.Join(s.Root.Dir, filepath.FromSlash(LockFile))
	src, err := os.ReadFile(file)
	switch {
	case err == nil:
		if l.committed, err = lockfile.Parse(LockFile, src); err != nil {
			problems = append(problems, err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		problems = append(problems, err)
	}
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
	for _, lock := range append([]*lockfile.Lock{l.committed}, l.own...) {
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
