package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/opam-cargo/opam-cargo/internal/crate"
)

// layOut makes dir a directory source that holds the candidates and nothing else. A crate
// that is there already, of the same content, is left alone: directories appear by
// rename, so one that is there is complete. progress is told of each crate.
func layOut(ctx context.Context, dir string, list []Candidate, progress func(done, total int)) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	wanted := map[string]bool{}
	var todo []Candidate
	for _, c := range list {
		wanted[c.ID.String()] = true
		if c.ID.Checksum() == "" || !crate.LaidOut(dir, c.ID, c.Content()) { // a git crate's content has no name
			todo = append(todo, c)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		leftover := strings.HasPrefix(e.Name(), ".")
		if leftover || !wanted[e.Name()] {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	problems := make([]error, len(todo))
	var g errgroup.Group
	var done atomic.Int64
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range todo {
		g.Go(func() error {
			if problems[i] = ctx.Err(); problems[i] == nil {
				problems[i] = c.layOut(ctx, filepath.Join(dir, c.ID.String()))
			}
			progress(int(done.Add(1)), len(todo))
			return nil
		})
	}
	g.Wait() //nolint:errcheck // the goroutines put their errors in problems
	if err := ctx.Err(); err != nil {
		return err // one interrupt, not one for each crate
	}
	return errors.Join(problems...)
}

func (c Candidate) layOut(ctx context.Context, dest string) error {
	if c.File != "" {
		return crate.Replace(ctx, c.File, c.ID, dest)
	}
	if err := crate.VerifyVendored(c.Dir, !c.Place.Trusted); err != nil {
		return inPackage(err, c.Place.Owner)
	}
	if err := os.RemoveAll(dest); err != nil { // the same name and version of another content
		return err
	}
	return crate.CopyVendored(c.Dir, c.ID, c.Content(), dest)
}
