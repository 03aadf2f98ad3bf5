package lockfile

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func parse(t testing.TB, src string) *Lock {
	t.Helper()
	l, err := Parse("Cargo.lock", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A lock of version 3 that cargo wrote comes out byte for byte.
func TestRoundTrip(t *testing.T) {
	src := read(t, "v3.lock")
	l := parse(t, string(src))
	if l.Version != 3 || len(l.Packages) != 161 {
		t.Fatalf("version %d, %d packages", l.Version, len(l.Packages))
	}
	if got := l.Format(); !bytes.Equal(got, src) {
		t.Errorf("not cargo's layout:\n%s", got)
	}
}

// A lock of version 4 differs in its version line only.
func TestVersion4(t *testing.T) {
	src := read(t, "v4.lock")
	want := strings.Replace(string(src), "version = 4", "version = 3", 1)
	if got := string(parse(t, string(src)).Format()); got != want {
		t.Error("not cargo's layout")
	}
}

// Version 1 has its checksums in [metadata] and its root in a table (T11).
func TestVersion1(t *testing.T) {
	l := parse(t, string(read(t, "v1.lock")))
	if l.Version != 1 || len(l.Packages) != 3 {
		t.Fatalf("got %+v", l)
	}
	if p := l.Packages[0]; p.Name != "helper" || !p.Path() || p.Checksum != "" {
		t.Errorf("helper: %+v", p)
	}
	if p := l.Packages[1]; !p.Registry() || !strings.HasPrefix(p.Checksum, "1aab8fc3") {
		t.Errorf("itoa: %+v", p)
	}
	if p := l.Packages[2]; p.Name != "old" || !p.Path() || len(p.Dependencies) != 1 {
		t.Errorf("root: %+v", p)
	}
}

// What cargo itself writes here and now is read and written unchanged, and what
// is written from it is accepted with --locked.
func TestCargoAccepts(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("Cargo.toml", "[package]\nname = \"top\"\nversion = \"0.1.0\"\nrust-version = \"1.65\"\n[dependencies]\nb = { path = \"b\" }\na = { path = \"a\" }\na2 = { path = \"a2\", package = \"a\" }\n")
	write("src/lib.rs", "")
	for name, pkg := range map[string]string{"a": "name = \"a\"\nversion = \"0.9.0\"", "a2": "name = \"a\"\nversion = \"0.10.0\"", "b": "name = \"b\"\nversion = \"1.0.0-rc.1+meta\""} {
		write(name+"/Cargo.toml", "[package]\n"+pkg+"\n")
		write(name+"/src/lib.rs", "")
	}
	cargo := func(args ...string) {
		t.Helper()
		cmd := exec.Command("cargo", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CARGO_HOME="+filepath.Join(dir, "home"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("cargo %v: %v\n%s", args, err, out)
		}
	}
	cargo("generate-lockfile", "--offline")
	lock := filepath.Join(dir, "Cargo.lock")
	src, err := os.ReadFile(lock)
	if err != nil {
		t.Fatal(err)
	}
	got := parse(t, string(src)).Format()
	if !bytes.Equal(got, src) {
		t.Errorf("cargo wrote\n%s\nwe write\n%s", src, got)
	}
	write("Cargo.lock", string(got))
	cargo("metadata", "--offline", "--locked", "--format-version=1")
}

func TestProblems(t *testing.T) {
	pkg := "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n"
	for name, tt := range map[string]struct {
		src, text string
		line      int
	}{
		"too new":       {"version = 5\n", "lock version 5 is not known", 1},
		"conflict":      {"version = 3\n\n<<<<<<< HEAD\n" + pkg, "merge conflict", 3},
		"twice":         {"version = 3\n" + pkg + pkg, "a 1.0.0 is there twice", 5},
		"toml":          {"version = 3\n[[package]\n", "not a Cargo.lock", 2},
		"wrong type":    {"version = 3\n[[package]]\nname = 4\n", "not a Cargo.lock", 3},
		"no name":       {"version = 3\n" + pkg + "[[package]]\nversion = \"1.0.0\"\n", "no usable package", 5},
		"short version": {"version = 3\n[[package]]\nname = \"a\"\nversion = \"1.0\"\n", "no usable package", 2},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("rust/Cargo.lock", []byte(tt.src))
			p, ok := err.(*problem.Error)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if p.Code != problem.Input || p.File != "rust/Cargo.lock" || p.Line != tt.line || !strings.Contains(p.Text, tt.text) || len(p.Hints) == 0 {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func TestCompatRange(t *testing.T) {
	for version, want := range map[string]string{
		"1.2.3": "1", "0.4.5": "0.4", "0.0.3": "0.0.3", "0.0.0": "0.0.0", "10.0.0": "10",
		"1.0.0-alpha.1": "1", "0.3.0-rc.1+x-y.0": "0.3", "0.0.7+b-1": "0.0.7",
	} {
		if got := CompatRange(version); got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
}

// The order is that of the semver crate: a total one.
func TestCompareVersions(t *testing.T) {
	order := []string{"0.9.0", "0.10.0", "1.0.0-alpha", "1.0.0-alpha.2", "1.0.0-alpha.10", "1.0.0", "1.0.0+0", "1.0.0+00", "1.0.0+1", "1.0.0+1.1", "1.0.0+10", "1.0.0+a", "1.0.0+a.b", "1.0.0+b", "1.0.1"}
	for i, a := range order {
		for j, b := range order {
			if got := CompareVersions(a, b); got != sign(i-j) {
				t.Errorf("%s against %s: %d", a, b, got)
			}
		}
	}
}

// The seed: see docs/facts.md#a-lock-as-a-seed for each rule.
func TestUnite(t *testing.T) {
	const reg = "registry+https://github.com/rust-lang/crates.io-index"
	const git = "git+https://example.org/g?branch=main"
	one := &Lock{Packages: []Package{
		{Name: "top", Version: "0.1.0", Dependencies: []string{"itoa"}},
		{Name: "itoa", Version: "1.0.1", Source: reg, Checksum: "aa"},
		{Name: "d", Version: "0.4.9", Source: reg},
		{Name: "g", Version: "0.1.0", Source: git + "#1111"},
	}}
	two := &Lock{Packages: []Package{
		{Name: "itoa", Version: "1.0.14", Source: reg, Checksum: "bb", Dependencies: []string{"x"}},
		{Name: "d", Version: "0.4.10", Source: reg},
		{Name: "d", Version: "0.5.0", Source: reg},
		{Name: "g", Version: "0.1.0", Source: git + "#2222"},
		{Name: "h", Version: "0.2.0", Source: git + "#2222"},
	}}
	want := []Package{
		{Name: "d", Version: "0.4.10", Source: reg},
		{Name: "d", Version: "0.5.0", Source: reg},
		{Name: "g", Version: "0.1.0", Source: git + "#1111"},
		{Name: "itoa", Version: "1.0.14", Source: reg, Checksum: "bb"},
	}
	if got := Unite(one, two).Packages; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if got := Unite(two, one).Packages; len(got) != 5 || got[2].Source != git+"#2222" {
		t.Errorf("got %v", got)
	}
	if one.Packages[0].Dependencies == nil || two.Packages[0].Dependencies == nil {
		t.Error("the inputs were changed")
	}
}

// Versions 3 and 4 spell a git reference differently; only one that version 3
// cannot spell asks for 4.
func TestGitReference(t *testing.T) {
	entry := func(source string) string {
		return "version = 4\n[[package]]\nname = \"g\"\nversion = \"0.1.0\"\nsource = \"" + source + "\"\n"
	}
	for source, want := range map[string]struct{ source, version string }{
		"git+https://example.org/g?branch=a%2Fb#12": {"git+https://example.org/g?branch=a/b#12", "version = 3\n"},
		"git+https://example.org/g?tag=a%2Bb#12":    {"git+https://example.org/g?tag=a%2Bb#12", "version = 4\n"},
		"git+https://example.org/g#12":              {"git+https://example.org/g#12", "version = 3\n"},
	} {
		l := parse(t, entry(source))
		if got := l.Packages[0]; got.Source != want.source || !got.Git() {
			t.Errorf("%s: %s", source, got.Source)
		}
		if got := string(l.Format()); !strings.Contains(got, want.version) {
			t.Errorf("%s: %s", source, got)
		}
	}
}

// Whatever is parsed is written so that it is read back the same.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"v1.lock", "v3.lock", "v4.lock"} {
		src := read(f, name)
		f.Add(src[:min(len(src), 2000)])
	}
	f.Add([]byte("version = 4\n[[package]]\nname = \"g\"\nversion = \"0.1.0+a.1\"\nsource = \"git+https://example.org/g?tag=a%2Bb#12\"\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		l, err := Parse("Cargo.lock", src)
		if err != nil {
			if _, ok := err.(*problem.Error); !ok {
				t.Fatalf("not a problem: %v", err)
			}
			return
		}
		text := l.Format()
		again, err := Parse("Cargo.lock", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if second := again.Format(); !bytes.Equal(text, second) {
			t.Fatalf("not a fixed point:\n%s\n%s", text, second)
		}
		seed := Unite(l, again)
		if twice := Unite(seed); !reflect.DeepEqual(seed, twice) {
			t.Fatalf("uniting is not idempotent: %v %v", seed, twice)
		}
	})
}

// A git tag with a plus is the same in both spellings, and is written as version 4 has it.
func TestPlusInReference(t *testing.T) {
	lock := func(version, source string) *Lock {
		l, err := Parse("Cargo.lock", []byte("version = "+version+"\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \""+source+"\"\n"))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	const three, four = "git+https://example.org/a?tag=v1+x#0a", "git+https://example.org/a?tag=v1%2Bx#0a"
	for _, l := range []*Lock{lock("3", three), lock("4", four)} {
		if l.Packages[0].Source != four {
			t.Errorf("the source is %s", l.Packages[0].Source)
		}
		if text := string(l.Format()); !strings.Contains(text, "version = 4\n") || !strings.Contains(text, four) {
			t.Errorf("written as\n%s", text)
		}
	}
	if text := string(lock("3", "git+https://example.org/a?branch=a/b#0a").Format()); !strings.Contains(text, "version = 3\n") {
		t.Errorf("without a plus:\n%s", text)
	}
}
