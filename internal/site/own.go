package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// mark is the file of W that says who made it, and where.
const mark = ".made.json"

// made is what it says.
type made struct {
	User int    `json:"user"`
	Path string `json:"path"` // of the directory, all links followed
}

// own makes top, the directory of dune's build directory that all of W lies in, if it is
// not there, and sets aside one that this user has not made at this place: one that came
// with a checkout, from a cache, or from another user may hold anything, links included.
// It is renamed, and nothing in it is read, followed or removed. why is told of it.
func own(top string, aside func(to, why string)) error {
	build := filepath.Dir(top)
	if err := os.MkdirAll(build, 0o755); err != nil {
		return err
	}
	if foreign(top) == "" {
		return nil
	}
	unlock, err := alone(build)
	if err != nil {
		return err
	}
	defer unlock()
	why := foreign(top) // another run may have made it meanwhile
	if why == "" {
		return nil
	}
	if tree.Exists(top) {
		if busy(top) {
			return fmt.Errorf("%s, and whoever uses it has not ended", why)
		}
		to := top + ".aside"
		for n := 2; tree.Exists(to); n++ {
			to = fmt.Sprintf("%s.aside-%d", top, n)
		}
		if err := os.Rename(top, to); err != nil {
			return err
		}
		aside(to, why)
	}
	return begin(top)
}

// busy tells whether a run works in a directory: another user's, or one that knows it by
// another path.
func busy(top string) bool {
	if info, err := os.Lstat(top); err != nil || !info.IsDir() {
		return false
	}
	f, err := os.OpenFile(filepath.Join(top, ".lock"), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// begin makes top with its mark, at one moment: another run never sees the one without
// the other.
func begin(top string) error {
	for _, left := range tree.Glob(filepath.Dir(top), filepath.Base(top)+".new-*") { // of a killed run: no more than this is in it
		_ = tree.Sweep(left)
		os.Remove(filepath.Join(left, mark))
		os.Remove(left)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(top), filepath.Base(top)+".new-")
	if err != nil {
		return err
	}
	text, err := json.Marshal(here(top))
	if err == nil {
		err = errors.Join(os.Chmod(tmp, 0o755), tree.Write(filepath.Join(tmp, mark), text, false)) //nolint:gosec // a directory
	}
	if err == nil {
		err = os.Rename(tmp, top)
	}
	if err != nil {
		os.RemoveAll(tmp)
	}
	return err
}

// here is the mark of a directory that this user makes now.
func here(top string) made {
	path := top
	if build, err := filepath.EvalSymlinks(filepath.Dir(top)); err == nil {
		path = filepath.Join(build, filepath.Base(top))
	}
	return made{User: os.Getuid(), Path: path}
}

// foreign says why top is not believed; empty: it is this user's, made at this place.
func foreign(top string) string {
	info, err := os.Lstat(top)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it is not there"
	case err != nil:
		return err.Error()
	case info.Mode()&fs.ModeSymlink != 0:
		return "it is a symbolic link"
	case !info.IsDir():
		return "it is no directory"
	}
	file := filepath.Join(top, mark)
	its, err := os.Lstat(file)
	if err != nil || !its.Mode().IsRegular() || its.Size() > 1<<16 {
		return "nothing says that it was made here"
	}
	// A file system that has one owner for all files has it for new ones as well.
	if uid(info) != uid(its) || uid(info) != os.Getuid() && uid(info) != newFile(filepath.Dir(top)) {
		return "it belongs to another user"
	}
	var says made
	text, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(text, &says) != nil || says != here(top) {
		return "it was made elsewhere, or by another user"
	}
	return link(top)
}

// link looks for links where the tool's own directories belong: in top, in what is in it,
// and where cargo compiles. Trees and crates have theirs, which are never followed.
func link(top string) string {
	for _, dir := range []string{"*", "at/*", "at/*/*", "each/*", "bindings/*", "crates/*", "sources/*", "target*/*", "target*/*/*",
		"out*/*", "cache/*", "cargo-home/*", "at/*/*/*", "at/*/target*/*/*"} {
		for _, file := range tree.Glob(top, dir) {
			if info, err := os.Lstat(file); err == nil && info.Mode()&fs.ModeSymlink != 0 {
				rel, _ := filepath.Rel(top, file)
				if strings.HasPrefix(rel, "at") && filepath.Base(filepath.Dir(rel)) == "tools" {
					continue // the tool's own
				}
				return rel + " in it is a symbolic link"
			}
		}
	}
	return ""
}

func uid(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}

// newFile is the owner of what is made in a directory now.
func newFile(dir string) int {
	f, err := os.CreateTemp(dir, ".opam-cargo-")
	if err != nil {
		return -1
	}
	defer os.Remove(f.Name())
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return -1
	}
	return uid(info)
}

// alone keeps other runs out of a directory for a moment; where the file system has no
// locks, nothing does.
func alone(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	return func() { f.Close() }, nil
}
