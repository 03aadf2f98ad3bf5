// Package resolve lets cargo make the one lock of W: from a seed ([Locks]: the committed
// lock, or the trees' own united, or opam's choice) and from the crates that are here
// (internal/source), with as few of the seed's versions moved as cargo allows. It comes
// after the plan (package workspace) and before the checks and the build. Entry points:
// [Run] for a build, [Relock] for a new committed lock. It chooses no version itself: cargo
// does, and where cargo refuses, cargo's words are explained. It compiles nothing.
package resolve

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
	"github.com/opam-cargo/opam-cargo/internal/site"
	"github.com/opam-cargo/opam-cargo/internal/source"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Input is what a resolution needs.
type Input struct {
	Site   *site.Site
	Plan   *workspace.Plan
	Cone   []string // the opam packages that the program depends on
	Target string   // target triple; empty: the host
	Locked bool     // refuse a registry or git crate that the committed lock does not have
	Online bool     // resolve with the network, and download what is missing
}

// Resolution is what cargo answered.
type Resolution struct {
	Lock     *lockfile.Lock
	Graph    *graph.Graph
	Registry string               // directory where cargo gets the default registry's crates from
	Crates   []source.Candidate   // of the lock, as they are here
	Key      string               // fingerprint of all that the answer depends on
	Vendored []workspace.Vendored // crates of the lock that come from directories, unverified
}

// Run lets cargo make W/Cargo.lock from the seed and the crates that are there, and lays
// out exactly the crates that the lock names.
func Run(ctx context.Context, in Input) (*Resolution, error) {
	if err := in.Site.Cargo.Check(ctx); err != nil {
		return nil, err
	}
	locks, err := in.locks()
	if err != nil {
		return nil, err
	}
	if in.Locked && locks.Committed == nil {
		return nil, problem.New(problem.Resolve, "--locked needs a committed lock, and there is none").At(lockfile.Committed, 0).
			Hint("make it: opam-cargo lock")
	}
	r := newResolver(in)
	if in.Online {
		if locks.Online, err = r.online(ctx, locks); err != nil {
			return nil, err
		}
	}
	found, err := in.candidates(locks)
	if err != nil {
		return nil, err
	}
	key, err := in.key(ctx, locks, r.layout, found)
	if err != nil {
		return nil, err
	}
	res, before := r.kept(key)
	if before {
		in.Site.Out.Detail("the resolution of the last run still holds")
	} else if res, err = r.anew(ctx, locks, found, key); err != nil {
		return nil, err
	}
	in.tellUnusedPatches(res.Lock)
	switch {
	case in.Locked:
		if err := checkLocked(locks.Committed, res); err != nil {
			return nil, err
		}
	case !before || in.Site.Root.Context == "": // in the development loop, dune shows it once
		for _, line := range moved(locks, res) {
			in.Site.Out.Say("crate %s", line)
		}
	}
	res.Crates = found.Named(res.Lock)
	res.Vendored = unverified(res.Crates, res.Graph)
	res.Registry, err = r.layout.LayOut(ctx, found.List, res.Crates)
	return res, err
}

// unverified lists the crates that come from directories, with those that they are there
// for; crates of other platforms are for nobody here.
func unverified(named []source.Candidate, g *graph.Graph) []workspace.Vendored {
	byKey := map[string]*graph.Node{}
	for i := range g.Packages {
		n := &g.Packages[i]
		byKey[source.Key(lockfile.Package{Name: n.Name, Version: n.Version, Source: n.Source})] = n
	}
	var list []workspace.Vendored
	for _, c := range named {
		n := byKey[c.Key()]
		if c.Dir == "" || n == nil {
			continue
		}
		list = append(list, workspace.Vendored{
			Crate: c.ID.Name(), Version: c.ID.Version(), Source: n.Source, Dir: c.Dir, Content: c.Content(),
			From: c.Place.Label, Package: c.Place.Owner, Serves: g.Owners(n.ID),
		})
	}
	return list
}

// locks reads the locks that the resolution starts from.
func (in Input) locks() (*Locks, error) {
	l, err := ReadLocks(in.Site.Root.Dir, in.Plan.Trees())
	l.Chosen = source.ChosenByOpam(in.Site.CrateStore(), in.Cone)
	return l, err
}

// candidates finds the crates that are here; where one has another checksum than a lock,
// the locks get it.
func (in Input) candidates(l *Locks) (*source.Candidates, error) {
	places, err := source.Places(in.Site, in.Plan.Trees(), l.Committed)
	if err != nil {
		return nil, err
	}
	found, err := source.Find(places, source.Wanted{Crates: l.crates(), Own: l.Own, Locked: in.Locked}, in.Site.Out)
	if err != nil {
		return nil, err
	}
	for _, p := range found.Settled {
		l.settle(p)
	}
	return found, nil
}

// tellUnusedPatches warns of a patch in the settings that replaces nothing: cargo itself
// says so only where it resolves.
func (in Input) tellUnusedPatches(lock *lockfile.Lock) {
	for _, q := range in.Plan.Patches {
		used := slices.ContainsFunc(lock.Packages, func(p lockfile.Package) bool { return p.Name == q.Crate && !p.Registry() })
		if q.Package == "" && !used {
			in.Site.Out.Warn("rust-bindings/settings.toml: the patch of %s is not used: nothing in the program wants a version that it has", q.Crate)
			in.Site.Out.Hint("what is wanted: opam-cargo why %s", q.Crate)
		}
	}
}

// key fingerprints all that cargo's answer depends on.
func (in Input) key(ctx context.Context, l *Locks, layout source.Layout, found *source.Candidates) (string, error) {
	var b bytes.Buffer
	fmt.Fprintln(&b, "4", in.Site.Cargo.Version(ctx), in.Target, in.Site.Dirs.W) // the graph names places
	files, err := in.Plan.Files()
	if err != nil {
		return "", err
	}
	for _, f := range files {
		fmt.Fprintln(&b, f.Path, tree.BytesSum(f.Content))
	}
	for _, t := range in.Plan.Trees() {
		fmt.Fprintln(&b, t.Package, t.LayoutKey())
		for _, e := range t.Entries {
			if dir, ok := strings.CutSuffix("/"+e.Path, "/Cargo.toml"); ok {
				if dir = strings.TrimPrefix(dir, "/"); dir == "" {
					dir = "."
				}
				if t.Manifests[dir] != nil {
					fmt.Fprintln(&b, dir, tree.BytesSum(in.Plan.StagedManifest(t, dir)))
				}
			}
		}
	}
	for _, seed := range l.Seeds() {
		b.Write(seed.Format())
	}
	fmt.Fprintln(&b, layout.Key())
	for _, c := range found.List {
		fmt.Fprintln(&b, c.ID, c.ID.Checksum(), c.Source)
	}
	return tree.BytesSum(b.Bytes()), nil
}

// answer is what a successful resolution leaves in W/cache: when its key has not changed,
// neither has the answer.
type answer struct {
	Key   string       `json:"key"`
	Lock  string       `json:"lock"` // sha256 of W/Cargo.lock
	Graph *graph.Graph `json:"graph"`
	Copy  bool         `json:"copy,omitempty"` // see [source.Layout]
}

func answerFile(d workspace.Dirs) string { return filepath.Join(d.Cache(), "resolved.json") }

// kept is the answer of an earlier run to the same question.
func (r *resolver) kept(key string) (*Resolution, bool) {
	var a answer
	src, err := os.ReadFile(answerFile(r.site.Dirs))
	if err != nil || json.Unmarshal(src, &a) != nil || a.Key != key || a.Graph == nil {
		return nil, false
	}
	if sum, err := tree.FileSum(r.site.Dirs.Lock()); err != nil || sum != a.Lock {
		return nil, false
	}
	lock, err := readLock(r.site.Dirs)
	if err != nil {
		return nil, false
	}
	r.layout.Copy = a.Copy
	return &Resolution{Lock: lock, Graph: graph.Of(a.Graph.Packages, r.site.Dirs), Key: key}, true
}

func (r *resolver) keep(res *Resolution) error {
	sum, err := tree.FileSum(r.site.Dirs.Lock())
	if err != nil {
		return err
	}
	text, err := json.Marshal(answer{Key: res.Key, Lock: sum, Graph: res.Graph, Copy: r.layout.Copy})
	if err != nil {
		return err
	}
	return tree.WriteIfChanged(answerFile(r.site.Dirs), text, false)
}

func readLock(d workspace.Dirs) (*lockfile.Lock, error) {
	src, err := os.ReadFile(d.Lock())
	if err != nil {
		return nil, err
	}
	return lockfile.Parse(d.Lock(), src)
}

// anew resolves offline, and keeps the answer.
func (r *resolver) anew(ctx context.Context, l *Locks, found *source.Candidates, key string) (*Resolution, error) {
	g, err := r.from(ctx, found, l.Seeds())
	if err != nil {
		return nil, r.explain(err, l, found.Absent)
	}
	lock, err := readLock(r.site.Dirs)
	if err != nil {
		return nil, err
	}
	res := &Resolution{Lock: lock, Graph: g, Key: key}
	if err := r.settle(ctx, found, res); err != nil {
		return nil, err
	}
	return res, r.keep(res)
}

// online resolves with the network, which leaves the crates in the user's download cache.
// Without a network it gives nothing, and says so.
func (r *resolver) online(ctx context.Context, l *Locks) (*lockfile.Lock, error) {
	_, err := r.search(ctx, l.Seeds(), r.askOnline())
	if cargo.NoNetwork(err) {
		r.site.Out.Say("there is no network; resolving from the crates that are here")
		return nil, nil
	}
	if err != nil {
		return nil, r.explain(err, l, nil)
	}
	return readLock(r.site.Dirs)
}
