package compiled

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// parts are the directories of a profile that cargo needs to find a unit fresh; the
// fingerprints come last, so that no unit is believed before its files are there.
var parts = []string{"deps", "build", ".fingerprint"}

// unit matches the names that cargo gives to a unit's files and directories: a package
// or library name, and a hash.
var unit = regexp.MustCompile(`^(.+)-[0-9a-f]{16}(?:\..*)?$`)

// pack writes the units of target but those of the packages without, and returns the
// size. Files that are hard links of each other, as cargo makes them, are stored once.
func pack(w io.Writer, target string, without []string) (int64, error) {
	skip := map[string]bool{}
	for _, name := range without {
		skip[strings.ReplaceAll(name, "-", "_")] = true
	}
	counted := &counter{w: w}
	t := tar.NewWriter(counted)
	links := map[uint64]string{}
	for _, part := range parts {
		entries, err := os.ReadDir(filepath.Join(target, part))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		for _, e := range entries {
			m := unit.FindStringSubmatch(e.Name())
			if m == nil || skip[strings.ReplaceAll(m[1], "-", "_")] || skip[strings.TrimPrefix(m[1], "lib")] {
				continue
			}
			if err := add(t, target, path.Join(part, e.Name()), links); err != nil {
				return 0, err
			}
		}
	}
	err := t.Close()
	return counted.n, err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

func add(t *tar.Writer, target, name string, links map[uint64]string) error {
	return filepath.WalkDir(filepath.Join(target, filepath.FromSlash(name)), func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() && !info.IsDir() {
			return err // cargo and build scripts make little else
		}
		rel, err := filepath.Rel(target, file)
		if err != nil {
			return err
		}
		h := &tar.Header{Name: filepath.ToSlash(rel), Mode: int64(info.Mode().Perm()), ModTime: info.ModTime(), Format: tar.FormatPAX}
		if info.IsDir() {
			h.Typeflag = tar.TypeDir
			return t.WriteHeader(h)
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Nlink > 1 {
			if first, seen := links[stat.Ino]; seen {
				h.Typeflag, h.Linkname = tar.TypeLink, first
				return t.WriteHeader(h)
			}
			links[stat.Ino] = h.Name
		}
		h.Typeflag, h.Size = tar.TypeReg, info.Size()
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		_, err = io.Copy(t, f)
		return errors.Join(err, f.Close())
	})
}

// Unpack puts a set into dest, a profile's directory that is not there yet, with all
// mtimes as they were.
func (e Entry) Unpack(dir, dest string) error {
	f, err := os.Open(tarFile(dir, e.Name))
	if err != nil {
		return err
	}
	defer f.Close()
	r := tar.NewReader(f)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", f.Name(), err)
		}
		if !filepath.IsLocal(h.Name) || h.Typeflag == tar.TypeLink && !filepath.IsLocal(h.Linkname) {
			return fmt.Errorf("read %s: the entry %q leaves the directory", f.Name(), h.Name)
		}
		if err := extract(r, h, dest); err != nil {
			return err
		}
	}
}

func extract(r io.Reader, h *tar.Header, dest string) error {
	file := filepath.Join(dest, filepath.FromSlash(h.Name))
	if h.Typeflag == tar.TypeDir {
		return os.MkdirAll(file, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if h.Typeflag == tar.TypeLink {
		return os.Link(filepath.Join(dest, filepath.FromSlash(h.Linkname)), file)
	}
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, os.FileMode(h.Mode).Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Chtimes(file, h.ModTime, h.ModTime)
}
