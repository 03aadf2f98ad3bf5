package compiled

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// parts are the directories of a profile that cargo needs to find a unit fresh; the
// fingerprints come last, so that no unit is believed before its files are there.
var parts = []string{"deps", "build", ".fingerprint"}

// unit matches the names that cargo gives to a unit's files and directories: a package
// or library name, and a hash.
var unit = regexp.MustCompile(`^(.+)-[0-9a-f]{16}(?:\..*)?$`)

// inParts tells whether a file or directory of a set is below one of the parts.
func inParts(name string) bool {
	part, rest, _ := strings.Cut(name, "/")
	return fs.ValidPath(name) && rest != "" && slices.Contains(parts, part)
}

// packing writes a set's tar file.
type packing struct {
	tar    *tar.Writer
	target string
	links  map[uint64]string // inode -> the name that has the content
	sums   map[string]string
}

// pack writes the units of target but those of the packages without, and returns the
// size, and the sha256 of each file. Files that are hard links of each other, as cargo
// makes them, are stored once.
func pack(w io.Writer, target string, without []string) (int64, map[string]string, error) {
	skip := map[string]bool{}
	for _, name := range without {
		skip[strings.ReplaceAll(name, "-", "_")] = true
	}
	counted := &counter{w: w}
	p := packing{tar.NewWriter(counted), target, map[uint64]string{}, map[string]string{}}
	for _, part := range parts {
		entries, err := os.ReadDir(filepath.Join(target, part))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, nil, err
		}
		for _, e := range entries {
			m := unit.FindStringSubmatch(e.Name())
			if m == nil || skip[strings.ReplaceAll(m[1], "-", "_")] || skip[strings.TrimPrefix(m[1], "lib")] {
				continue
			}
			if err := p.add(path.Join(part, e.Name())); err != nil {
				return 0, nil, err
			}
		}
	}
	err := p.tar.Close()
	return counted.n, p.sums, err
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

func (p *packing) add(name string) error {
	return filepath.WalkDir(filepath.Join(p.target, filepath.FromSlash(name)), func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() && !info.IsDir() {
			return err // cargo and build scripts make little else
		}
		rel, err := filepath.Rel(p.target, file)
		if err != nil {
			return err
		}
		h := &tar.Header{Name: filepath.ToSlash(rel), Mode: int64(info.Mode().Perm()), ModTime: info.ModTime(), Format: tar.FormatPAX}
		if info.IsDir() {
			h.Typeflag = tar.TypeDir
			return p.tar.WriteHeader(h)
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Nlink > 1 {
			if first, seen := p.links[stat.Ino]; seen {
				h.Typeflag, h.Linkname, p.sums[h.Name] = tar.TypeLink, first, p.sums[first]
				return p.tar.WriteHeader(h)
			}
			p.links[stat.Ino] = h.Name
		}
		h.Typeflag, h.Size = tar.TypeReg, info.Size()
		if err := p.tar.WriteHeader(h); err != nil {
			return err
		}
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		sum := sha256.New()
		_, err = io.Copy(io.MultiWriter(p.tar, sum), f)
		p.sums[h.Name] = hex.EncodeToString(sum.Sum(nil))
		return errors.Join(err, f.Close())
	})
}

// most bounds the entries of a set: a crate has a few dozen.
const most = 1_000_000

// ErrDamaged is the cause where a set is not what its index says.
var ErrDamaged = errors.New("not what its index says")

// Unpack puts a set into dest, a profile's directory that is not there yet, with all
// mtimes as they were. What is not in the set's index, with the sha256 that stands there,
// is [ErrDamaged], and so is what is missing of it: dest is of no use then.
func (e Entry) Unpack(dir, dest string) error {
	if tree.Exists(dest) {
		return fmt.Errorf("%s is there already", dest)
	}
	f, err := tree.Open(tarFile(dir, e.Name), Limit)
	if err != nil {
		return err
	}
	defer f.Close()
	u := unpacking{dest: dest, sums: e.Files, done: map[string]bool{}}
	r := tar.NewReader(f)
	for n := 0; ; n++ {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && n == most {
			err = fmt.Errorf("more than %d entries", most)
		}
		if err == nil {
			err = u.extract(r, h)
		}
		var failed *fs.PathError // the disk's matter
		if errors.As(err, &failed) {
			return err
		}
		if err != nil {
			return fmt.Errorf("%s is %w: %w", f.Name(), ErrDamaged, err)
		}
	}
	for name := range e.Files {
		if !u.done[name] {
			return fmt.Errorf("%s is %w: %s is not in it", f.Name(), ErrDamaged, name)
		}
	}
	return nil
}

// unpacking is a set on its way into a directory that nobody else writes into.
type unpacking struct {
	dest string
	sums map[string]string
	done map[string]bool // files that are there, with their sums
	size int64           // of these
}

func (u *unpacking) extract(r io.Reader, h *tar.Header) error {
	name := strings.TrimSuffix(h.Name, "/")
	if !inParts(name) {
		return fmt.Errorf("the entry %q is none that cargo makes of a crate", h.Name)
	}
	file := filepath.Join(u.dest, filepath.FromSlash(name))
	if h.Typeflag == tar.TypeDir {
		return os.MkdirAll(file, 0o755)
	}
	if u.sums[name] == "" || u.done[name] {
		return fmt.Errorf("the entry %q is not in the index, or twice here", h.Name)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	sum := ""
	switch h.Typeflag {
	case tar.TypeLink:
		if !u.done[h.Linkname] {
			return fmt.Errorf("the entry %q is a link to %q, which is no earlier file", h.Name, h.Linkname)
		}
		sum = u.sums[h.Linkname]
		if err := os.Link(filepath.Join(u.dest, filepath.FromSlash(h.Linkname)), file); err != nil {
			return err
		}
	case tar.TypeReg:
		if u.size += h.Size; h.Size < 0 || u.size > Limit {
			return fmt.Errorf("more than %d bytes", int64(Limit))
		}
		var err error
		if sum, err = writeSummed(file, r, os.FileMode(h.Mode).Perm()); err != nil {
			return err
		}
		if err := os.Chtimes(file, h.ModTime, h.ModTime); err != nil {
			return err
		}
	default:
		return fmt.Errorf("the entry %q is neither a file nor a directory", h.Name)
	}
	if sum != u.sums[name] {
		return fmt.Errorf("%s has not the sha256 that the index has", name)
	}
	u.done[name] = true
	return nil
}

func writeSummed(file string, r io.Reader, mode os.FileMode) (string, error) {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, sum), r)
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, out.Close())
}
