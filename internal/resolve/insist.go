package resolve

import (
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/requirement"
)

// insist asks cargo once more where its answer moved crates of the seed that all who want
// them would have taken as they were. A dependency that accepts a locked version is held at
// it by cargo, which rather refuses than moves; but where the lock lacks another
// dependency altogether, cargo lets go of all of it, and where it cannot read the lock, it
// begins without. So the answer, with the seed's versions back in it, is a lock in which
// nothing is lacking: cargo keeps them, or refuses, and then there was a need, or has not
// read it.
func insist(seed, answer *lockfile.Lock, g *graph.Graph, try func(*lockfile.Lock) (*lockfile.Lock, *graph.Graph, error)) (*graph.Graph, error) {
	lost := movedForNothing(seed, answer, g)
	if len(lost) == 0 {
		return g, nil
	}
	again := withVersionsOf(answer, lost)
	second, g, err := try(again)
	if refused(err) {
		_, g, err = try(answer)
		return g, err
	}
	if err != nil {
		return nil, err
	}
	if lost = movedForNothing(again, second, g); len(lost) == 0 {
		return g, nil
	}
	var names []string
	for _, p := range lost {
		names = append(names, p.Name+" "+p.Version)
	}
	return nil, problem.New(problem.Input, "cargo has not kept %s, which the lock has and nothing forbids, as if it could not read the lock", strings.Join(names, ", ")).
		At(lockfile.Committed, 0).Hint("check the disk, then run the same command again")
}

// movedForNothing are the registry crates of a seed that have another version in the
// answer, in the same semver-compatible range, although whoever wants them here accepts
// the seed's.
func movedForNothing(seed, answer *lockfile.Lock, g *graph.Graph) []lockfile.Package {
	now := byRange(answer)
	var lost []lockfile.Package
	for _, p := range seed.Packages {
		q, _, ok := ofSource(now[rangeOf(p)], p.Source)
		if ok && p.Registry() && q.Version != p.Version && accepted(g, q, p.Version) {
			lost = append(lost, p)
		}
	}
	return lost
}

// accepted tells whether all requirements on p in the graph, of which there is one at
// least, allow a version.
func accepted(g *graph.Graph, p lockfile.Package, version string) bool {
	i := slices.IndexFunc(g.Packages, func(n graph.Node) bool { return n.Name == p.Name && n.Version == p.Version && n.Source == p.Source })
	if i < 0 {
		return false
	}
	some := false
	for _, n := range g.Packages {
		if !slices.Contains(n.Deps, g.Packages[i].ID) {
			continue
		}
		for _, req := range strings.Split(n.Wants[p.Name].Req, " and ") {
			r, err := requirement.Parse(req)
			if err != nil || !r.Has(version) {
				return false
			}
			some = true
		}
	}
	return some
}

// withVersionsOf is the lock with these packages in the place of those in their ranges.
func withVersionsOf(l *lockfile.Lock, packages []lockfile.Package) *lockfile.Lock {
	changed := &lockfile.Lock{Version: l.Version, Packages: slices.Clone(l.Packages)}
	for _, p := range packages {
		for i, q := range changed.Packages {
			if q.Source == p.Source && rangeOf(q) == rangeOf(p) {
				changed.Packages[i] = p
			}
		}
	}
	return lockfile.Unite(changed)
}
