package crate

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// kind is what an entry that was unpacked is.
type kind byte

const (
	aDir kind = iota + 1
	aFile
	aLink
)

// writer puts the entries of one tar into dir. It remembers what it made, and
// makes nothing below anything but its own directories: so it never writes
// through a link, whatever the order of the entries.
type writer struct {
	dir  string
	made map[string]kind // by path below dir, with slashes; "." is dir
	lim  limits
	size int64 // bytes of files so far; a sparse file can exceed its stream
}

// unpackTar unpacks the directory id.String() of a tar into dir.
func unpackTar(ctx context.Context, r io.Reader, id ID, dir string, lim limits) error {
	w := &writer{dir: dir, made: map[string]kind{".": aDir}, lim: lim}
	tr := tar.NewReader(r)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("not tar, or cut short: %w", err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if err := w.entry(h, tr, id.String()); err != nil {
			return fmt.Errorf("entry %q: %w", h.Name, err)
		}
	}
}

func (w *writer) entry(h *tar.Header, content io.Reader, root string) error {
	name, err := below(root, h.Name)
	if err != nil {
		return err
	}
	if name == "." && h.Typeflag != tar.TypeDir {
		return errors.New("the root is not a directory")
	}
	if name == ChecksumFile {
		return nil // ours is written instead
	}
	if h.Typeflag == tar.TypeDir {
		return w.mkdir(name)
	}
	if err := w.clear(name); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeReg:
		return w.file(name, h, content)
	case tar.TypeSymlink:
		return w.symlink(name, h.Linkname)
	case tar.TypeLink:
		return w.hardlink(name, h.Linkname, root)
	}
	return fmt.Errorf("of type %q, which no crate has", h.Typeflag)
}

// below returns name relative to root, "." for root itself. Names are refused
// rather than repaired.
func below(root, name string) (string, error) {
	switch {
	case name == "" || strings.ContainsAny(name, "\x00\\"):
		return "", errors.New("a name with a NUL or a backslash, or none")
	case path.IsAbs(name):
		return "", errors.New("an absolute path")
	}
	for _, part := range strings.Split(name, "/") {
		if part == ".." {
			return "", errors.New("a path with '..'")
		}
	}
	clean := path.Clean(name)
	if clean == root {
		return ".", nil
	}
	rest, found := strings.CutPrefix(clean, root+"/")
	if !found {
		return "", fmt.Errorf("outside the one directory %s", root)
	}
	return rest, nil
}

// mkdir makes the directory name and those above it.
func (w *writer) mkdir(name string) error {
	switch w.made[name] {
	case aDir:
		return nil
	case aFile, aLink:
		return fmt.Errorf("below %s, which is a file or a link", name)
	}
	if err := w.mkdir(path.Dir(name)); err != nil {
		return err
	}
	if err := w.add(name, aDir); err != nil {
		return err
	}
	return os.Mkdir(w.path(name), 0o755)
}

// clear makes name free for a file or link: its directory is there, and an
// earlier file or link of that name is gone (the last one wins, as in tar).
func (w *writer) clear(name string) error {
	if err := w.mkdir(path.Dir(name)); err != nil {
		return err
	}
	switch w.made[name] {
	case aDir:
		return errors.New("replaces a directory")
	case aFile, aLink:
		return os.Remove(w.path(name))
	}
	return nil
}

func (w *writer) file(name string, h *tar.Header, content io.Reader) error {
	w.size += h.Size
	if h.Size < 0 || w.size > w.lim.unpacked || w.size < 0 {
		return errTooMuch
	}
	if err := w.add(name, aFile); err != nil {
		return err
	}
	return writeFile(w.path(name), content, h.Mode&0o111 != 0)
}

func (w *writer) symlink(name, target string) error {
	if !inside(name, target) {
		return fmt.Errorf("a link out of the crate, to %q", target)
	}
	if err := w.add(name, aLink); err != nil {
		return err
	}
	return os.Symlink(target, w.path(name))
}

func (w *writer) hardlink(name, target, root string) error {
	old, err := below(root, target)
	if err != nil || w.made[old] != aFile || old == name {
		return fmt.Errorf("a hard link to %q, which is no earlier file of the crate", target)
	}
	if err := w.add(name, aFile); err != nil {
		return err
	}
	return os.Link(w.path(old), w.path(name))
}

// inside tells whether a symbolic link at name (relative to a root, with
// slashes, in a real directory) stays in the root: relative, and with ".." only
// in front. A ".." further on could follow another link and leave from there.
func inside(name, target string) bool {
	if target == "" || path.IsAbs(target) || strings.ContainsAny(target, "\x00\\") {
		return false
	}
	depth := strings.Count(name, "/")
	down := false
	for _, part := range strings.Split(target, "/") {
		switch {
		case part == "" || part == ".":
		case part != "..":
			down = true
		case down || depth == 0:
			return false
		default:
			depth--
		}
	}
	return true
}

func (w *writer) add(name string, k kind) error {
	w.made[name] = k
	if len(w.made) > w.lim.entries {
		return fmt.Errorf("more than %d entries", w.lim.entries)
	}
	return nil
}

func (w *writer) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

// writeFile makes a new file with the constant mtime.
func writeFile(file string, content io.Reader, exec bool) error {
	mode := os.FileMode(0o644)
	if exec {
		mode = 0o755
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err != nil {
		return err
	}
	return os.Chtimes(file, mtime, mtime)
}
