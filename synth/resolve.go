package synth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// resolved is what a successful resolution leaves in W/cache: when its key has
// not changed, neither has the answer.
type resolved struct {
	Key   string       `json:"key"`
	Lock  string       `json:"lock"` // sha256 of W/Cargo.lock
	Graph *graph.Graph `json:"graph"`
	Copy  bool         `json:"copy,omitempty"` // see [State.storeBroken]
}

// resolve lets cargo make W/Cargo.lock from the seed and the crates that are
// there, and lays out exactly the crates that the lock names.
func (s *State) resolve(ctx context.Context) error {
	if err := s.Cargo.Check(ctx); err != nil {
		return err
	}
	locks, err := s.readLocks()
	if err != nil {
		return err
	}
	if s.Locked && locks.committed == nil {
		return problem.New(problem.Resolve, "--locked needs a committed lock, and there is none").At(lockfile.Committed, 0).Hint("make it: opam-cargo lock")
	}
	if s.Online {
		if locks.online, err = s.resolveOnline(ctx, locks); err != nil {
			return err
		}
	}
	supply, err := s.supply(locks)
	if err != nil {
		return err
	}
	key, err := s.resolutionKey(ctx, locks, supply)
	if err != nil {
		return err
	}
	s.resolveKey = key
	before := s.resolvedBefore(key)
	if before {
		s.Term.Detail("the resolution of the last run still holds")
	} else if err := s.resolveAnew(ctx, locks, supply, key); err != nil {
		return err
	}
	s.tellUnusedPatches()
	switch {
	case s.Locked:
		if err := s.checkLocked(locks.committed); err != nil {
			return err
		}
	case !before || s.Root.Context == "": // in the development loop, dune shows it once
		s.tellMoved(locks)
	}
	return s.layOutOffers(ctx, supply, s.exactly(supply))
}

// tellUnusedPatches warns of a patch in the settings that replaces nothing: cargo itself
// says so only where it resolves.
func (s *State) tellUnusedPatches() {
	for _, q := range s.Plan.Patches {
		used := slices.ContainsFunc(s.Lock.Packages, func(p lockfile.Package) bool { return p.Name == q.Crate && !p.Registry() })
		if q.Package == "" && !used {
			s.Term.Warn("rust-bindings/settings.toml: the patch of %s is not used: nothing in the program wants a version that it has", q.Crate)
			s.Term.Hint("what is wanted: opam-cargo why %s", q.Crate)
		}
	}
}

// resolveOnline resolves with the network, which leaves the crates in the user's
// download cache. Without a network it gives nothing, and says so.
func (s *State) resolveOnline(ctx context.Context, l *locks) (*lockfile.Lock, error) {
	_, err := s.runResolver(ctx, l.seeds(), s.onlineResolver())
	if cargo.NoNetwork(err) {
		s.Term.Say("there is no network; resolving from the crates that are here")
		return nil, nil
	}
	if err != nil {
		return nil, s.resolverProblem(err, l, nil)
	}
	if err := s.readLock(); err != nil {
		return nil, err
	}
	return s.Lock, nil
}

func (s *State) resolveAnew(ctx context.Context, locks *locks, supply *supply, key string) error {
	found, err := s.resolveFrom(ctx, supply, locks.seeds())
	if err != nil {
		return s.resolverProblem(err, locks, supply.absent)
	}
	if err := s.readLock(); err != nil {
		return err
	}
	s.Graph = found
	if err := s.settle(ctx, supply); err != nil {
		return err
	}
	return s.keepResolved(key)
}

// resolutionKey fingerprints all that cargo's answer depends on.
func (s *State) resolutionKey(ctx context.Context, l *locks, su *supply) (string, error) {
	var b bytes.Buffer
	fmt.Fprintln(&b, "3", s.Cargo.Version(ctx), s.Target, s.Dirs.W) // the found names places
	files, err := s.Plan.Files()
	if err != nil {
		return "", err
	}
	for _, f := range files {
		fmt.Fprintln(&b, f.Path, tree.BytesSum(f.Content))
	}
	for _, t := range s.Plan.Trees() {
		fmt.Fprintln(&b, t.Package, t.LayoutKey())
		for _, e := range t.Entries {
			if dir, ok := strings.CutSuffix("/"+e.Path, "/Cargo.toml"); ok {
				if dir = strings.TrimPrefix(dir, "/"); dir == "" {
					dir = "."
				}
				if t.Manifests[dir] != nil {
					fmt.Fprintln(&b, dir, tree.BytesSum(s.Plan.StagedManifest(t, dir)))
				}
			}
		}
	}
	for _, seed := range l.seeds() {
		b.Write(seed.Format())
	}
	fmt.Fprintln(&b, s.storeKey())
	for _, o := range su.offers {
		fmt.Fprintln(&b, o.ID, o.ID.Checksum, o.Source)
	}
	return tree.BytesSum(b.Bytes()), nil
}

func (s *State) resolvedFile() string { return filepath.Join(s.Dirs.Cache(), "resolved.json") }

func (s *State) resolvedBefore(key string) bool {
	var r resolved
	src, err := os.ReadFile(s.resolvedFile())
	if err != nil || json.Unmarshal(src, &r) != nil || r.Key != key || r.Graph == nil {
		return false
	}
	sum, err := tree.FileSum(s.Dirs.Lock())
	if err != nil || sum != r.Lock || s.readLock() != nil {
		return false
	}
	s.Graph, s.copyCrates = graph.Of(r.Graph.Packages, s.Dirs), r.Copy
	return true
}

func (s *State) keepResolved(key string) error {
	sum, err := tree.FileSum(s.Dirs.Lock())
	if err != nil {
		return err
	}
	text, err := json.Marshal(resolved{Key: key, Lock: sum, Graph: s.Graph, Copy: s.copyCrates})
	if err != nil {
		return err
	}
	return tree.WriteIfChanged(s.resolvedFile(), text, false)
}

func (s *State) readLock() error {
	src, err := os.ReadFile(s.Dirs.Lock())
	if err != nil {
		return err
	}
	s.Lock, err = lockfile.Parse(s.Dirs.Lock(), src)
	return err
}
