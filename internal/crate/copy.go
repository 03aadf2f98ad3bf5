package crate

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// CopyVendored copies the vendored crate in dir, which may be a link to a
// directory, as dest, in the form of [Unpack]: same modes and mtime, no sums of
// files, and the package's sum id.Checksum, which for a git crate is ""
// (docs/facts.md#git-crates). It does not look at the content, of which from is a name for
// [LaidOut]; see [VerifyVendored]. .git is left out.
// dest must not exist; nothing is left of it on failure.
func CopyVendored(dir string, id ID, from, dest string) error {
	source, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return problem.New(problem.Input, "cannot read the vendored crate: %w", err).At(dir, 0).Hint(revendorHint)
	}
	return build(dest, func(to string) error {
		err := filepath.WalkDir(source, func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(source, file)
			if err != nil || rel == "." || rel == ChecksumFile {
				return err
			}
			if rel == ".git" && d.IsDir() {
				return filepath.SkipDir
			}
			return copyEntry(file, rel, filepath.Join(to, rel), d)
		})
		if err == nil {
			err = writeChecksum(to, id.Checksum(), from)
		}
		var told *problem.Error
		if err != nil && !errors.As(err, &told) {
			err = writeProblem(dest, err)
		}
		return err
	})
}

// copyEntry copies file, which is rel in the crate, to the new path dest.
func copyEntry(file, rel, dest string, d fs.DirEntry) error {
	switch {
	case d.IsDir():
		return os.Mkdir(dest, 0o755)
	case d.Type()&fs.ModeSymlink != 0:
		target, err := os.Readlink(file)
		if err != nil {
			return err
		}
		if !inside(filepath.ToSlash(rel), target) {
			return problem.New(problem.Input, "a link out of the crate, to %s", target).At(file, 0).
				Hint("replace the link by the file it points to")
		}
		return os.Symlink(target, dest)
	case !d.Type().IsRegular():
		return problem.New(problem.Input, "neither a file nor a directory nor a link").At(file, 0).
			Hint("remove it")
	}
	return copyFile(file, dest)
}

func copyFile(file, dest string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return problem.New(problem.Input, "the file changed while the crate was copied").At(file, 0).Hint("run the same command again")
	}
	return writeFile(dest, f, info.Mode()&0o111 != 0)
}

// LaidOut tells whether the directory source dir has a crate that [Unpack] (from is empty)
// or [CopyVendored] made of the same content.
func LaidOut(dir string, id ID, from string) bool {
	var have struct {
		Package string `json:"package"`
		From    string `json:"from"`
	}
	src, err := tree.Read(filepath.Join(dir, id.String(), ChecksumFile), tree.MostOfList)
	return err == nil && json.Unmarshal(src, &have) == nil && have.Package == id.Checksum() && have.From == from
}
