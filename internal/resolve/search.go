package resolve

import (
	"errors"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
)

// attempt lets cargo resolve from a seed.
type attempt func(seed *lockfile.Lock) (*graph.Graph, error)

// search tries the seeds in order. Where the last one makes the resolution impossible,
// the crates that cargo stumbles over are freed one after the other until it succeeds;
// then each freed one is locked again if that still resolves, so that as few as possible
// move. Without a way out it resolves without a seed, so that cargo's last word is about
// the requirements alone.
func search(seeds []*lockfile.Lock, try attempt, detail func(format string, args ...any)) (found *graph.Graph, err error) {
	for _, seed := range seeds {
		if found, err = try(seed); err == nil || !refused(err) {
			return found, err
		}
	}
	if len(seeds) > 0 {
		last := seeds[len(seeds)-1]
		freed, e := free(last, err, try, detail)
		if e == nil {
			return fewest(last, freed, try, detail)
		}
		if err = e; !refused(err) {
			return nil, err
		}
	}
	detail("resolving without a seed")
	seeded := err
	found, err = try(&lockfile.Lock{Version: 3})
	if err != nil && seeded != nil && !cargo.LockedInTheWay(cargo.Words(seeded)) {
		// The seed was not the obstacle; without it there may be others (yanked crates).
		return nil, seeded
	}
	return found, err
}

// free takes one crate after the other out of a seed that was refused, until cargo
// resolves; the error is its last refusal, or another failure.
func free(seed *lockfile.Lock, err error, try attempt, detail func(format string, args ...any)) (freed []string, _ error) {
	for refused(err) {
		name := obstacle(err, seed)
		if name == "" {
			break
		}
		detail("the seed's choice of %s makes the resolution impossible; it is freed", name)
		freed = append(freed, name)
		seed = without(seed, name)
		if _, err = try(seed); err == nil {
			return freed, nil
		}
	}
	return freed, err
}

// fewest locks each freed crate again where it can, and resolves a last time.
func fewest(seed *lockfile.Lock, freed []string, try attempt, detail func(format string, args ...any)) (*graph.Graph, error) {
	for i := 0; i < len(freed) && len(freed) > 1; {
		fewer := slices.Delete(slices.Clone(freed), i, i+1)
		if _, err := try(without(seed, fewer...)); err == nil {
			freed = fewer
			continue
		} else if !refused(err) {
			return nil, err
		}
		i++
	}
	detail("freed from the seed: %s", strings.Join(freed, ", "))
	return try(without(seed, freed...))
}

// refused tells whether err is the resolver's no, and not an interrupt, a failure
// to run at all, or a network that is not there.
func refused(err error) bool {
	var f *cargo.Failure
	return errors.As(err, &f) && !cargo.NoNetwork(err)
}

// obstacle is the crate of seed that cargo's refusal names; empty if it names none.
func obstacle(err error, seed *lockfile.Lock) string {
	for _, name := range cargo.Obstacles(cargo.Words(err)) {
		if len(without(seed, name).Packages) < len(seed.Packages) {
			return name
		}
	}
	return ""
}

func without(l *lockfile.Lock, names ...string) *lockfile.Lock {
	kept := &lockfile.Lock{Version: l.Version}
	for _, p := range l.Packages {
		if !slices.Contains(names, p.Name) {
			kept.Packages = append(kept.Packages, p)
		}
	}
	return kept
}
