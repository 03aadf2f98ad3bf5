package crate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// IsVendorDir tells whether dir is a directory source, as cargo vendor writes
// it: at least one directory in it (or link to one) holds both a Cargo.toml and
// a checksum file. Its name decides nothing: a "vendor" may hold path crates
// of its author. Hidden entries do not count, as in cargo (docs/facts.md#directory-sources).
func IsVendorDir(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && isVendor(dir, entries)
}

// IsVendored tells whether dir is a crate as cargo vendor writes it.
func IsVendored(dir string) bool {
	return isFile(filepath.Join(dir, ChecksumFile)) && isFile(filepath.Join(dir, manifestFile))
}

func isVendor(dir string, entries []fs.DirEntry) bool {
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || (!e.IsDir() && e.Type()&fs.ModeSymlink == 0) {
			continue
		}
		if IsVendored(filepath.Join(dir, e.Name())) {
			return true
		}
	}
	return false
}

// FindVendorDirs returns the vendor directories (see [IsVendorDir]) at and below
// root, sorted. It looks neither inside them, nor through links, nor into .git,
// _build, _opam and a target beside a Cargo.toml, nor where it may not.
func FindVendorDirs(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, problem.New(problem.Input, "cannot look for vendored crates: %w", err).At(root, 0).
			Hint("make the directory readable")
	}
	if isVendor(root, entries) {
		return []string{root}, nil
	}
	var found []string
	for _, e := range entries {
		if !e.IsDir() || leftOut(root, e.Name()) {
			continue
		}
		below, err := FindVendorDirs(filepath.Join(root, e.Name()))
		if errors.Is(err, fs.ErrPermission) {
			continue // whoever needs it finds that out
		}
		if err != nil {
			return nil, err
		}
		found = append(found, below...)
	}
	return found, nil
}

func leftOut(parent, name string) bool {
	switch name {
	case ".git", "_build", "_opam":
		return true
	case "target":
		return isFile(filepath.Join(parent, manifestFile))
	}
	return false
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
