// Package site is where a program is built: its root, W below it, the switch, and the
// cargo that builds it. It comes before the steps of the pipeline, which all are given
// the same [Site]; [Open] takes the lock on W, so that no other run changes it meanwhile.
// It knows nothing of what the steps do.
package site

import (
	"context"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/lock"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Site is where a program is built, and by what.
type Site struct {
	Root     *bindings.Root
	Prefix   string // of the switch; empty: none
	Dirs     workspace.Dirs
	Cargo    *cargo.Cargo
	Versions *toolchain.Answer // of cargo and the compilers
	Getenv   bindings.Getenv
	Out      *term.Printer

	lock *lock.Lock // on W
}

// Request says which site is meant.
type Request struct {
	Root   *bindings.Root
	Prefix string // that the user names; empty: see [bindings.FindPrefix]
	Cargo  string // the program; empty: the one on PATH
	Getenv bindings.Getenv
	Out    *term.Printer
}

// Open takes the lock on W, since cargo locks only its target directory, and finds cargo
// and the switch. The site is to be closed.
func Open(ctx context.Context, req Request) (*Site, error) {
	s := &Site{Root: req.Root, Dirs: workspace.Of(req.Root), Getenv: req.Getenv, Out: req.Out}
	s.Out.Detail("%s", req.Root)
	if !utf8.ValidString(s.Dirs.W) {
		return nil, problem.New(problem.Input, "cargo cannot build below a directory whose name is no UTF-8").At(s.Dirs.W, 0).
			Hint("its manifests cannot name such a directory; rename or move the project")
	}
	if strings.ContainsRune(s.Dirs.W, os.PathListSeparator) {
		return nil, problem.New(problem.Input, "cargo cannot build below a directory with %q in its name", os.PathListSeparator).At(s.Dirs.W, 0).
			Hint("it puts the directory into a list of paths; rename or move the project")
	}
	err := own(s.Dirs.Top, func(to, why string) {
		s.Out.Warn("%s is not believed: %s; it is set aside, and all is compiled anew", s.Dirs.Top, why)
		s.Out.Hint("nothing reads it any more: rm -rf %s", problem.Word(to))
	})
	if err == nil {
		err = tree.Writable(s.Dirs.Cache())
	}
	if err != nil {
		return nil, problem.New(problem.Input, "cannot write the workspace: %w", err).At(s.Dirs.W, 0).
			Hint("it lies in dune's build directory; check its owner, permissions and disk, or name another one: DUNE_BUILD_DIR=DIR")
	}
	if err := s.takeLock(ctx); err != nil {
		return nil, err
	}
	wanted := toolchain.Wanted{Program: req.Cargo, Root: req.Root.Dir, Getenv: req.Getenv, Out: req.Out}
	if s.Cargo, err = wanted.Find(ctx, s.Dirs.Home()); err == nil {
		s.Cargo.Holding(s.Lock())
		if s.Out.Verbose() {
			s.Out.Detail("cargo %s at %s", s.Cargo.Version(ctx), s.Cargo.Path)
		}
		s.Prefix, err = bindings.FindPrefix(ctx, s.Root.Dir, req.Prefix, s.Getenv)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	s.Versions = toolchain.Begin(ctx, s.Cargo, s.Getenv) // a rustup proxy takes its time: the bindings are read meanwhile
	return s, nil
}

// Close gives up the lock.
func (s *Site) Close() {
	if s.Versions != nil {
		_, _ = s.Versions.Get() // it may be asked still
	}
	s.lock.Release()
}

func (s *Site) takeLock(ctx context.Context) (err error) {
	s.lock, err = lock.Take(ctx, lock.Request{
		Dir:     s.Dirs.W,
		Waiting: func() { s.Out.Say("waiting for another opam-cargo to finish in %s", s.Dirs.W) },
		Without: func() {
			s.Out.Warn("the file system of %s has no locks: only runs on this machine wait for each other", s.Dirs.W)
		},
	})
	if err != nil && ctx.Err() == nil {
		return problem.New(problem.Input, "cannot lock the workspace: %w", err).At(s.Dirs.W, 0).
			Hint("check the owner and the permissions of that directory")
	}
	return err
}

// Lock is the lock on W, for the programs that are run.
func (s *Site) Lock() lock.Handle { return s.lock.Handle() }

// CrateStore is the directory of the crates that opam installed as packages; empty where
// there is none.
func (s *Site) CrateStore() string {
	dir := crate.Store(s.Prefix)
	if s.Prefix == "" || !tree.IsDir(dir) {
		return ""
	}
	return dir
}
