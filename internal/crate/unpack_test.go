package crate

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// entry is one tar entry; the zero type is a regular file.
type entry struct {
	name, link, text string
	typ              byte
	mode             int64
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if e.typ == 0 {
			e.typ = tar.TypeReg
		}
		h := &tar.Header{Typeflag: e.typ, Name: e.name, Linkname: e.link, Mode: e.mode, Size: int64(len(e.text))}
		if e.typ == tar.TypeXGlobalHeader {
			h = &tar.Header{Typeflag: e.typ, Name: e.name, PAXRecords: map[string]string{"comment": "x"}}
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	_, err := w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// crateFile writes data as a .crate and gives the ID of a-1.0.0 with its sum.
func crateFile(t testing.TB, data []byte) (string, ID) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a-1.0.0.crate")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	return file, ID{"a", "1.0.0", hex.EncodeToString(sum[:])}
}

var manifest = entry{name: "a-1.0.0/Cargo.toml", text: "[package]\nname = \"a\"\nversion = \"1.0.0\"\n", mode: 0o600}

// listing describes a directory: mode, path, and a link's target or the content.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, file)
		what := ""
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			target, _ := os.Readlink(file)
			lines = append(lines, rel+" -> "+target)
			return nil
		case d.Type().IsRegular() && rel != "Cargo.toml":
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			what = " " + string(text)
		}
		if !info.ModTime().Equal(mtime) {
			t.Errorf("%s: mtime %v", rel, info.ModTime())
		}
		lines = append(lines, fmt.Sprintf("%o %s%s", info.Mode().Perm(), rel, what))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func check(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// empty asserts that a failed call left nothing in dir.
func empty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Errorf("left behind: %s", e.Name())
	}
}

// Modes, links, duplicates, long names and the checksum file come out as said,
// whatever the umask.
func TestUnpack(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	long := strings.Repeat("d/", 60) + strings.Repeat("n", 150)
	file, id := crateFile(t, gz(t, tarOf(t,
		entry{name: "pax", typ: tar.TypeXGlobalHeader},
		manifest,
		entry{name: "a-1.0.0/build.sh", text: "#!", mode: 0o711},
		entry{name: "a-1.0.0/src/lib.rs", text: "old"},
		entry{name: "a-1.0.0/src/lib.rs", text: "new", mode: 0o666},
		entry{name: "a-1.0.0/src/", typ: tar.TypeDir},
		entry{name: "a-1.0.0/src/up", typ: tar.TypeSymlink, link: "../build.sh"},
		entry{name: "a-1.0.0/src/was", typ: tar.TypeSymlink, link: "lib.rs"},
		entry{name: "a-1.0.0/src/was", text: "file"},
		entry{name: "a-1.0.0/hard", typ: tar.TypeLink, link: "a-1.0.0/src/lib.rs"},
		entry{name: "a-1.0.0/.cargo-checksum.json", text: "theirs"},
		entry{name: "a-1.0.0/" + long, text: "long"},
	)))
	dest := filepath.Join(t.TempDir(), "crates", "a-1.0.0")
	if err := Unpack(context.Background(), file, id, dest); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dest, long)); err != nil || string(text) != "long" {
		t.Errorf("%q, %v", text, err)
	}
	if err := os.RemoveAll(filepath.Join(dest, "d")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(dest, mtime, mtime); err != nil {
		t.Fatal(err)
	}
	check(t, listing(t, dest), `644 .cargo-checksum.json {"package":"`+id.Checksum()+`","files":{}}
644 Cargo.toml
644 hard new
644 src/lib.rs new
644 src/was file
755 .
755 build.sh #!
755 src
src/up -> ../build.sh`)
	err := Unpack(context.Background(), file, id, dest)
	if err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("over an existing directory: %v", err)
	}
}

func TestUnpackRefuses(t *testing.T) {
	const sym, hard, dir = tar.TypeSymlink, tar.TypeLink, tar.TypeDir
	in := func(name string) string { return "a-1.0.0/" + name }
	for name, tt := range map[string]struct {
		entries []entry
		text    string
	}{
		"nothing":             {nil, "no Cargo.toml"},
		"no manifest":         {[]entry{{name: in("x")}}, "no Cargo.toml"},
		"manifest is a link":  {[]entry{{name: in("x")}, {name: in("Cargo.toml"), typ: sym, link: "x"}}, "no Cargo.toml"},
		"dot dot":             {[]entry{manifest, {name: in("../a-1.0.0/x")}}, `entry "a-1.0.0/../a-1.0.0/x": a path with '..'`},
		"absolute":            {[]entry{manifest, {name: "/a-1.0.0/x"}}, "an absolute path"},
		"backslash":           {[]entry{manifest, {name: in(`..\x`)}}, "backslash"},
		"two roots":           {[]entry{manifest, {name: "b-1.0.0/x"}}, "outside the one directory a-1.0.0"},
		"other root":          {[]entry{{name: "a-1.0.1/Cargo.toml"}}, "outside the one directory"},
		"root is a file":      {[]entry{{name: "a-1.0.0", text: "x"}}, "the root is not a directory"},
		"root is a link":      {[]entry{{name: "a-1.0.0", typ: sym, link: "."}}, "the root is not a directory"},
		"link out":            {[]entry{manifest, {name: in("l"), typ: sym, link: "../x"}}, `a link out of the crate, to "../x"`},
		"link out, deeper":    {[]entry{manifest, {name: in("d/l"), typ: sym, link: "../../x"}}, "a link out"},
		"link out, absolute":  {[]entry{manifest, {name: in("l"), typ: sym, link: "/etc/passwd"}}, "a link out"},
		"link out by a link":  {[]entry{manifest, {name: in("d/e/a"), typ: sym, link: "../.."}, {name: in("b"), typ: sym, link: "d/e/a/../x"}}, "a link out"},
		"below a link":        {[]entry{manifest, {name: in("s"), typ: dir}, {name: in("l"), typ: sym, link: "s"}, {name: in("l/x")}}, "below l, which is a file or a link"},
		"below a dead link":   {[]entry{manifest, {name: in("l"), typ: sym, link: "s"}, {name: in("l/"), typ: dir}}, "below l"},
		"below a file":        {[]entry{manifest, {name: in("Cargo.toml/x")}}, "below Cargo.toml"},
		"file for a dir":      {[]entry{manifest, {name: in("d/x")}, {name: in("d")}}, "replaces a directory"},
		"link for a dir":      {[]entry{manifest, {name: in("d/x")}, {name: in("d"), typ: sym, link: "."}}, "replaces a directory"},
		"hard link out":       {[]entry{manifest, {name: in("h"), typ: hard, link: "/etc/passwd"}}, "no earlier file"},
		"hard link up":        {[]entry{manifest, {name: in("h"), typ: hard, link: in("../x")}}, "no earlier file"},
		"hard link to a link": {[]entry{manifest, {name: in("l"), typ: sym, link: "x"}, {name: in("h"), typ: hard, link: in("l")}}, "no earlier file"},
		"hard link to itself": {[]entry{manifest, {name: in("Cargo.toml"), typ: hard, link: in("Cargo.toml")}}, ""},
		"fifo":                {[]entry{manifest, {name: in("f"), typ: tar.TypeFifo}}, "which no crate has"},
		"device":              {[]entry{manifest, {name: in("f"), typ: tar.TypeChar}}, "which no crate has"},
		"too much":            {[]entry{manifest, {name: in("x"), text: strings.Repeat("x", 200_000)}}, "unpacks to too much"},
		"too many":            {[]entry{manifest, {name: in(strings.Repeat("d/", 100) + "x")}}, "more than 50 entries"},
	} {
		t.Run(name, func(t *testing.T) {
			data := gz(t, tarOf(t, tt.entries...))
			_, id := crateFile(t, data)
			parent := t.TempDir()
			err := build(filepath.Join(parent, "dest"), func(dir string) error {
				return unpackData(context.Background(), data, id, dir, limits{1 << 20, 100_000, 50})
			})
			if err == nil || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v", err)
			}
			empty(t, parent)
		})
	}
}

// NUL cannot be put into a header by Go's writer: it is told from the name only.
func TestBelow(t *testing.T) {
	for _, name := range []string{"a-1\x00/x", "", "..", "a-1/..", "/", "a-1x", "b/a-1/x"} {
		if got, err := below("a-1", name); err == nil {
			t.Errorf("%q: %q", name, got)
		}
	}
	for name, want := range map[string]string{"a-1": ".", "a-1/": ".", "./a-1/./x//y": "x/y", "a-1/..x": "..x"} {
		if got, err := below("a-1", name); err != nil || got != want {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}

// A file that is not what the lock says, or not whole, is a problem that names
// it and ends with a hint.
func TestUnpackBadFile(t *testing.T) {
	good := gz(t, tarOf(t, manifest, entry{name: "a-1.0.0/x", text: strings.Repeat("some text ", 1000)}))
	crc := bytes.Clone(good)
	crc[len(crc)-6] ^= 1
	plain := tarOf(t, manifest, entry{name: "a-1.0.0/x", text: "12345"})
	for name, tt := range map[string]struct {
		data []byte
		sum  string
		text string
	}{
		"other sum":      {good, strings.Repeat("0", 64), "but the lock says 0000"},
		"no sum":         {good, "none", "but the lock says"},
		"cut":            {good[:len(good)-20], "", "unexpected EOF"},
		"cut tar":        {gz(t, plain[:1024+512+2]), "", "unexpected EOF"},
		"gzip sum":       {crc, "", "invalid checksum"},
		"not gzip":       {plain, "", "not gzip"},
		"not tar":        {gz(t, bytes.Repeat([]byte("x"), 1024)), "", "not tar"},
		"empty":          {nil, "", "not gzip"},
		"header only":    {good[:10], "", "EOF"},
		"trailing bytes": {append(bytes.Clone(good), "junk"...), "", "after the last entry"},
	} {
		t.Run(name, func(t *testing.T) {
			file, id := crateFile(t, tt.data)
			if tt.sum != "" {
				id.checksum = tt.sum
			}
			parent := t.TempDir()
			err := Unpack(context.Background(), file, id, filepath.Join(parent, "dest"))
			var p *problem.Error
			if !errors.As(err, &p) || p.File != file || len(p.Hints) == 0 || !strings.Contains(p.Text, tt.text) {
				t.Errorf("got %v", err)
			}
			empty(t, parent)
		})
	}
	big := filepath.Join(t.TempDir(), "big.crate")
	if err := errors.Join(os.WriteFile(big, nil, 0o644), os.Truncate(big, 65<<20)); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{big, filepath.Dir(big), big + ".missing"} {
		if err := Unpack(context.Background(), file, ID{}, filepath.Join(t.TempDir(), "d")); err == nil {
			t.Errorf("%s: no error", file)
		}
	}
}

// What follows the tar's end counts as well: gzip packs zeros 1000 to 1.
func TestBombAfterEnd(t *testing.T) {
	data := gz(t, append(tarOf(t, manifest), make([]byte, 1<<20)...))
	err := unpackData(context.Background(), data, ID{"a", "1.0.0", ""}, t.TempDir(), limits{1 << 20, 1 << 20, 10})
	if !errors.Is(err, errTooMuch) {
		t.Errorf("got %v", err)
	}
}

// script makes a tar of lines "<type><name>|<link or text>", the type being one
// of tar's own characters; a random tar would only test its header's checksum.
func script(text string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, line := range strings.Split(text, "\n") {
		if line == "" {
			continue
		}
		name, rest, _ := strings.Cut(line[1:], "|")
		h := &tar.Header{Typeflag: line[0], Name: name}
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(rest))
		} else {
			h.Linkname = rest
		}
		if w.WriteHeader(h) == nil && h.Typeflag == tar.TypeReg {
			_, _ = w.Write([]byte(rest))
		}
	}
	_ = w.Close()
	return b.Bytes()
}

// Whatever the tar, nothing appears outside the directory, no link leads out,
// and a failure leaves nothing.
func FuzzUnpack(f *testing.F) {
	f.Add("0a-1.0.0/Cargo.toml|x\n2a-1.0.0/d/l|../Cargo.toml\n1a-1.0.0/h|a-1.0.0/Cargo.toml")
	f.Add("5a-1.0.0/d\n2a-1.0.0/l|d\n0a-1.0.0/l/x|x")
	f.Add("2a-1.0.0/l|.\n2a-1.0.0/m|l/../..\n0a-1.0.0/l|x")
	f.Add("0a-1.0.0/../x|x\n0/a-1.0.0/x|x\n2a-1.0.0/.cargo-checksum.json|/")
	base := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		parent, err := os.MkdirTemp(base, "")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(parent)
		dest := filepath.Join(parent, "dest")
		err = build(dest, func(dir string) error {
			r := &bounded{bytes.NewReader(script(text)), 1 << 20}
			if err := unpackTar(context.Background(), r, ID{"a", "1.0.0", ""}, dir, limits{1 << 20, 1 << 20, 100}); err != nil {
				return err
			}
			return writeChecksum(dir, "", "")
		})
		if err != nil {
			empty(t, parent)
			return
		}
		_ = filepath.WalkDir(dest, func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				t.Fatal(err)
			}
			if d.Type()&fs.ModeSymlink == 0 && !d.IsDir() && !d.Type().IsRegular() {
				t.Fatalf("made %s, %v", file, d.Type())
			}
			if real, err := filepath.EvalSymlinks(file); err == nil && real != dest && !strings.HasPrefix(real, dest+"/") {
				t.Fatalf("%s leads to %s", file, real)
			}
			return nil
		})
		if entries, err := os.ReadDir(parent); err != nil || len(entries) != 1 {
			t.Fatalf("%v, %v", entries, err)
		}
	})
}
