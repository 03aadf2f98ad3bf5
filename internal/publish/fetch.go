// Package publish makes, from the locks of a project, what others need to build with its
// crates: the .crate files ([Fetch]), opam's extra-sources ([ExtraSources]), the
// requirements of a binding on crate packages ([CrateDepends]), and the crates of an opam
// repository ([LockedCrates]). It stands beside the pipeline: it needs neither a switch nor
// W, lets cargo download, and builds nothing.
package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/manifest"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// CrateSet is a lock with the directory that its .crate files go to: the
// program's, or a binding's own. Both are relative to the root.
type CrateSet struct {
	Package string // opam package of a binding; empty: the program
	File    string
	Lock    *lockfile.Lock
	Dir     string
}

// CrateSets lists the locks of a root whose crates it can bring: the committed
// lock, or, where there is none, those of its own trees. With pkg, only that
// package's: a binding's own, or the program's.
func CrateSets(r *bindings.Root, pkg string) ([]CrateSet, error) {
	var sets []CrateSet
	program := CrateSet{File: lockfile.Committed, Dir: "rust-bindings/crates"}
	trees := r.Trees()
	isBinding := false
	for _, t := range trees {
		isBinding = isBinding || t.Package == pkg && t.Installed
	}
	if !isBinding {
		sets = append(sets, program)
	}
	for _, t := range trees {
		if pkg == "" || t.Package == pkg {
			sets = append(sets, CrateSet{Package: t.Package, File: path.Join(t.Dir, "Cargo.lock"), Dir: path.Join(t.Dir, tree.Private, "crates")})
		}
	}
	var found []CrateSet
	var names []string
	for _, set := range sets {
		names = append(names, set.File)
		src, err := os.ReadFile(filepath.Join(r.Dir, filepath.FromSlash(set.File)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if set.Lock, err = lockfile.Parse(set.File, src); err != nil {
			return nil, err
		}
		found = append(found, set)
		if set.File == lockfile.Committed {
			break // it has the crates of all trees
		}
	}
	if len(found) == 0 {
		return nil, problem.New(problem.Input, "there is no lock that says which crates: no %s", strings.Join(names, " and no ")).At(r.Dir, 0).
			Hint("make the program's: opam-cargo lock").
			Hint("or a binding's: cargo generate-lockfile --manifest-path rust/Cargo.toml")
	}
	return found, nil
}

// Fetch brings the .crate files of the sets, downloaded by cargo into the user's
// own cargo home and verified, and returns how many it brought now. It needs
// neither a switch nor the bindings.
func Fetch(ctx context.Context, w toolchain.Wanted, sets []CrateSet) (brought, there int, err error) {
	var problems []error
	for _, set := range sets {
		dir := filepath.Join(w.Root, filepath.FromSlash(set.Dir))
		if err := tree.Sweep(dir); err != nil {
			return brought, there, err
		}
		var missing []crate.ID
		for _, id := range registryCrates(set.Lock) {
			if sum, err := tree.BoundedSum(crate.MostOfCrate, filepath.Join(dir, id.String()+".crate")); err != nil || sum != id.Checksum() {
				missing = append(missing, id)
			}
		}
		there += len(registryCrates(set.Lock)) - len(missing)
		if len(missing) == 0 {
			continue
		}
		files, err := download(ctx, w, set.File, missing)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return brought, there, err
		}
		for _, id := range missing {
			content, err := os.ReadFile(files[id])
			if err != nil {
				return brought, there, err
			}
			if err := tree.Write(filepath.Join(dir, id.String()+".crate"), content, false); err != nil {
				return brought, there, err
			}
			brought++
		}
	}
	return brought, there, errors.Join(problems...)
}

func registryCrates(l *lockfile.Lock) []crate.ID {
	var ids []crate.ID
	for _, p := range l.Packages {
		if id, err := p.ID(); err == nil && p.Registry() && p.Checksum != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// download makes sure that the crates are in the user's cargo download cache and
// returns their files there. cargo downloads: a package that wants exactly these
// versions is fetched.
func download(ctx context.Context, w toolchain.Wanted, lock string, ids []crate.ID) (map[crate.ID]string, error) {
	home := cargo.UserHome(w.Getenv)
	files := inDownloadCache(home, ids)
	if len(files) == len(ids) {
		return files, nil
	}
	err := w.InScratch(ctx, func(c *cargo.Cargo, scratch string) error {
		toml, seed := fetchPackage(ids)
		for name, content := range map[string][]byte{"Cargo.toml": toml, "Cargo.lock": seed, "lib.rs": nil} {
			if err := tree.Write(filepath.Join(scratch, name), content, false); err != nil {
				return err
			}
		}
		err := c.Online(home, w.Out.CargoProgress()).Fetch(ctx, filepath.Join(scratch, "Cargo.toml"))
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		return problem.New(problem.Resolve, "cargo could not fetch %s of %s", term.Count(len(ids)-len(files), "crate"), lock).
			Quote(strings.ReplaceAll(cargo.Words(err), scratch, "")).
			Hint("fetch where there is a network; cargo's own settings (proxy, mirror) are in %s", filepath.Join(home, "config.toml"))
	})
	if err != nil {
		return nil, err
	}
	files = inDownloadCache(home, ids)
	var problems []error
	for _, id := range ids {
		if _, ok := files[id]; !ok {
			problems = append(problems, problem.New(problem.Resolve, "the registry has no %s with the lock's sha256 %s", id, id.Checksum()).
				At(lock, 0).
				Hint("compare with the registry's page of the crate; if the lock is wrong, make it anew: opam-cargo lock"))
		}
	}
	return files, errors.Join(problems...)
}

// inDownloadCache finds the crates in cargo's cache that have the right sha256.
func inDownloadCache(home string, ids []crate.ID) map[crate.ID]string {
	files := map[crate.ID]string{}
	for _, id := range ids {
		for _, file := range tree.Glob(filepath.Join(home, "registry", "cache"), "*/"+id.String()+".crate") {
			if sum, err := tree.BoundedSum(crate.MostOfCrate, file); err == nil && sum == id.Checksum() {
				files[id] = file
			}
		}
	}
	return files
}

// fetchPackage is a package that depends on exactly ids, each under a name of its
// own, and the seed that lets cargo take yanked versions too.
func fetchPackage(ids []crate.ID) (toml, seed []byte) {
	var b bytes.Buffer
	b.WriteString("[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2021\"\n" +
		"[lib]\npath = \"lib.rs\"\n[workspace]\n[dependencies]\n")
	lock := &lockfile.Lock{Version: 3}
	for i, id := range ids {
		version, _, _ := strings.Cut(id.Version(), "+")
		fmt.Fprintf(&b, "c%d = { package = %s, version = \"=%s\", default-features = false }\n", i, manifest.Quote(id.Name()), version)
		p := lockfile.Package{Name: id.Name(), Version: id.Version(), Source: lockfile.DefaultRegistry, Checksum: id.Checksum()}
		lock.Packages = append(lock.Packages, p)
	}
	return b.Bytes(), lock.Format()
}
