package synth

import (
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// resolver makes W/Cargo.lock from what stands there.
type resolver func(ctx context.Context) (*cargo.Metadata, error)

// resolveOffline resolves from the crates that are laid out in W. `cargo
// generate-lockfile` would ignore the seed, `cargo metadata` keeps what it can
// (FACTS F5).
func (s *State) resolveOffline(ctx context.Context) (*cargo.Metadata, error) {
	platforms, err := s.platforms(ctx)
	if err != nil {
		return nil, err
	}
	return s.Cargo.Resolved(ctx, s.Dirs.Manifest(), s.Dirs.Config(), platforms)
}

// platforms are those that crates are compiled for: the target, and the host for build
// scripts and macros.
func (s *State) platforms(ctx context.Context) ([]string, error) {
	rustc, err := s.Cargo.Rustc(ctx)
	if err != nil {
		return nil, err
	}
	if s.Target == "" || s.Target == rustc["host"] {
		return []string{rustc["host"]}, nil
	}
	return []string{s.Target, rustc["host"]}, nil
}

// onlineResolver resolves with the network and the user's own cargo configuration.
func (s *State) onlineResolver() resolver {
	online := s.Cargo.Online(cargo.UserHome(s.Getenv), s.Term.CargoProgress())
	return func(ctx context.Context) (*cargo.Metadata, error) {
		platforms, err := s.platforms(ctx)
		if err != nil {
			return nil, err
		}
		return online.ResolvedOnline(ctx, s.Dirs.Manifest(), platforms)
	}
}

// stuck finds the crates that cargo could not choose a version for.
var stuck = regexp.MustCompile("failed to select a version for (?:the requirement )?`([A-Za-z0-9_-]+)")

// locked finds the crate whose locked version stood in the way.
var locked = regexp.MustCompile("`([A-Za-z0-9_-]+)[^`]*`[^\n]* \\(locked to ")

// runResolver tries the seeds in order. Where the last one makes the resolution
// impossible, the crates that cargo stumbles over are freed one after the other
// until it succeeds; then each freed one is locked again if that still resolves,
// so that as few as possible move. Without a way out it resolves without a seed,
// so that cargo's last word is about the requirements alone.
func (s *State) runResolver(ctx context.Context, seeds []*lockfile.Lock, run resolver) (found *graph.Graph, err error) {
	for _, seed := range seeds {
		if found, err = s.try(ctx, seed, run); err == nil || !refused(err) {
			return found, err
		}
	}
	if len(seeds) > 0 {
		var freed []string
		seed := seeds[len(seeds)-1]
		for refused(err) {
			name := obstacle(err, seed)
			if name == "" {
				break
			}
			s.Term.Detail("the seed's choice of %s makes the resolution impossible; it is freed", name)
			freed = append(freed, name)
			seed = without(seed, name)
			if _, err = s.try(ctx, seed, run); err == nil {
				return s.fewest(ctx, seeds[len(seeds)-1], freed, run)
			}
		}
		if !refused(err) {
			return nil, err
		}
	}
	s.Term.Detail("resolving without a seed")
	seeded := err
	found, err = s.try(ctx, &lockfile.Lock{Version: 3}, run)
	if err != nil && seeded != nil && !strings.Contains(cargoWords(seeded), "(locked to ") {
		// The seed was not the obstacle; without it there may be others (yanked crates).
		return nil, seeded
	}
	return found, err
}

// fewest locks each freed crate again where it can, and resolves a last time.
func (s *State) fewest(ctx context.Context, seed *lockfile.Lock, freed []string, run resolver) (*graph.Graph, error) {
	for i := 0; i < len(freed) && len(freed) > 1; {
		fewer := slices.Delete(slices.Clone(freed), i, i+1)
		if _, err := s.try(ctx, without(seed, fewer...), run); err == nil {
			freed = fewer
			continue
		} else if !refused(err) {
			return nil, err
		}
		i++
	}
	s.Term.Detail("freed from the seed: %s", strings.Join(freed, ", "))
	return s.try(ctx, without(seed, freed...), run)
}

// refused tells whether err is the resolver's no, and not an interrupt, a failure
// to run at all, or a network that is not there.
func refused(err error) bool {
	var f *cargo.Failure
	return errors.As(err, &f) && !cargo.NoNetwork(err)
}

// obstacle is the crate of seed that cargo's refusal names; empty if it names none.
func obstacle(err error, seed *lockfile.Lock) string {
	var f *cargo.Failure
	if !errors.As(err, &f) {
		return ""
	}
	for _, pattern := range []*regexp.Regexp{locked, stuck} {
		for _, m := range pattern.FindAllStringSubmatch(f.Stderr, -1) {
			if len(without(seed, m[1]).Packages) < len(seed.Packages) {
				return m[1]
			}
		}
	}
	// A crate that two bindings link conflicts through the packages that want it.
	for _, m := range conflicting.FindAllStringSubmatch(f.Stderr, -1) {
		if len(without(seed, m[1]).Packages) < len(seed.Packages) {
			return m[1]
		}
	}
	return ""
}

// conflicting finds the packages on the paths that cargo's refusal lists.
var conflicting = regexp.MustCompile("package `([A-Za-z0-9_-]+) v")

func without(l *lockfile.Lock, names ...string) *lockfile.Lock {
	kept := &lockfile.Lock{Version: l.Version}
	for _, p := range l.Packages {
		if !slices.Contains(names, p.Name) {
			kept.Packages = append(kept.Packages, p)
		}
	}
	return kept
}

// try writes the seed and runs cargo on it.
func (s *State) try(ctx context.Context, seed *lockfile.Lock, run resolver) (*graph.Graph, error) {
	if err := tree.WriteIfChanged(s.Dirs.Lock(), seed.Format(), false); err != nil {
		return nil, err
	}
	if err := cargo.ForgetFailures(filepath.Join(s.Dirs.W, "target")); err != nil { // cargo metadata's own
		return nil, err
	}
	meta, err := run(ctx)
	if err != nil {
		return nil, err
	}
	return graph.New(meta, s.Dirs), nil
}

// resolverProblem explains a failed resolution: crates that are missing here, or
// the resolver's no, in cargo's own words. absent is nil where the network was used.
func (s *State) resolverProblem(err error, l *locks, absent map[string]string) error {
	var f *cargo.Failure
	if !errors.As(err, &f) {
		return err
	}
	words := strings.TrimSpace(strings.ReplaceAll(f.Stderr, s.Dirs.W+"/", ""))
	if missing := append(missingCrates(l, absent), s.missingGit(l, f.Stderr)...); len(missing) > 0 {
		return errors.Join(missing...)
	}
	if err := s.linksVerdict(words); err != nil {
		return err
	}
	e := problem.New(problem.Resolve, "cargo cannot resolve the crates of %s together", strings.Join(s.Plan.Packages, ", ")).Quote(words)
	if absent != nil && (strings.Contains(words, "no matching package") || strings.Contains(words, "candidate versions found")) {
		return e.Hint("no network is used here: a crate must come with a binding (vendor directory or extra-source), stand in rust-bindings/crates, or be in cargo's download cache").
			Hint("if the bindings have no Cargo.lock, make one for all of them where there is a network, and commit it: opam-cargo lock")
	}
	return e.Hint("the words above are cargo's; bindings/PACKAGE/ in them is the tree of that opam package")
}

// cargoWords are what a failed cargo said.
func cargoWords(err error) string {
	var f *cargo.Failure
	if errors.As(err, &f) {
		return strings.TrimSpace(f.Stderr)
	}
	return err.Error()
}
