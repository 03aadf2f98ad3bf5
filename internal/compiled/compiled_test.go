package compiled

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

var (
	sumA = strings.Repeat("a", 64)
	sumB = strings.Repeat("b", 64)
)

// A set serves where all that ran code while it was made runs anyway, and nothing in it
// contradicts what is wanted.
func TestBest(t *testing.T) {
	crates := func(text string) map[string]string {
		m := map[string]string{}
		for _, f := range strings.Fields(text) {
			id, letter, _ := strings.Cut(f, "=")
			m[id] = strings.Repeat(letter, 64)
		}
		return m
	}
	for name, c := range map[string]struct {
		set, ran, want string
		takes          bool
	}{
		"the same":                                   {"log-1.0.0=a", "", "log-1.0.0=a", true},
		"more than is wanted":                        {"log-1.0.0=a cc-1.0.0=b", "", "log-1.0.0=a", true},
		"less than is wanted":                        {"log-1.0.0=a", "", "log-1.0.0=a cc-1.0.0=b", true},
		"nothing in common":                          {"log-1.0.0=a", "", "cc-1.0.0=b", false},
		"another checksum":                           {"log-1.0.0=a cc-1.0.0=b", "", "log-1.0.0=b cc-1.0.0=b", false},
		"a build script that runs anyway":            {"log-1.0.0=a cc-1.0.0=b", "cc-1.0.0", "log-1.0.0=a cc-1.0.0=b", true},
		"a build script that would not run":          {"log-1.0.0=a cc-1.0.0=b", "cc-1.0.0", "log-1.0.0=a", false},
		"of another version":                         {"log-1.0.0=a cc-1.0.0=b", "cc-1.0.0", "log-1.0.0=a cc-1.0.1=b", false},
		"with another checksum":                      {"log-1.0.0=a cc-1.0.0=b", "cc-1.0.0", "log-1.0.0=a cc-1.0.0=a", false},
		"two, of which one would not run":            {"log-1.0.0=a cc-1.0.0=b m-1.0.0=b", "cc-1.0.0 m-1.0.0", "log-1.0.0=a m-1.0.0=b", false},
		"two, which run both, and one more of wants": {"log-1.0.0=a cc-1.0.0=b m-1.0.0=b", "cc-1.0.0 m-1.0.0", "log-1.0.0=a m-1.0.0=b cc-1.0.0=b x-1.0.0=a", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			set := Set{Format: Format, World: map[string]string{"rustc": "1"}, Crates: crates(c.set), Ran: strings.Fields(c.ran)}
			write(t, dir, "x", set, nil)
			if _, ok := Best(dir, Set{World: map[string]string{"rustc": "1"}, Crates: crates(c.want)}); ok != c.takes {
				t.Errorf("taken: %t", ok)
			}
			if _, ok := Best(dir, Set{World: map[string]string{"rustc": "2"}, Crates: crates(c.want)}); ok {
				t.Error("that of another world is taken")
			}
		})
	}
}

func write(t *testing.T, dir, name string, set any, archive []byte) {
	t.Helper()
	text, err := json.Marshal(set)
	if err = errors.Join(err, os.WriteFile(infoFile(dir, name), text, 0o644), os.WriteFile(tarFile(dir, name), archive, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// saved is a set of two units, one of which has hard links, as [Save] writes it.
func saved(t testing.TB) (dir string, e Entry) {
	t.Helper()
	dir, target := t.TempDir(), t.TempDir()
	const hash = "-0123456789abcdef"
	for _, name := range []string{"deps/liblog" + hash + ".rlib", "build/cc" + hash + "/out/made.rs", ".fingerprint/log" + hash + "/lib", "deps/libown" + hash + ".rlib"} {
		if err := tree.WriteIfChanged(filepath.Join(target, name), []byte(name), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(target, "deps/liblog"+hash+".rlib"), filepath.Join(target, "deps/log"+hash+".d")); err != nil {
		t.Fatal(err)
	}
	set := Set{World: map[string]string{"rustc": "1"}, Crates: map[string]string{"log-1.0.0": sumA, "cc-1.0.0": sumB}, Ran: []string{"cc-1.0.0"}, By: "pack"}
	if size, err := Save(dir, set, target, []string{"own"}); err != nil || size == 0 {
		t.Fatal(size, err)
	}
	list, err := List(dir)
	if err != nil || len(list) != 1 || len(list[0].Files) != 4 {
		t.Fatal(list, err)
	}
	return dir, list[0]
}

func TestSaved(t *testing.T) {
	dir, e := saved(t)
	dest := filepath.Join(t.TempDir(), "release")
	if err := e.Unpack(dir, dest); err != nil {
		t.Fatal(err)
	}
	for name, sum := range e.Files {
		if got, err := tree.FileSum(filepath.Join(dest, name)); err != nil || got != sum {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if err := e.Unpack(dir, dest); err == nil {
		t.Error("unpacked over another")
	}
}

// A set that is not what its index says is of no use, and nothing of it is written outside
// of the directory that it is unpacked to.
func TestDamagedSet(t *testing.T) {
	const file = "deps/liblog-0123456789abcdef.rlib"
	entry := func(name string, kind byte, link, content string) func(w *tar.Writer) error {
		return func(w *tar.Writer) error {
			err := w.WriteHeader(&tar.Header{Name: name, Typeflag: kind, Linkname: link, Size: int64(len(content)), Mode: 0o644})
			_, werr := io.WriteString(w, content)
			return errors.Join(err, werr)
		}
	}
	right := entry(file, tar.TypeReg, "", "content")
	index := map[string]string{file: tree.BytesSum([]byte("content"))}
	with := func(more ...string) map[string]string {
		m := maps.Clone(index)
		for _, name := range more {
			m[name] = index[file]
		}
		return m
	}
	for name, c := range map[string]struct {
		files   map[string]string
		entries []func(w *tar.Writer) error
		good    bool
	}{
		"as it should be":            {index, []func(*tar.Writer) error{right}, true},
		"with directories":           {index, []func(*tar.Writer) error{entry("deps/x/", tar.TypeDir, "", ""), right}, true},
		"a hard link":                {with("deps/b"), []func(*tar.Writer) error{right, entry("deps/b", tar.TypeLink, file, "")}, true},
		"empty":                      {index, nil, false},
		"another content":            {index, []func(*tar.Writer) error{entry(file, tar.TypeReg, "", "c0ntent")}, false},
		"no index":                   {nil, []func(*tar.Writer) error{right}, false},
		"one more":                   {index, []func(*tar.Writer) error{right, entry("deps/b", tar.TypeReg, "", "content")}, false},
		"one less":                   {with("deps/b"), []func(*tar.Writer) error{right}, false},
		"twice":                      {index, []func(*tar.Writer) error{right, right}, false},
		"a link":                     {with("deps/b"), []func(*tar.Writer) error{right, entry("deps/b", tar.TypeSymlink, file, "")}, false},
		"a link, then through it":    {with("deps/b/x"), []func(*tar.Writer) error{right, entry("deps/b", tar.TypeSymlink, "../..", ""), entry("deps/b/x", tar.TypeReg, "", "content")}, false},
		"a hard link to a later":     {with("deps/b"), []func(*tar.Writer) error{entry("deps/b", tar.TypeLink, file, ""), right}, false},
		"a hard link out":            {with("deps/b"), []func(*tar.Writer) error{right, entry("deps/b", tar.TypeLink, "../../victim", "")}, false},
		"a hard link to an absolute": {with("deps/b"), []func(*tar.Writer) error{right, entry("deps/b", tar.TypeLink, "/etc/passwd", "")}, false},
		"a pipe":                     {with("deps/b"), []func(*tar.Writer) error{right, entry("deps/b", tar.TypeFifo, "", "")}, false},
		"a device":                   {with("deps/b"), []func(*tar.Writer) error{right, entry("deps/b", tar.TypeChar, "", "")}, false},
		"out of it":                  {with("../victim"), []func(*tar.Writer) error{right, entry("../victim", tar.TypeReg, "", "content")}, false},
		"out of it, from inside":     {with("deps/../../victim"), []func(*tar.Writer) error{right, entry("deps/../../victim", tar.TypeReg, "", "content")}, false},
		"a directory out of it":      {index, []func(*tar.Writer) error{right, entry("../made/", tar.TypeDir, "", "")}, false},
		"absolute":                   {with("/victim"), []func(*tar.Writer) error{right, entry("/victim", tar.TypeReg, "", "content")}, false},
		"beside cargo's parts":       {with("libx.a"), []func(*tar.Writer) error{right, entry("libx.a", tar.TypeReg, "", "content")}, false},
		"in another directory":       {with("incremental/x"), []func(*tar.Writer) error{right, entry("incremental/x", tar.TypeReg, "", "content")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			for _, e := range c.entries {
				if err := e(w); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			write(t, dir, "x", Set{}, b.Bytes())
			err := Entry{Name: "x", Set: Set{Files: c.files}}.Unpack(dir, filepath.Join(dir, "in", "release"))
			if (err == nil) != c.good || err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("unpacked: %v", err)
			}
			left, err := filepath.Glob(filepath.Join(dir, "in", "*"))
			if err != nil || len(left) > 1 || tree.Exists(filepath.Join(dir, "victim")) || tree.Exists(filepath.Join(dir, "made")) {
				t.Errorf("left are %v, %v", left, err)
			}
		})
	}
}

// hostileIndexes make no set; what is in an index becomes names of files.
var hostileIndexes = []string{
	``, `{}`, `[]`, `null`, `{"format":0}`, `{"format":"2"}`, `{"format":2,"crates":{"../../x":"` + strings.Repeat("a", 64) + `"}}`,
	`{"format":2,"crates":{"log-1.0.0":""}}`, `{"format":2,"crates":{"log-1.0.0":"x"}}`, `{"format":2,"crates":{"log":"` + strings.Repeat("a", 64) + `"}}`,
	`{"format":2,"crates":{"log-1.0.0/../../x":"` + strings.Repeat("a", 64) + `"}}`, `{"format":2,"ran":["log-1.0.0"]}`, `{"format":2,"ran":["../x"]}`,
	`{"format":2,"files":{"../x":"y"}}`, `{"format":2,"files":{"/x":"y"}}`, `{"format":2,"files":{"deps":"y"}}`, `{"format":2,"files":{"deps/../../x":"y"}}`,
	`{"format":2,"files":{"deps//x":"y"}}`, `{"format":2,"files":{"":"y"}}`, `{"format":2,"files":{"src/x":"y"}}`,
}

func TestHostileIndex(t *testing.T) {
	for _, text := range hostileIndexes {
		if set, err := parse([]byte(text)); err == nil {
			t.Errorf("%s: %v", text, set)
		}
		dir := t.TempDir()
		if err := errors.Join(os.WriteFile(infoFile(dir, "x"), []byte(text), 0o644), os.WriteFile(tarFile(dir, "x"), nil, 0o644)); err != nil {
			t.Fatal(err)
		}
		if list, err := List(dir); err != nil || len(list) > 0 {
			t.Errorf("%s: %v, %v", text, list, err)
		}
	}
	for _, text := range []string{`{"format":1,"crates":{"libz-sys-1.1.18+1.3.1":"` + sumA + `"}}`, `{"format":9,"crates":{"of":"another form"}}`} {
		if _, err := parse([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Whatever is in a switch's directory of sets, nothing leaves the directory that a set is
// unpacked to, and what is unpacked is what the index says.
func FuzzSet(f *testing.F) {
	dir, e := saved(f)
	index, err := os.ReadFile(infoFile(dir, e.Name))
	if err != nil {
		f.Fatal(err)
	}
	archive, err := os.ReadFile(tarFile(dir, e.Name))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(index, archive)
	f.Add(index, archive[:len(archive)/2])
	for _, text := range hostileIndexes {
		f.Add([]byte(text), archive)
	}
	f.Fuzz(func(t *testing.T, index, archive []byte) {
		set, err := parse(index)
		if err != nil {
			return
		}
		dir := t.TempDir()
		if err := os.WriteFile(tarFile(dir, "x"), archive, 0o644); err != nil {
			t.Fatal(err)
		}
		dest := filepath.Join(dir, "in", "release")
		err = Entry{Name: "x", Set: set}.Unpack(dir, dest)
		if entries, _ := os.ReadDir(dir); len(entries) > 2 {
			t.Fatalf("it wrote %v", entries)
		}
		if err != nil {
			return
		}
		for name, sum := range set.Files {
			if got, err := tree.FileSum(filepath.Join(dest, name)); err != nil || got != sum {
				t.Fatalf("%s: %s, %v", name, got, err)
			}
		}
	})
}
