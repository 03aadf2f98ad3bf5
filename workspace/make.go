package workspace

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// Request is what a plan is made from, besides the bindings that were found.
type Request struct {
	Root      *bindings.Root
	Cargo     *cargo.Cargo // to read the manifests of patched crates
	Cache     string       // a directory for layouts and shadows
	Each      bool         // an archive for each binding
	Profile   string
	Rustflags string
}

// Make reads the program's settings and makes the plan.
func Make(ctx context.Context, req Request, found *bindings.Found) (*Plan, error) {
	settings, err := ReadSettings(req.Root.Dir)
	if err != nil {
		return nil, err
	}
	patched, err := settings.patchTrees(ctx, req)
	if err != nil {
		return nil, err
	}
	p := New(found.Selected, found.Trees, patched, settings)
	if p.rust, err = rustToFit(ctx, req.Cargo, p.trees); err != nil {
		return p, err
	}
	if err := p.Problem(); err != nil {
		return p, err
	}
	if !req.Each {
		return p, nil
	}
	if err := p.ArchiveEach(req.Profile, req.Rustflags); err != nil {
		return p, err
	}
	if req.Root.Context == "" {
		return p, nil
	}
	return p, p.checkStanzas(req.Root.Dir)
}

// thirdResolver is the first cargo that has it.
const thirdResolver = "1.84"

// rustToFit is the release of rustc, where a tree of a binding would have cargo choose
// versions that fit it, and this cargo can.
func rustToFit(ctx context.Context, c *cargo.Cargo, trees []*bindings.Tree) (string, error) {
	asks := slices.ContainsFunc(trees, func(t *bindings.Tree) bool { return t.Resolver() == "3" })
	if !asks || !cargo.AtLeast(c.Version(ctx), thirdResolver) {
		return "", nil
	}
	rustc, err := c.Rustc(ctx)
	release, _, _ := strings.Cut(rustc["release"], "-")
	return release, err
}

// patchTrees reads the directories that the settings patch crates with.
func (s Settings) patchTrees(ctx context.Context, req Request) ([]*bindings.Tree, error) {
	list, err := s.PatchTrees(req.Root.Dir)
	if err != nil {
		return nil, err
	}
	trees := make([]*bindings.Tree, 0, len(list))
	var problems []error
	for _, b := range list {
		t, err := bindings.ReadTree(b)
		if err == nil {
			err = errors.Join(t.Inspect(ctx, req.Cargo, req.Cache), t.Check())
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		trees = append(trees, t)
	}
	return trees, errors.Join(problems...)
}

// Attribute names the opam package of each problem with a file in a binding's tree.
func (p *Plan) Attribute(err error) {
	for _, e := range problem.List(err) {
		for _, t := range p.Trees() {
			if e.Package == "" && strings.HasPrefix(e.File, t.Dir+string(filepath.Separator)) {
				e.Package, e.File = t.Package, t.ShownAt(filepath.ToSlash(strings.TrimPrefix(e.File, t.Dir+string(filepath.Separator))))
			}
		}
	}
}
