package bindings

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/otiai10/copy"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/lock"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// InstallRequest says what to install where.
type InstallRequest struct {
	Binding        // Dir is the source tree
	Dest    string // <destdir><prefix>
	Cargo   *cargo.Cargo
	Scratch string // a directory for the shadow of the tree
	Warn    func(format string, args ...any)
	Say     func(format string, args ...any)
}

// Install checks a binding's tree and puts it under <Dest>/rust-bindings/<pkg>,
// with binding.toml and the registry crates that it brings. The old tree is
// replaced as a whole, by rename; on an error nothing has changed.
func Install(ctx context.Context, req InstallRequest) (*Tree, error) {
	t, err := ReadTree(req.Binding)
	if err != nil {
		return nil, err
	}
	if err := t.Inspect(ctx, req.Cargo, req.Scratch); err != nil {
		return nil, err
	}
	t.TellConfigured(req.Warn)
	crates, cratesErr := t.ownCrates(req.Warn)
	if err := errors.Join(t.Check(), t.checkVendoredLinks(), t.ChooseExports(), cratesErr, t.checkVendored(req.Warn)); err != nil {
		return nil, err
	}
	return t, t.copyTo(ctx, filepath.Join(req.Dest, Dir), crates, req.Say)
}

// ownCrates lists the .crate files that the tree brings, each checked against
// the tree's lock: opam put them there (extra-source), or the author.
func (t *Tree) ownCrates(warn func(string, ...any)) ([]string, error) {
	files := tree.Glob(filepath.Join(t.Dir, filepath.FromSlash(t.PrivateDir()), "crates"), "*.crate")
	if len(files) == 0 {
		return nil, nil
	}
	lock, err := t.Lock()
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return nil, problem.New(problem.Input, "the tree brings .crate files but has no Cargo.lock to check them against").In(t.Package).
			At(t.ShownAt(t.Top, "Cargo.lock"), 0).
			Hint("make one and commit it: cargo generate-lockfile --manifest-path %s", problem.Word(t.ShownAt(t.Start, "Cargo.toml")))
	}
	sums := map[string]string{}
	for _, p := range lock.Packages {
		sums[p.Name+"-"+p.Version+".crate"] = p.Checksum
	}
	var kept []string
	var problems []error
	for _, file := range files {
		base := filepath.Base(file)
		shown := t.ShownAt(t.PrivateDir(), "crates", base)
		want, named := sums[base]
		if !named {
			warn("%s: %s is not in the tree's Cargo.lock and is left out", t.Package, shown)
			continue
		}
		sum := ""
		info, err := os.Lstat(file)
		if err == nil && !info.Mode().IsRegular() { // a link would be installed as one
			err = problem.New(problem.Input, "not a regular file").In(t.Package).At(shown, 0).Hint("put the .crate file itself there: opam-cargo fetch")
		}
		if err == nil {
			sum, err = tree.BoundedSum(crate.MostOfCrate, file)
		}
		switch {
		case err != nil:
			problems = append(problems, err)
		case sum != want:
			problems = append(problems, problem.New(problem.Input, "the file's sha256 is %s, but the lock wants %s", sum, want).In(t.Package).At(shown, 0).
				Hint("delete it and fetch it again, or correct the extra-source in the opam file"))
		default:
			kept = append(kept, file)
		}
	}
	return kept, errors.Join(problems...)
}

// Lock reads the tree's own Cargo.lock; nil where it has none.
func (t *Tree) Lock() (*lockfile.Lock, error) {
	file := filepath.Join(t.Dir, filepath.FromSlash(t.Top), "Cargo.lock")
	src, err := tree.Read(file, tree.MostOfList)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, t.problem(err)
	}
	lock, err := lockfile.Parse(t.ShownAt(t.Top, "Cargo.lock"), src)
	if err != nil {
		return nil, t.problem(err)
	}
	return lock, nil
}

// copyTo makes the installed tree under a hidden name in the directory base, then
// renames it into place.
func (t *Tree) copyTo(ctx context.Context, base string, crates []string, say func(string, ...any)) (err error) {
	if err := os.MkdirAll(base, 0o755); err != nil {
		return t.writeProblem(base, err)
	}
	// Else one of two takes the other's half-made tree for what a killed one left.
	held, err := lock.Dir(ctx, lock.Request{Dir: base, Waiting: func() { say("waiting for another opam-cargo to finish in %s", base) }})
	if err != nil { // a wait that was ended
		return err
	}
	defer held.Release()
	t.dropLeftovers(base)
	tmp, err := os.MkdirTemp(base, "."+t.Package+".new-")
	if err != nil {
		return t.writeProblem(base, err)
	}
	defer func() {
		if err != nil {
			os.RemoveAll(tmp)
		}
	}()
	if err := t.copyFiles(tmp); err != nil {
		return t.writeProblem(base, err)
	}
	content, err := t.record()
	if err != nil {
		return err
	}
	if err := tree.WriteIfChanged(recordPath(tmp), content, false); err != nil {
		return t.writeProblem(base, err)
	}
	for _, file := range crates {
		to := filepath.Join(tmp, tree.Private, "crates", filepath.Base(file))
		if err := copy.Copy(file, to, copy.Options{AddPermission: 0o644}); err != nil {
			return t.writeProblem(base, err)
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	return t.swap(base, tmp)
}

// swap puts tmp where the package's tree belongs. An older one is exchanged for it at one
// moment, so that neither a kill nor a build meanwhile finds none; where the file system
// cannot do that, there are two steps.
func (t *Tree) swap(base, tmp string) error {
	dest, old := filepath.Join(base, t.Package), filepath.Join(base, "."+t.Package+".old")
	if exchange(tmp, dest) == nil {
		return os.RemoveAll(tmp)
	}
	if err := os.Rename(dest, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return t.writeProblem(base, err)
	}
	if err := os.Rename(tmp, dest); err != nil {
		return t.writeProblem(base, errors.Join(err, os.Rename(old, dest)))
	}
	return os.RemoveAll(old)
}

// dropLeftovers removes what a killed install of this package left.
func (t *Tree) dropLeftovers(base string) {
	old := tree.Glob(base, "."+t.Package+".new-*")
	for _, dir := range append(old, filepath.Join(base, "."+t.Package+".old")) {
		os.RemoveAll(dir)
	}
}

// copyFiles copies the tree, vendor directories included. Directories become
// writable by their owner: opam cannot remove others, and says nothing;
// docs/facts.md#removing-read-only-files.
func (t *Tree) copyFiles(to string) error {
	entries, err := tree.List(t.Dir, t.leavesOut)
	if err != nil {
		return err
	}
	entries = t.parts.only(entries)
	wanted := map[string]bool{".": true}
	for _, e := range entries {
		for p := e.Path; p != "."; p = path.Dir(p) {
			wanted[p] = true
		}
	}
	return copy.Copy(t.Dir, to, copy.Options{
		Skip: func(_ os.FileInfo, src, _ string) (bool, error) {
			rel, err := filepath.Rel(t.Dir, src)
			return err == nil && !wanted[filepath.ToSlash(rel)], err
		},
		OnSymlink:     func(string) copy.SymlinkAction { return copy.Shallow },
		PreserveTimes: true,
		PermissionControl: func(info os.FileInfo, dest string) (func(*error), error) {
			mode := os.FileMode(0o644)
			if info.IsDir() || info.Mode()&0o100 != 0 {
				mode = 0o755
			}
			if info.IsDir() {
				if err := os.MkdirAll(dest, 0o755); err != nil {
					return func(*error) {}, err
				}
			}
			return func(err *error) {
				if chmodErr := os.Chmod(dest, mode); *err == nil {
					*err = chmodErr
				}
			}, nil
		},
	})
}

func (t *Tree) writeProblem(base string, err error) error {
	e := problem.New(problem.Input, "cannot install the Rust tree: %w", err).In(t.Package).At(base, 0)
	switch {
	case problem.DiskFull(err):
		return e.Hint("the disk is full: make room, then run the same command again; nothing was changed")
	case problem.ReadOnly(err):
		return e.Hint("the prefix cannot be written: opam makes it writable only in the install: field of an opam file; by hand, name another one with --prefix")
	}
	return e.Hint("nothing was changed; see the cause above")
}
