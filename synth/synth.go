// Package synth is the pipeline for one program, and the place to begin reading: each step
// takes values and gives one to the next, as docs/how-it-works.md tells it. [Synth] makes
// the workspace and its lock, [Build] builds it once and hands the archives over. What a
// step does stands in its package; here is only their order.
package synth

import (
	"context"
	"errors"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/compile"
	"github.com/opam-cargo/opam-cargo/internal/handover"
	"github.com/opam-cargo/opam-cargo/internal/link"
	"github.com/opam-cargo/opam-cargo/internal/record"
	"github.com/opam-cargo/opam-cargo/internal/resolve"
	"github.com/opam-cargo/opam-cargo/internal/site"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Request is what the user decides.
type Request struct {
	Site      site.Request
	Packages  []string // that the workspace is for
	Depends   string   // their direct dependencies, in place of those of the opam file
	AllowNone bool     // no binding gives an empty archive
	Each      bool     // an archive for each binding
	Locked    bool     // refuse a registry or git crate that the committed lock does not have
	Online    bool     // resolve with the network, and download what is missing
	Compile   compile.Options
	Self      string // our own executable
	Version   string // our own version
}

// Program is a program whose workspace is made: planned and resolved.
type Program struct {
	Site       *site.Site
	Plan       *workspace.Plan
	Resolution *resolve.Resolution

	request Request
	cone    []string            // the opam packages that it depends on
	needs   map[string][]string // what each of them needs directly
	libs    []string            // where OCaml libraries are installed
}

// Close gives up the lock on the workspace.
func (p *Program) Close() { p.Site.Close() }

// Synth makes the workspace and its lock, and builds nothing. The workspace stays locked
// until the program is closed.
func Synth(ctx context.Context, req Request) (*Program, error) {
	p, err := open(ctx, req)
	if err != nil {
		return nil, err
	}
	if err := p.synth(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func open(ctx context.Context, req Request) (*Program, error) {
	at, err := site.Open(ctx, req.Site)
	return &Program{Site: at, request: req}, err
}

func (p *Program) synth(ctx context.Context) error {
	err := p.plan(ctx)
	if err == nil {
		p.Resolution, err = resolve.Run(ctx, p.resolveInput())
	}
	if p.Plan != nil {
		p.Plan.Attribute(err)
	}
	if err != nil {
		return err
	}
	text, err := p.Plan.JSON(p.Resolution.Lock, p.Resolution.Vendored)
	if err != nil {
		return err
	}
	return tree.WriteIfChanged(p.Site.Dirs.Plan(), text, false)
}

// plan finds the bindings, plans, and writes all of the workspace that does not depend on
// the resolution.
func (p *Program) plan(ctx context.Context) error {
	s, req := p.Site, p.request
	found, err := bindings.Discover(ctx, bindings.Request{
		Root: s.Root, Prefix: s.Prefix, Packages: req.Packages, Depends: req.Depends, Getenv: s.Getenv,
		Cargo: s.Cargo, Cache: s.Dirs.Cache(), Warn: s.Out.Warn, Detail: s.Out.Detail,
	})
	if err != nil && (!req.AllowNone || !bindings.IsNone(err)) {
		return err
	}
	p.cone, p.needs, p.libs = found.Cone, found.Needs, found.Libs
	p.Plan, err = workspace.Make(ctx, workspace.Request{
		Root: s.Root, Cargo: s.Cargo, Cache: s.Dirs.Cache(),
		Each: req.Each, Profile: req.Compile.Profile, Rustflags: req.Compile.Rustflags,
	}, found)
	if err != nil {
		return err
	}
	p.Plan.Tell(s.Out)
	return p.Plan.Write(s.Dirs)
}

func (p *Program) resolveInput() resolve.Input {
	req := p.request
	return resolve.Input{Site: p.Site, Plan: p.Plan, Cone: p.cone, Target: req.Compile.Target, Locked: req.Locked, Online: req.Online}
}

// Built is a program whose archives were made and handed over.
type Built struct {
	*Program
	Record   *record.Record
	Compiled int // how many crates were compiled now
}

// Build makes the workspace, builds it once, and puts the archives into dir. The workspace
// stays locked until the program is closed.
func Build(ctx context.Context, req Request, dir string) (*Built, error) {
	p, err := Synth(ctx, req)
	if err != nil {
		return nil, err
	}
	b := &Built{Program: p}
	if err := b.build(ctx, dir); err != nil {
		p.Close()
		return nil, err
	}
	return b, nil
}

func (b *Built) build(ctx context.Context, dir string) error {
	s, req := b.Site, b.request
	from := record.Input{Site: s, Plan: b.Plan, Resolution: b.Resolution, Compile: req.Compile, Self: req.Self, Version: req.Version}
	in := compile.Input{Site: s, Plan: b.Plan, Resolution: b.Resolution, Self: req.Self, Options: req.Compile}
	key, err := record.Key(from)
	if err != nil {
		return err
	}
	if last, ok := record.Unchanged(s.Dirs, s.Root.Dir, key, in.Values(), s.Out.Detail); ok {
		s.Out.Detail("nothing has changed since the last build")
		b.Record = last.Record
		err := handover.Output{Archives: last.Archives, Record: last.Record, Same: true, Also: s.Dirs.Out()}.Put(dir)
		if !errors.Is(err, handover.ErrChanged) {
			return err
		}
		s.Out.Detail("%v; it is built again", err)
		if err := compile.Forget(s.Dirs, b.Plan.Archives); err != nil {
			return err
		}
	}
	if err := record.Forget(s.Dirs); err != nil {
		return err
	}
	compiled, err := compile.Run(ctx, in)
	if err != nil {
		return err
	}
	linked, err := link.Archives(ctx, link.Input{
		Site: s, Plan: b.Plan, Graph: b.Resolution.Graph, Compiled: compiled, Cone: b.cone, Needs: b.needs, Libs: b.libs, Target: req.Compile.Target,
	})
	if err != nil {
		return err
	}
	if b.Record, err = record.New(from, compiled, linked.Archives); err != nil {
		return err
	}
	if err := compile.Note(in); err != nil {
		return err
	}
	if err := (handover.Output{Archives: linked.Archives, Record: b.Record, Also: s.Dirs.Out()}).Put(dir); err != nil {
		return err
	}
	b.Compiled = compiled.Now
	if compiled.Said || linked.Warned {
		return nil // a user wants to see these words every time
	}
	return record.Remember(s.Dirs, record.Last{Key: key, Record: b.Record, Archives: linked.Archives, Wanted: linked.Wanted}, compiled.Watched)
}
