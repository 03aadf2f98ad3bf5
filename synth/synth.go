// Package synth drives the pipeline for one program: discover the bindings
// (package bindings), plan and write the workspace (package workspace), let
// cargo resolve and build it once, read the symbols, check, and hand the archive
// and its link flags over. [Synth] stops before the build, [Build] does it all.
package synth

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/resolve"
	"github.com/opam-cargo/opam-cargo/internal/site"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Options are the decisions of the command line.
type Options struct {
	Root      *bindings.Root
	Prefix    string   // --prefix; empty: see [bindings.FindPrefix]
	Packages  []string // --package
	Depends   string   // --depends
	Profile   string   // cargo's name of it, such as "release"
	Target    string   // target triple; empty: the host
	Jobs      string   // empty: cargo decides
	Rustflags string
	Wrapper   string // a program such as sccache, run behind our own
	Cargo     string // program; empty: the one on PATH
	Locked    bool   // refuse a registry or git crate that the committed lock does not have
	Online    bool   // resolve with the network, and download what is missing
	AllowNone bool   // no binding gives an empty archive
	Each      bool   // an archive for each binding
	// NoCompiled forbids to begin with compiled crates that the switch keeps.
	NoCompiled bool
	Self       string // our own executable
	Version    string // our own version
	Getenv     bindings.Getenv
	Term       *term.Printer
}

// State is a synthesized workspace.
type State struct {
	Options
	Dirs   workspace.Dirs
	Cargo  *cargo.Cargo
	Prefix string
	Plan   *workspace.Plan
	Graph  *graph.Graph
	Lock   *lockfile.Lock

	cone     []string // the packages in the dependency cone
	planJSON []byte   // see [State.PlanJSON]
	site     *site.Site
	res      *resolve.Resolution
}

// Close gives up the lock on the workspace.
func (s *State) Close() { s.site.Close() }

// Synth generates the workspace and its lock and builds nothing. It holds the
// lock on the workspace until the state is closed: cargo locks only its target
// directory.
func Synth(ctx context.Context, o Options) (*State, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := s.generate(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *State) generate(ctx context.Context) (err error) {
	defer func() { s.attribute(err) }()
	if err := s.plan(ctx); err != nil {
		return err
	}
	if s.res, err = resolve.Run(ctx, s.resolveInput()); err != nil {
		return err
	}
	s.Lock, s.Graph = s.res.Lock, s.res.Graph
	if s.planJSON, err = s.PlanJSON(); err != nil {
		return err
	}
	return tree.WriteIfChanged(s.Dirs.Plan(), s.planJSON, false)
}

// attribute names the opam package of each problem with a file in a binding's tree.
func (s *State) attribute(err error) {
	if s.Plan == nil {
		return
	}
	for _, e := range problem.List(err) {
		for _, t := range s.Plan.Trees() {
			if e.Package == "" && strings.HasPrefix(e.File, t.Dir+string(filepath.Separator)) {
				e.Package, e.File = t.Package, filepath.Join(t.Shown, strings.TrimPrefix(e.File, t.Dir))
			}
		}
	}
}

func (s *State) resolveInput() resolve.Input {
	return resolve.Input{Site: s.site, Plan: s.Plan, Cone: s.cone, Target: s.Target, Locked: s.Locked, Online: s.Online}
}

func open(ctx context.Context, o Options) (*State, error) {
	at, err := site.Open(ctx, site.Request{Root: o.Root, Prefix: o.Prefix, Cargo: o.Cargo, Getenv: o.Getenv, Out: o.Term})
	if err != nil {
		return nil, err
	}
	return &State{Options: o, site: at, Dirs: at.Dirs, Cargo: at.Cargo, Prefix: at.Prefix}, nil
}

// Lock makes the committed lock anew.
func Lock(ctx context.Context, o Options, up resolve.Upgrade) (*resolve.NewLock, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.plan(ctx); err != nil {
		return nil, err
	}
	return resolve.Relock(ctx, s.resolveInput(), up)
}

// FindCargo finds the cargo that builds the program at the root; home is its CARGO_HOME.
func FindCargo(ctx context.Context, o Options, home string) (*cargo.Cargo, error) {
	return o.Wanted().Find(ctx, home)
}

// Wanted says which cargo is meant.
func (o Options) Wanted() toolchain.Wanted {
	return toolchain.Wanted{Program: o.Cargo, Root: o.Root.Dir, Getenv: o.Getenv, Out: o.Term}
}

// PlanJSON is the whole decision as W/plan.json holds it: the plan, and the
// packages of the lock.
func (s *State) PlanJSON() ([]byte, error) {
	text, err := json.MarshalIndent(struct {
		*workspace.Plan
		Lock []lockfile.Package `json:"lock"`
	}{s.Plan, s.Lock.Packages}, "", "  ")
	return append(text, '\n'), err
}

// plan discovers the bindings, plans, and writes all of the workspace that does
// not depend on the resolution.
func (s *State) plan(ctx context.Context) error {
	found, err := bindings.Discover(ctx, bindings.Request{
		Root: s.Root, Prefix: s.Prefix, Packages: s.Packages, Depends: s.Depends, Getenv: s.Getenv,
		Cargo: s.Cargo, Cache: s.Dirs.Cache(), Warn: s.Term.Warn, Detail: s.Term.Detail,
	})
	if err != nil && (!s.AllowNone || !bindings.IsNone(err)) {
		return err
	}
	settings, err := workspace.ReadSettings(s.Root.Dir)
	if err != nil {
		return err
	}
	patched, err := s.patchTrees(ctx, settings)
	if err != nil {
		return err
	}
	s.cone = found.Cone
	s.Plan = workspace.New(found.Selected, found.Trees, patched, settings)
	if err := s.Plan.Problem(); err != nil {
		return err
	}
	if s.Each {
		if err := s.Plan.ArchiveEach(s.Profile, s.Rustflags); err != nil {
			return err
		}
		if s.Root.Context != "" {
			if err := s.checkStanzas(); err != nil {
				return err
			}
		}
	}
	s.tell()
	return s.write()
}

// patchTrees reads the directories that the settings patch crates with.
func (s *State) patchTrees(ctx context.Context, settings workspace.Settings) ([]*bindings.Tree, error) {
	list, err := settings.PatchTrees(s.Root.Dir)
	if err != nil {
		return nil, err
	}
	trees := make([]*bindings.Tree, 0, len(list))
	var problems []error
	for _, b := range list {
		t, err := bindings.ReadTree(b)
		if err == nil {
			err = errors.Join(t.Inspect(ctx, s.Cargo, s.Dirs.Cache()), t.Check())
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		trees = append(trees, t)
	}
	return trees, errors.Join(problems...)
}

// tell says what the plan does that a user would not expect.
func (s *State) tell() {
	for _, name := range s.Plan.UnknownBindings() {
		s.Term.Warn("rust-bindings/settings.toml: there is no binding %s in this build; [bindings.%s] has no effect", name, name)
	}
	for _, t := range s.Plan.Trees() {
		if t.Origin == bindings.Installed {
			s.tellProfiles(t, s.Term.Detail, s.Term.Detail)
		} else {
			s.tellProfiles(t, s.Term.Warn, s.Term.Hint)
		}
	}
	for _, o := range s.Plan.Overruled {
		s.Term.Say("%s gives way to that of rust-bindings/settings.toml", o)
	}
	for _, m := range s.Plan.Merged {
		s.Term.Detail("crate %s %s is the same in %v: the copy of %s serves all", m.Crate, m.Version, m.Dropped, m.Kept)
	}
	for _, sp := range s.Plan.Split {
		if sp.Exported {
			s.Term.Detail("crate %s %s differs between %v: they are built as separate crates", sp.Crate, sp.Version, sp.Packages)
			continue
		}
		s.Term.Warn("the path crate %s %s differs between %s: it is built once for each, and they share no state", sp.Crate, sp.Version, strings.Join(sp.Packages, ", "))
		s.Term.Hint("if they should be one, give them the same content; if not, different names or versions")
	}
}

// tellProfiles says that the profiles of a tree are not the program's (FACTS T5).
func (s *State) tellProfiles(t *bindings.Tree, warn, hint func(string, ...any)) {
	m := t.Manifests["."]
	if m == nil || !m.Has("profile") {
		return
	}
	warn("%s: %s: the [profile] tables have no effect here: as in cargo, only the root of a workspace decides, and that is the program", t.Package, m.File)
	hint("what the program should have of them belongs into rust-bindings/settings.toml")
}

// write brings the files of W to the plan, but for the lock and the crates.
func (s *State) write() error {
	files, err := s.Plan.Files()
	if err != nil {
		return err
	}
	dirs := map[string]bool{s.Dirs.Bindings(): true, s.Dirs.Cache(): true, s.Dirs.Out(): true}
	for _, f := range files {
		dirs[filepath.Dir(filepath.Join(s.Dirs.W, filepath.FromSlash(f.Path)))] = true
	}
	for dir := range dirs {
		if err := tree.Sweep(dir); err != nil {
			return err
		}
	}
	if err := s.Plan.Stage(s.Dirs); err != nil {
		return err
	}
	for _, f := range files {
		if err := tree.WriteIfChanged(filepath.Join(s.Dirs.W, filepath.FromSlash(f.Path)), f.Content, false); err != nil {
			return err
		}
	}
	for _, dir := range tree.Glob(s.Dirs.Each(), "*") { // of bindings that are gone: cargo would take them for members
		if !dirs[dir] {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		}
	}
	return nil
}
