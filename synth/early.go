package synth

import (
	"context"

	"github.com/opam-cargo/opam-cargo/internal/resolve"
)

// What stops after the plan, or goes on in another way.

// Lock makes the committed lock of a program anew.
func Lock(ctx context.Context, req Request, up resolve.Upgrade) (*resolve.NewLock, error) {
	p, err := open(ctx, req)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	if err := p.plan(ctx); err != nil {
		return nil, err
	}
	return resolve.Relock(ctx, p.resolveInput(), up)
}

// EachLibraries are the names of the libraries that an archive for each binding makes, of
// the bindings that are in the cone now.
func EachLibraries(ctx context.Context, req Request) ([]string, error) {
	req.Each = true
	p, err := open(ctx, req)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	if err := p.plan(ctx); err != nil {
		return nil, err
	}
	var libs []string
	for _, a := range p.Plan.Archives {
		libs = append(libs, a.Lib)
	}
	return libs, nil
}
