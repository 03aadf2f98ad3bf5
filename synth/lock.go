package synth

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Relock is a newly made committed lock beside the old one.
type Relock struct {
	state *State
	old   []byte // nil: there was none
	New   []byte
}

// LockRequest says what may move.
type LockRequest struct {
	UpgradeAll bool     // start from no seed
	Upgrade    []string // start from the seed without these crates
}

// Lock resolves the whole cone, with the network if there is one, else from the
// crates that are there. The seed is the committed lock, else the trees' locks
// united, so that what nobody asked to move stays.
func Lock(ctx context.Context, o Options, req LockRequest) (*Relock, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.plan(ctx); err != nil {
		return nil, err
	}
	l, err := s.readLocks()
	if err != nil {
		return nil, err
	}
	old, err := os.ReadFile(filepath.Join(o.Root.Dir, filepath.FromSlash(lockfile.Committed)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	seeds, err := upgraded(l, req)
	if err != nil {
		return nil, err
	}
	found, err := s.runResolver(ctx, seeds, s.onlineResolver())
	if cargo.NoNetwork(err) {
		s.Term.Say("there is no network; resolving from the crates that are here")
		found, err = s.lockOffline(ctx, l, seeds)
	} else if err != nil {
		err = s.resolverProblem(err, l, nil)
	}
	if err != nil {
		return nil, err
	}
	s.Graph = found
	if err := s.readLock(); err != nil {
		return nil, err
	}
	s.tellMoved(l)
	return &Relock{state: s, old: old, New: s.Lock.Format()}, nil
}

func (s *State) lockOffline(ctx context.Context, l *locks, seeds []*lockfile.Lock) (*graph.Graph, error) {
	su, err := s.supply(l)
	if err != nil {
		return nil, err
	}
	found, err := s.resolveFrom(ctx, su, seeds)
	if err != nil {
		err = s.resolverProblem(err, l, su.absent)
	}
	return found, err
}

// upgraded are the seeds without what is to move.
func upgraded(l *locks, req LockRequest) ([]*lockfile.Lock, error) {
	seeds := l.seeds()
	if req.UpgradeAll {
		return nil, nil
	}
	if len(req.Upgrade) == 0 || len(seeds) == 0 {
		return seeds, nil
	}
	seed := lockfile.Unite(seeds...)
	var problems []error
	for _, name := range req.Upgrade {
		if len(without(seed, name).Packages) == len(seed.Packages) {
			problems = append(problems, problem.New(problem.Usage, "there is no registry crate %s in the lock", name).Hint("opam-cargo plan lists them"))
		}
	}
	return []*lockfile.Lock{without(seed, req.Upgrade...)}, errors.Join(problems...)
}

// Changes lists in words how the new lock differs from the committed one; none if
// writing it would change nothing.
func (r *Relock) Changes() []string {
	if string(r.old) == string(r.New) {
		return nil
	}
	if r.old == nil {
		return []string{"there is no " + lockfile.Committed}
	}
	old, err := lockfile.Parse(lockfile.Committed, r.old)
	if err != nil { // readLocks has parsed it
		return []string{err.Error()}
	}
	var lines []string
	for _, c := range changes(old, r.state.Lock) {
		lines = append(lines, c.String())
	}
	if len(lines) == 0 {
		lines = []string{"the path crates, the requirements or the format have changed"}
	}
	return lines
}

// Write replaces the committed lock.
func (r *Relock) Write() error {
	if err := tree.Sweep(filepath.Join(r.state.Root.Dir, "rust-bindings")); err != nil {
		return err
	}
	return tree.WriteIfChanged(filepath.Join(r.state.Root.Dir, filepath.FromSlash(lockfile.Committed)), r.New, false)
}
