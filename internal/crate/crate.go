// Package crate handles the registry's crates as files: it verifies and unpacks
// .crate archives into the entries of a directory source, and reads, checks and
// copies what cargo vendor left in a tree. Entry points: [Unpack],
// [FindVendorDirs], [ReadVendored], [CopyVendored].
//
// A directory made here appears by rename: it is complete or not there. A
// process that is killed may leave a hidden ".tmp-*" directory beside it, which
// cargo ignores (docs/facts.md#directory-sources) and the owner of the place may delete.
package crate

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// ChecksumFile is the file that makes a directory a crate of a directory source.
const ChecksumFile = ".cargo-checksum.json"

// StoreDir is the directory of a prefix that holds the crates of opam packages.
const StoreDir = "rust-crates"

// Store is where the packages of crates install them: a directory source that the
// programs of the switch share.
func Store(prefix string) string { return filepath.Join(prefix, StoreDir) }

const manifestFile = "Cargo.toml"

// mtime is given to every file and directory, so that crates laid out again
// stay fresh for build scripts with rerun-if-changed (docs/facts.md#freshness). It is the
// time that cargo package writes into a .crate.
var mtime = time.Date(2006, 7, 24, 1, 21, 28, 0, time.UTC)

// build makes the directory dest by letting fill write into a hidden sibling,
// which is then stamped with the constant mtime and renamed. Nothing is left
// when a step fails.
func build(dest string, fill func(dir string) error) error {
	if _, err := os.Lstat(dest); err == nil {
		return problem.New(problem.Input, "the directory exists already").At(dest, 0).
			Hint("remove it: rm -rf %s", problem.Word(dest))
	}
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return writeProblem(dest, err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dest), ".tmp-"+filepath.Base(dest)+"-*")
	if err != nil {
		return writeProblem(dest, err)
	}
	if err = fill(tmp); err == nil {
		if err = finish(tmp, dest); err != nil {
			err = writeProblem(dest, err)
		}
	}
	if err != nil {
		_ = os.RemoveAll(tmp) // the first error is the one to tell
	}
	return err
}

// finish stamps the directories of tmp and renames it.
func finish(tmp, dest string) error {
	err := filepath.WalkDir(tmp, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if err := os.Chmod(file, 0o755); err != nil {
			return err
		}
		return os.Chtimes(file, mtime, mtime)
	})
	if err != nil {
		return err
	}
	return os.Rename(tmp, dest)
}

// writeChecksum writes dir's checksum file without the sums of its files: cargo
// then checks no content (docs/facts.md#directory-sources). A git crate must have no
// package sum (docs/facts.md#git-crates). from, which cargo does not read, says of which
// content a copy was made; empty: of the .crate itself.
func writeChecksum(dir, sum, from string) error {
	content := struct {
		Package string            `json:"package,omitempty"`
		Files   map[string]string `json:"files"`
		From    string            `json:"from,omitempty"`
	}{sum, map[string]string{}, from}
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, ChecksumFile), strings.NewReader(string(text)), false)
}

func writeProblem(dest string, err error) error {
	return problem.New(problem.Input, "cannot write the crate: %w", err).At(dest, 0).
		Hint("make room and make %s writable", filepath.Dir(dest))
}

// Untouched tells whether the crate in dir is as [Unpack] left it, by the constant mtime
// of its files and directories: an edit, or a file that came or went, shows.
func Untouched(dir string) bool {
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err == nil && !info.ModTime().Equal(mtime) {
			err = errors.New("changed")
		}
		return err
	})
	return err == nil
}
