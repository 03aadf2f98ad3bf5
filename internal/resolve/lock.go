package resolve

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// NewLock is a newly made committed lock beside the old one.
type NewLock struct {
	root string
	old  []byte // nil: there was none
	lock *lockfile.Lock
}

// Upgrade says what may move.
type Upgrade struct {
	All    bool     // start from no seed
	Crates []string // start from the seed without these crates
}

// Relock resolves the whole cone, with the network if there is one, else from the crates
// that are there. The seed is the committed lock, else the trees' locks united, so that
// what nobody asked to move stays.
func Relock(ctx context.Context, in Input, up Upgrade) (*NewLock, error) {
	l, err := in.locks()
	if err != nil {
		return nil, err
	}
	root := in.Site.Root.Dir
	old, err := tree.Read(filepath.Join(root, filepath.FromSlash(lockfile.Committed)), tree.MostOfList)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	seeds, err := upgraded(l, up)
	if err != nil {
		return nil, err
	}
	r := newResolver(in)
	g, err := r.search(ctx, seeds, r.askOnline())
	if cargo.NoNetwork(err) {
		in.Site.Out.Say("there is no network; resolving from the crates that are here")
		g, err = r.offline(ctx, in, l, seeds)
	} else if err != nil {
		err = r.explain(err, l, nil)
	}
	if err != nil {
		return nil, err
	}
	lock, err := readLock(in.Site.Dirs)
	if err != nil {
		return nil, err
	}
	for _, line := range moved(l, &Resolution{Lock: lock, Graph: g}) {
		in.Site.Out.Say("crate %s", line)
	}
	return &NewLock{root: root, old: old, lock: lock}, nil
}

func (r *resolver) offline(ctx context.Context, in Input, l *Locks, seeds []*lockfile.Lock) (*graph.Graph, error) {
	found, err := in.candidates(l)
	if err != nil {
		return nil, err
	}
	g, err := r.from(ctx, found, seeds)
	if err != nil {
		err = r.explain(err, l, found.Absent)
	}
	return g, err
}

// upgraded are the seeds without what is to move.
func upgraded(l *Locks, up Upgrade) ([]*lockfile.Lock, error) {
	seeds := l.Seeds()
	if up.All {
		return nil, nil
	}
	if len(up.Crates) == 0 || len(seeds) == 0 {
		return seeds, nil
	}
	seed := lockfile.Unite(seeds...)
	var problems []error
	for _, name := range up.Crates {
		if len(without(seed, name).Packages) == len(seed.Packages) {
			problems = append(problems, problem.New(problem.Usage, "there is no registry crate %s in the lock", name).
				Hint("opam-cargo plan lists them"))
		}
	}
	return []*lockfile.Lock{without(seed, up.Crates...)}, errors.Join(problems...)
}

// Changes lists in words how the new lock differs from the committed one; none if
// writing it would change nothing.
func (n *NewLock) Changes() []string {
	if string(n.old) == string(n.lock.Format()) {
		return nil
	}
	if n.old == nil {
		return []string{"there is no " + lockfile.Committed}
	}
	old, err := lockfile.Parse(lockfile.Committed, n.old)
	if err != nil { // [ReadLocks] has parsed it
		return []string{err.Error()}
	}
	var lines []string
	for _, c := range changes(old, n.lock) {
		lines = append(lines, c.String())
	}
	if len(lines) == 0 {
		lines = []string{"the path crates, the requirements or the format have changed"}
	}
	return lines
}

// Write replaces the committed lock.
func (n *NewLock) Write() error {
	if err := tree.Sweep(filepath.Join(n.root, "rust-bindings")); err != nil {
		return err
	}
	return tree.WriteIfChanged(filepath.Join(n.root, filepath.FromSlash(lockfile.Committed)), n.lock.Format(), false)
}
