package source

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// vendored puts a crate into a directory source, with a checksum of one letter.
func vendored(t *testing.T, dir, name, version, letter string) {
	t.Helper()
	at := filepath.Join(dir, name+"-"+version)
	for file, text := range map[string]string{
		"Cargo.toml":           fmt.Sprintf("[package]\nname = %q\nversion = %q\n", name, version),
		".cargo-checksum.json": fmt.Sprintf(`{"files":{},"package":%q}`, strings.Repeat(letter, 64)),
	} {
		if err := tree.WriteIfChanged(filepath.Join(at, file), []byte(text), false); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCandidates(t *testing.T) {
	tree, named, files := t.TempDir(), t.TempDir(), t.TempDir()
	vendored(t, tree, "log", "0.4.20", "a")
	vendored(t, tree, "extra", "1.0.0", "e")
	vendored(t, named, "log", "0.4.20", "b")
	vendored(t, named, "patched", "1.0.0", "b")
	vendored(t, named, "newer", "1.1.0", "b")
	if err := os.WriteFile(filepath.Join(files, "spoilt-1.0.0.crate"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	places := []Place{
		{Dir: files, Kind: CrateFiles, Label: "files"}, {Dir: tree, Kind: Directory, Label: "tree"},
		{Dir: named, Kind: Directory, Label: "named", Named: true}, {Dir: filepath.Join(files, "absent"), Kind: Downloads, Label: "none"},
	}
	p := func(name, version, letter string) lockfile.Package {
		return lockfile.Package{Name: name, Version: version, Source: lockfile.DefaultRegistry, Checksum: strings.Repeat(letter, 64)}
	}
	for _, c := range []struct {
		name                   string
		crates                 [][]lockfile.Package
		locked                 bool
		found, absent, settled string
		says                   string
	}{
		{"the lock's checksum", [][]lockfile.Package{{p("log", "0.4.20", "a")}}, false, "log a tree, extra e tree, newer b named, patched b named", "", "", ""},
		{"of a later place", [][]lockfile.Package{{p("log", "0.4.20", "b")}}, false, "log b named, extra e tree, newer b named, patched b named", "", "", ""},
		{"two checksums, one of which is here", [][]lockfile.Package{{p("extra", "1.0.0", "6"), p("extra", "1.0.0", "e")}}, false,
			"extra e tree, log a tree, newer b named, patched b named", "", "extra e", "has 2 checksums"},
		{"another one, of a place that was named", [][]lockfile.Package{{p("patched", "1.0.0", "9")}}, false,
			"patched b named, extra e tree, log a tree, newer b named", "", "patched b", "stands for 1 crate"},
		{"never with --locked", [][]lockfile.Package{{p("patched", "1.0.0", "9")}}, true, "extra e tree, log a tree, newer b named", "patched-1.0.0", "", ""},
		{"another version", [][]lockfile.Package{{p("newer", "1.2.0", "8")}}, false,
			"extra e tree, log a tree, newer b named, patched b named", "newer-1.2.0 (1.1.0 is here)", "", ""},
		{"another range", [][]lockfile.Package{{p("newer", "2.0.0", "8")}}, false, "extra e tree, log a tree, newer b named, patched b named", "newer-2.0.0", "", ""},
		{"a file with another sum", [][]lockfile.Package{{p("spoilt", "1.0.0", "7")}}, false,
			"extra e tree, log a tree, newer b named, patched b named", "spoilt-1.0.0", "", "the file is not used"},
	} {
		var said bytes.Buffer
		found, err := Find(places, Wanted{Crates: c.crates, Locked: c.locked}, term.New(&said, term.Normal, "never"))
		if err != nil {
			t.Fatal(err)
		}
		var list, absent, settled []string
		for _, f := range found.List {
			list = append(list, f.ID.Name()+" "+f.ID.Checksum()[:1]+" "+f.Place.Label)
		}
		for id, note := range found.Absent {
			absent = append(absent, id+note)
		}
		for _, s := range found.Settled {
			settled = append(settled, s.Name+" "+s.Checksum[:1])
		}
		if got := strings.Join(list, ", "); got != c.found {
			t.Errorf("%s: found %s", c.name, got)
		}
		if got := strings.Join(absent, ", "); got != c.absent {
			t.Errorf("%s: absent are %s", c.name, got)
		}
		if got := strings.Join(settled, ", "); got != c.settled {
			t.Errorf("%s: settled are %s", c.name, got)
		}
		if (c.says == "") != (said.String() == "") || !strings.Contains(said.String(), c.says) {
			t.Errorf("%s: said %s", c.name, &said)
		}
	}
}

func TestLeaveOut(t *testing.T) {
	dir := t.TempDir()
	vendored(t, dir, "log", "0.4.20", "a")
	vendored(t, dir, "edition", "1.0.0", "e")
	found, err := Find([]Place{{Dir: dir, Kind: Directory}}, Wanted{}, term.New(&bytes.Buffer{}, term.Normal, "never"))
	if err != nil {
		t.Fatal(err)
	}
	if !found.LeaveOut("edition-1.0.0") || found.LeaveOut("edition-1.0.0") || len(found.List) != 1 || found.Absent["edition-1.0.0"] != CannotLoad {
		t.Errorf("left are %v, absent %v", found.List, found.Absent)
	}
	lock := &lockfile.Lock{Packages: []lockfile.Package{
		{Name: "log", Version: "0.4.20", Source: lockfile.DefaultRegistry}, {Name: "foo", Version: "1.0.0"},
	}}
	if named := found.Named(lock); len(named) != 1 || named[0].ID.Name() != "log" {
		t.Errorf("named are %v", named)
	}
	lock.Packages[0].Source = "registry+https://example.org/index"
	if named := found.Named(lock); len(named) != 0 {
		t.Errorf("another registry's crate is taken for %v", named)
	}
}
