// Package tree lists, fingerprints and copies source trees. A tree is its
// regular files and symbolic links; what cargo, dune, git and opam make beside
// the sources is no part of it.
package tree

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// Private is the directory that the tool keeps inside an installed tree. It is
// never part of the tree's fingerprint.
const Private = ".opam-cargo"

// Entry is a regular file or a symbolic link of a tree.
type Entry struct {
	Path string // relative to the tree, with slashes
	Exec bool   // executable by its owner
	Link string // the target of a symbolic link; empty for a file
	Sum  string // sha256 in hex of a file's content; empty before [Sum]
}

// List returns the entries below root, sorted by path. It leaves out .git,
// _build, _opam, the private directory, cargo's own target directories (beside
// a Cargo.toml, with cargo's marks in them: vendor/cc/src/target is source) and
// the directories for which skip says so. skip may be nil; its argument is
// relative to root, with slashes.
func List(root string, skip func(dir string) bool) ([]Entry, error) {
	var list []Entry
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch {
		case rel == ".":
			return nil
		case d.IsDir():
			if leftOut(file, d.Name()) || rel == Private || (skip != nil && skip(rel)) {
				return filepath.SkipDir
			}
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(file)
			if err != nil {
				return err
			}
			list = append(list, Entry{Path: rel, Link: filepath.ToSlash(target)})
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is neither a file nor a directory nor a symbolic link", file)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		list = append(list, Entry{Path: rel, Exec: info.Mode()&0o100 != 0})
		return nil
	})
	sort.Slice(list, func(i, j int) bool { return list[i].Path < list[j].Path })
	return list, err
}

func leftOut(dir, name string) bool {
	switch name {
	case ".git", "_build", "_opam":
		return true
	case "target":
		return isCargoTarget(dir)
	}
	return false
}

// isCargoTarget tells whether dir, named target, is one that cargo made.
func isCargoTarget(dir string) bool {
	if _, err := os.Stat(filepath.Join(filepath.Dir(dir), "Cargo.toml")); err != nil {
		return false
	}
	for _, mark := range []string{".rustc_info.json", "CACHEDIR.TAG", "release/.cargo-lock", "debug/.cargo-lock"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(mark))); err == nil {
			return true
		}
	}
	return false
}

// Sum fills in the sha256 of every file of list below root, in parallel.
func Sum(root string, list []Entry) error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range list {
		e := &list[i]
		if e.Link != "" {
			continue
		}
		g.Go(func() (err error) {
			e.Sum, err = BoundedSum(MostOfSource, filepath.Join(root, filepath.FromSlash(e.Path)))
			return err
		})
	}
	return g.Wait()
}

// FileSum is the sha256 of a file's content, in hex.
func FileSum(file string) (string, error) { return BoundedSum(math.MaxInt64, file) }

// BoundedSum is [FileSum] of a file that somebody else made, of at most so many bytes.
func BoundedSum(most int64, file string) (string, error) {
	f, err := Open(file, most)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// BytesSum is the sha256 of b, in hex.
func BytesSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Hash is the fingerprint of a summed list: paths, executable bits, link
// targets and contents, nothing of owner, time or place. Shape: "sha256:<hex>".
func Hash(list []Entry) string {
	h := sha256.New()
	for _, e := range list {
		fmt.Fprintf(h, "%q %t %q %s\n", e.Path, e.Exec, e.Link, e.Sum)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// Exists tells whether name is there, links not followed.
func Exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// IsDir tells whether name is a directory, links followed.
func IsDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// WriteIfChanged makes file hold content and leaves it alone (and its mtime,
// which cargo and dune look at) where it already does. It makes the directory
// when that is missing.
func WriteIfChanged(file string, content []byte, exec bool) error {
	if old, err := os.ReadFile(file); err == nil && string(old) == string(content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return Write(file, content, exec)
}

// unfinished is how the names of files begin that [Write] has not renamed yet.
const unfinished = ".opam-cargo-"

// Sweep removes from dir what a killed [Write] left there. Nobody else may be writing
// into it.
func Sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil // whoever writes there makes it, or says why not
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), unfinished) && e.Type().IsRegular() {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Writable makes dir and tries to write there: another program would name the obstacle
// later and less plainly.
func Writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, unfinished+"*")
	if err != nil {
		return err
	}
	err = os.Remove(f.Name())
	if errors.Is(err, fs.ErrNotExist) { // another run's [Sweep]
		err = nil
	}
	return errors.Join(f.Close(), err)
}

// Write replaces file by rename, so that a reader, or a kill at any moment, finds
// the old content or the new. It does not wait for the disk, as renameio would:
// a tree has thousands of files, and after a power cut all of them are made anew.
func Write(file string, content []byte, exec bool) error {
	return replace(file, exec, func(tmp *os.File) error {
		_, err := tmp.Write(content)
		return err
	})
}

// Copy is [Write] of what another file holds. The system copies it, where it can.
func Copy(from, file string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	return replace(file, false, func(tmp *os.File) error {
		_, err := io.Copy(tmp, src)
		return err
	})
}

func replace(file string, exec bool, fill func(tmp *os.File) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), unfinished+"*")
	if err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if exec {
		mode = 0o755
	}
	err = errors.Join(fill(tmp), tmp.Chmod(mode), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

// Below is file relative to dir, if it is dir or lies in it. Both are absolute.
func Below(dir, file string) (rel string, ok bool) {
	rel, err := filepath.Rel(dir, file)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return rel, true
}

// Inside tells whether name is dir or lies in it; both relative, with slashes.
func Inside(dir, name string) bool {
	return dir == "." || name == dir || strings.HasPrefix(name, dir+"/")
}

// Outside tells whether a clean path with slashes leads out of the directory that it is
// relative to, or is absolute.
func Outside(p string) bool { return p == ".." || strings.HasPrefix(p, "../") || path.IsAbs(p) }

// Glob lists the files in dir, whatever characters its name has, that a pattern with
// slashes matches, in order; none where a name in it makes it no pattern.
func Glob(dir, pattern string) []string {
	names, err := fs.Glob(os.DirFS(dir), pattern)
	if err != nil {
		return nil
	}
	files := make([]string, 0, len(names))
	for _, name := range names {
		files = append(files, filepath.Join(dir, filepath.FromSlash(name)))
	}
	return files
}

// Scratch makes a directory of that name and a number, outside of all places that
// matter; the caller removes it.
func Scratch(name string) (string, error) {
	dir, err := os.MkdirTemp("", name)
	if err != nil {
		return "", problem.New(problem.Input, "cannot make a temporary directory: %w", err).Hint("name one that can be written in TMPDIR")
	}
	return dir, nil
}
