package resolve

import (
	"context"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/site"
	"github.com/opam-cargo/opam-cargo/internal/source"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// resolver runs cargo on W.
type resolver struct {
	site   *site.Site
	plan   *workspace.Plan
	target string
	layout source.Layout // its Copy is set when the switch's store turns out to be broken
	at     string        // where the crates of the default registry were laid out last
}

func newResolver(in Input) *resolver {
	return &resolver{site: in.Site, plan: in.Plan, target: in.Target, layout: source.Layout{
		Dirs: in.Site.Dirs, Store: in.Site.CrateStore(), Registries: in.Plan.Registries, Out: in.Site.Out,
	}}
}

// ask makes W/Cargo.lock from what stands there.
type ask func(ctx context.Context) (*cargo.Metadata, error)

// askOffline resolves from the crates that are laid out in W. `cargo generate-lockfile`
// would ignore the seed, `cargo metadata` keeps what it can of it (docs/facts.md#a-lock-as-a-seed).
func (r *resolver) askOffline(ctx context.Context) (*cargo.Metadata, error) {
	platforms, err := r.platforms(ctx)
	if err != nil {
		return nil, err
	}
	return r.site.Cargo.Resolved(ctx, r.site.Dirs.Manifest(), r.site.Dirs.Config(), platforms)
}

// askOnline resolves with the network and the user's own cargo configuration.
func (r *resolver) askOnline() ask {
	online := r.site.Cargo.Online(cargo.UserHome(r.site.Getenv), r.site.Out.CargoProgress())
	return func(ctx context.Context) (*cargo.Metadata, error) {
		platforms, err := r.platforms(ctx)
		if err != nil {
			return nil, err
		}
		return online.ResolvedOnline(ctx, r.site.Dirs.Manifest(), platforms)
	}
}

// platforms are those that crates are compiled for: the target, and the host for build
// scripts and macros.
func (r *resolver) platforms(ctx context.Context) ([]string, error) {
	rustc, err := r.site.Cargo.Rustc(ctx)
	if err != nil {
		return nil, err
	}
	if r.target == "" || r.target == rustc["host"] {
		return []string{rustc["host"]}, nil
	}
	return []string{r.target, rustc["host"]}, nil
}

// search looks for a seed that resolves (see [search]), and does not take an answer in
// which cargo has lost it (see [insist]).
func (r *resolver) search(ctx context.Context, seeds []*lockfile.Lock, ask ask) (*graph.Graph, error) {
	var last *lockfile.Lock
	try := func(seed *lockfile.Lock) (*graph.Graph, error) {
		last = seed
		return r.try(ctx, seed, ask)
	}
	g, err := search(seeds, try, r.site.Out.Detail)
	if err != nil {
		return nil, err
	}
	answer, err := readLock(r.site.Dirs)
	if err != nil {
		return nil, err
	}
	return insist(last, answer, g, func(seed *lockfile.Lock) (*lockfile.Lock, *graph.Graph, error) {
		r.site.Out.Detail("cargo moved crates that could stay; it is asked again")
		g, err := try(seed)
		if err != nil {
			return nil, nil, err
		}
		lock, err := readLock(r.site.Dirs)
		return lock, g, err
	})
}

// try writes the seed and runs cargo on it.
func (r *resolver) try(ctx context.Context, seed *lockfile.Lock, ask ask) (*graph.Graph, error) {
	if err := tree.WriteIfChanged(r.site.Dirs.Lock(), seed.Format(), false); err != nil {
		return nil, err
	}
	if err := cargo.ForgetFailures(filepath.Join(r.site.Dirs.W, "target")); err != nil { // cargo metadata's own
		return nil, err
	}
	meta, err := ask(ctx)
	if err != nil {
		return nil, err
	}
	return graph.New(meta, r.site.Dirs), nil
}

// from resolves offline from the candidates. Crates that this cargo cannot load, such as
// those of a later edition, are left out, since one such entry of a directory source, used
// or not, makes the whole source fail (docs/facts.md#directory-sources); if there is such a one in the switch's store, the
// crates are copied from it instead.
func (r *resolver) from(ctx context.Context, found *source.Candidates, seeds []*lockfile.Lock) (*graph.Graph, error) {
	for {
		if err := r.layOut(ctx, found, found.List); err != nil {
			return nil, err
		}
		g, err := r.search(ctx, seeds, r.askOffline)
		if err == nil {
			return g, nil
		}
		where, entry, unloadable := cargo.Unloadable(cargo.Words(err))
		switch {
		case !unloadable:
			return nil, err
		case r.storeBroken(ctx, where, entry):
			continue
		case !found.LeaveOut(entry):
			return nil, err
		}
		r.site.Out.Warn("cargo %s cannot load the crate %s; it is left out", r.site.Cargo.Version(ctx), entry)
	}
}

func (r *resolver) layOut(ctx context.Context, found *source.Candidates, list []source.Candidate) (err error) {
	r.at, err = r.layout.LayOut(ctx, found.List, list)
	return err
}

// storeBroken tells whether an entry that cargo cannot load is one of the switch's store,
// which from now on is not used itself.
func (r *resolver) storeBroken(ctx context.Context, where, entry string) bool {
	if where != "rust-crates" || r.layout.Copy {
		return false
	}
	r.site.Out.Warn("the switch's crate %s cannot be loaded by cargo %s, which then loads none of %s; the crates of this program are copied",
		entry, r.site.Cargo.Version(ctx), r.layout.Store)
	r.site.Out.Hint("which package brings it: opam list --installed 'crate-*'; reinstall that, or remove the directory")
	r.layout.Copy = true
	return true
}

// settle lays out exactly the crates that the lock names. Where they come from another
// place than those that were resolved from, the graph is read again: it names places.
func (r *resolver) settle(ctx context.Context, found *source.Candidates, res *Resolution) error {
	for {
		before := r.at
		if err := r.layOut(ctx, found, found.Named(res.Lock)); err != nil {
			return err
		}
		if r.at == before {
			return nil
		}
		meta, err := r.askOffline(ctx)
		if err == nil {
			res.Graph = graph.New(meta, r.site.Dirs)
			return nil
		}
		where, entry, unloadable := cargo.Unloadable(cargo.Words(err))
		if !unloadable || !r.storeBroken(ctx, where, entry) {
			return err
		}
	}
}
