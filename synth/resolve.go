package synth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// resolved is what a successful resolution leaves in W/cache: when its key has
// not changed, neither has the answer.
type resolved struct {
	Key   string `json:"key"`
	Lock  string `json:"lock"` // sha256 of W/Cargo.lock
	Graph *Graph `json:"graph"`
}

// resolve lets cargo make W/Cargo.lock from the seed and the crates that are
// there, and lays out exactly the crates that the lock names.
func (s *State) resolve(ctx context.Context) error {
	locks, err := s.readLocks()
	if err != nil {
		return err
	}
	places, err := s.places()
	if err != nil {
		return err
	}
	chain, err := workspace.NewChain(places)
	if err != nil {
		return err
	}
	offers, absent := candidates(locks, chain)
	for _, w := range chain.Warnings {
		s.Term.Warn("%s", w)
	}
	key, err := s.resolveKey(locks, offers)
	if err != nil {
		return err
	}
	if s.resolvedBefore(key) {
		s.Term.Detail("the resolution of the last run still holds")
		return s.layOut(ctx, offers)
	}
	if err := workspace.LayOut(ctx, s.Dirs.Crates(), offers, false); err != nil {
		return err
	}
	graph, err := s.runResolver(ctx, locks.seeds())
	if err != nil {
		return s.resolverProblem(err, locks, absent)
	}
	if err := s.readLock(); err != nil {
		return err
	}
	s.Graph = graph
	s.tellMoved(locks)
	if err := s.layOut(ctx, offers); err != nil {
		return err
	}
	return s.keepResolved(key)
}

// locks are the locks that a resolution starts from.
type locks struct {
	committed *lockfile.Lock // rust-bindings/Cargo.lock; nil where there is none
	trees     []*bindings.Tree
	own       []*lockfile.Lock // of the trees; nil where there is none
}

func (s *State) readLocks() (*locks, error) {
	l := &locks{trees: s.Plan.Trees()}
	var problems []error
	file := filepath.Join(s.Root.Dir, "rust-bindings", "Cargo.lock")
	src, err := os.ReadFile(file)
	switch {
	case err == nil:
		if l.committed, err = lockfile.Parse("rust-bindings/Cargo.lock", src); err != nil {
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

// places are where crates are looked for, in order (DESIGN section 4, Crates).
func (s *State) places() ([]workspace.Place, error) {
	var list []workspace.Place
	for _, t := range s.Plan.Trees() {
		list = append(list, workspace.Place{Dir: filepath.Join(t.Dir, tree.Private, "crates"), Kind: workspace.CrateFiles, Label: "the crates of " + t.Package})
		for _, v := range t.Vendor {
			list = append(list, workspace.Place{Dir: filepath.Join(t.Dir, filepath.FromSlash(v)), Kind: workspace.Source, Label: "the vendor directory of " + t.Package})
		}
	}
	own := filepath.Join(s.Root.Dir, "rust-bindings")
	list = append(list, workspace.Place{Dir: filepath.Join(own, "crates"), Kind: workspace.CrateFiles, Label: "rust-bindings/crates"})
	vendor, err := crate.FindVendorDirs(own)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, dir := range vendor {
		list = append(list, workspace.Place{Dir: dir, Kind: workspace.Source, Label: s.Root.Shown(dir)})
	}
	if s.Prefix != "" {
		list = append(list, workspace.Place{Dir: filepath.Join(s.Prefix, "rust-crates"), Kind: workspace.Source, Label: "the switch's rust-crates"})
	}
	for _, dir := range filepath.SplitList(s.Getenv("OPAM_CARGO_CRATES")) {
		list = append(list, workspace.Place{Dir: dir, Kind: workspace.Source, Label: "OPAM_CARGO_CRATES (" + dir + ")"})
	}
	home := s.Getenv("CARGO_HOME")
	if home == "" {
		home = filepath.Join(s.Getenv("HOME"), ".cargo")
	}
	return append(list, workspace.Place{Dir: filepath.Join(home, "registry", "cache"), Kind: workspace.Downloads, Label: "cargo's download cache"}), nil
}

// candidates are the verified crates that the chain offers: of every crate that a
// lock names, and all of the directory sources; one for each name and version.
// absent are the crates that a lock names and no place has.
func candidates(l *locks, chain *workspace.Chain) (offers []workspace.Offer, absent map[string]bool) {
	absent = map[string]bool{}
	seen := map[string]bool{}
	for _, lock := range l.all() {
		for _, p := range lock.Packages {
			id := crate.ID{Name: p.Name, Version: p.Version, Checksum: p.Checksum}
			if !p.Registry() || p.Checksum == "" || seen[id.String()] {
				continue
			}
			seen[id.String()] = true
			if o, ok := chain.Find(id); ok {
				offers = append(offers, o)
			} else {
				absent[id.String()] = true
			}
		}
	}
	for _, o := range chain.Vendored() {
		if !seen[o.ID.String()] {
			offers = append(offers, o)
		}
	}
	return offers, absent
}

// resolveKey fingerprints all that cargo's answer depends on.
func (s *State) resolveKey(l *locks, offers []workspace.Offer) (string, error) {
	var b bytes.Buffer
	fmt.Fprintln(&b, "1", s.Cargo.Version)
	manifest, err := s.Plan.Manifest()
	if err != nil {
		return "", err
	}
	b.Write(manifest)
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
	for _, o := range offers {
		fmt.Fprintln(&b, o.ID, o.ID.Checksum)
	}
	return tree.BytesSum(b.Bytes()), nil
}

func (s *State) resolvedFile() string { return filepath.Join(s.Dirs.Cache(), "resolved.json") }

func (s *State) resolvedBefore(key string) bool {
	var r resolved
	src, err := os.ReadFile(s.resolvedFile())
	if err != nil || json.Unmarshal(src, &r) != nil || r.Key != key {
		return false
	}
	sum, err := tree.FileSum(s.Dirs.Lock())
	if err != nil || sum != r.Lock || s.readLock() != nil {
		return false
	}
	s.Graph = r.Graph
	return true
}

func (s *State) keepResolved(key string) error {
	sum, err := tree.FileSum(s.Dirs.Lock())
	if err != nil {
		return err
	}
	text, err := json.Marshal(resolved{Key: key, Lock: sum, Graph: s.Graph})
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

// layOut leaves in W/crates exactly the crates that the lock names.
func (s *State) layOut(ctx context.Context, offers []workspace.Offer) error {
	byName := map[string]workspace.Offer{}
	for _, o := range offers {
		byName[o.ID.String()] = o
	}
	var exact []workspace.Offer
	for _, p := range s.Lock.Packages {
		if p.Registry() {
			exact = append(exact, byName[p.Name+"-"+p.Version])
		}
	}
	return workspace.LayOut(ctx, s.Dirs.Crates(), exact, true)
}

// stuck finds the crate that cargo could not choose a version for.
var stuck = regexp.MustCompile("failed to select a version for (?:the requirement )?`([A-Za-z0-9_-]+)")

// runResolver tries the seeds in order. Where the last one makes the resolution
// impossible, the crate that cargo stumbles over is freed and it is tried again,
// then without any seed.
func (s *State) runResolver(ctx context.Context, seeds []*lockfile.Lock) (*Graph, error) {
	var last error
	for _, seed := range seeds {
		graph, err := s.tryResolve(ctx, seed)
		if err == nil || ctx.Err() != nil {
			return graph, err
		}
		last = err
	}
	var seed *lockfile.Lock
	if len(seeds) > 0 {
		seed = seeds[len(seeds)-1]
	}
	for seed != nil {
		var f *cargo.Failure
		if !errors.As(last, &f) {
			return nil, last
		}
		m := stuck.FindStringSubmatch(f.Stderr)
		if m == nil {
			break
		}
		freed := without(seed, m[1])
		if len(freed.Packages) == len(seed.Packages) {
			break
		}
		s.Term.Detail("the seed's choice of %s makes the resolution impossible; it is freed", m[1])
		seed = freed
		graph, err := s.tryResolve(ctx, seed)
		if err == nil || ctx.Err() != nil {
			return graph, err
		}
		last = err
	}
	s.Term.Detail("resolving without a seed")
	graph, err := s.tryResolve(ctx, &lockfile.Lock{Version: 3})
	if err == nil || ctx.Err() != nil {
		return graph, err
	}
	return nil, err
}

func without(l *lockfile.Lock, name string) *lockfile.Lock {
	kept := &lockfile.Lock{Version: l.Version}
	for _, p := range l.Packages {
		if p.Name != name {
			kept.Packages = append(kept.Packages, p)
		}
	}
	return kept
}

// tryResolve runs cargo on one seed. `cargo generate-lockfile` would ignore it
// (FACTS F5), `cargo metadata` keeps what it can.
func (s *State) tryResolve(ctx context.Context, seed *lockfile.Lock) (*Graph, error) {
	if err := tree.WriteIfChanged(s.Dirs.Lock(), seed.Format(), false); err != nil {
		return nil, err
	}
	meta, err := s.Cargo.Resolved(ctx, s.Dirs.Manifest(), s.Dirs.Config())
	if err != nil {
		return nil, err
	}
	return newGraph(meta), nil
}

// tellMoved says which crates have another version than the committed lock's.
func (s *State) tellMoved(l *locks) {
	if l.committed == nil {
		return
	}
	now := map[string]string{}
	for _, p := range s.Lock.Packages {
		if !p.Path() {
			now[p.Name+" "+lockfile.CompatRange(p.Version)] = p.Version
		}
	}
	for _, p := range l.committed.Packages {
		if v := now[p.Name+" "+lockfile.CompatRange(p.Version)]; !p.Path() && v != "" && v != p.Version {
			s.Term.Say("%s %s -> %s: the bindings do not fit rust-bindings/Cargo.lock", p.Name, p.Version, v)
		}
	}
}

// resolverProblem explains a failed resolution: crates that are missing here, or
// the resolver's no, in cargo's own words.
func (s *State) resolverProblem(err error, l *locks, absent map[string]bool) error {
	var f *cargo.Failure
	if !errors.As(err, &f) {
		return err
	}
	words := strings.TrimSpace(strings.ReplaceAll(f.Stderr, s.Dirs.W+"/", ""))
	if missing := missingCrates(l, absent); len(missing) > 0 {
		return errors.Join(missing...)
	}
	e := problem.New(problem.Resolve, "cargo cannot resolve the crates of %s together", strings.Join(s.Plan.Packages, ", ")).Quote(words)
	if strings.Contains(words, "no matching package") || strings.Contains(words, "candidate versions found") {
		return e.Hint("no network is used here: a crate must come with a binding (vendor directory or extra-source), stand in rust-bindings/crates, or be in cargo's download cache").
			Hint("fetch what a binding's Cargo.lock names, outside opam: cargo fetch --locked --manifest-path <binding>/rust/Cargo.toml")
	}
	return e.Hint("the words above are cargo's; bindings/PACKAGE/ in them is the tree of that opam package")
}
