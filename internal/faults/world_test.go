package faults

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"
)

// operation is a command, with what must have run before it and what it makes.
type operation struct {
	name   string
	before [][]string
	args   []string
	places []string // of its result, relative to the world
	whole  []string // those that are, at every moment, all as before or all as after
}

func operations() []operation {
	install := func(dir string) []string { return []string{"install", "--package", "foo", "--prefix", "prefix", dir} }
	build := []string{"build", "--root", "pack", "--prefix", "prefix"}
	lock := []string{"lock", "--root", "pack", "--prefix", "prefix"}
	tree := []string{"prefix/rust-bindings/foo"}
	below := func(dir string, names ...string) []string {
		var places []string
		for _, name := range names {
			places = append(places, dir+"/"+name)
		}
		return places
	}
	outputs := below("pack/rust-bindings", "librust_bindings.a", "c_libs.sexp", "link_flags.sexp", "rust-bindings.json")
	return []operation{
		{name: "install", args: install("foo"), places: []string{"prefix"}, whole: tree},
		{name: "install-anew", before: [][]string{install("old")}, args: install("foo"), places: []string{"prefix"}, whole: tree},
		{name: "synth", before: [][]string{install("foo")}, args: []string{"synth", "--root", "pack", "--prefix", "prefix"},
			places: append(below("pack/_build/.opam-cargo", "Cargo.toml", "Cargo.lock", "bindings", "crates", "plan.json"), "prefix"), whole: tree},
		{name: "build", before: [][]string{install("foo")}, args: build, places: []string{"prefix", "pack/rust-bindings"}, whole: append(outputs, tree...)},
		{name: "build-anew", before: [][]string{install("old"), build, install("foo")}, args: build, places: []string{"prefix", "pack/rust-bindings"}, whole: append(outputs, tree...)},
		{name: "lock", before: [][]string{install("foo")}, args: lock, places: []string{"prefix", "pack/rust-bindings"}, whole: below("pack/rust-bindings", "Cargo.lock")},
		{name: "fetch", args: []string{"fetch", "--root", "own"}, places: []string{"own/own.opam", "own/rust"}, whole: below("own", "rust/.opam-cargo/crates/log-0.4.20.crate", "rust/Cargo.lock", "rust/src", "own.opam")},
	}
}

// world is a directory in which an operation runs.
type world struct{ dir, tool, cargo, cargoHome string }

// newWorld writes a binding with a registry crate, that binding as it was once, a
// program that uses it, and a binding project that carries its own crates.
func newWorld(t *testing.T, tool string) world {
	t.Helper()
	crates, err := filepath.Abs("../../_test/cargo")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(crates, "registry", "cache")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the tests' crates are not there: run make test-crates (%v)", err)
		}
		t.Skipf("SKIPPED: the tests' crates are not there: run make test-crates (%v)", err)
	}
	w := world{dir: t.TempDir(), tool: tool, cargo: filepath.Join(toolchain(t), "cargo"), cargoHome: crates}
	manifest := "[package]\nname = \"foo-ffi\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"staticlib\"]\n[dependencies]\nlog = \"0.4\"\n"
	code := "#[no_mangle] pub extern \"C\" fn foo(_: i64) -> i64 { log::max_level() as i64 }\n"
	write(t, w.dir, map[string]string{
		"foo/Cargo.toml": manifest, "foo/Cargo.lock": lock, "foo/src/lib.rs": code, "foo/data/a": strings.Repeat("a", 5000), "foo/data/b": strings.Repeat("b", 50000),
		"old/Cargo.toml": manifest, "old/Cargo.lock": lock, "old/src/lib.rs": "mod gone;\n" + code, "old/src/gone.rs": "", "old/data/a": "a",
		"prefix/.opam-switch/packages/foo.1/opam": "opam-version: \"2.0\"\n",
		"pack/pack.opam":      "opam-version: \"2.0\"\ndepends: [ \"foo\" ]\n",
		"own/own.opam":        "opam-version: \"2.0\"\ninstall: [ [\"opam-cargo\" \"install\"] ]\n",
		"own/rust/Cargo.toml": manifest, "own/rust/Cargo.lock": lock, "own/rust/src/lib.rs": code, "tmp/.keep": "",
	})
	return w
}

// toolchain is the directory of the real cargo and rustc. A rustup proxy that cannot read
// its settings for once writes new ones, into the home of whoever runs the tests.
func toolchain(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("rustc", "--print", "sysroot").Output()
	if err != nil {
		t.Fatalf("the tests need rustc: run make setup (%v)", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "bin")
}

const lock = `version = 3

[[package]]
name = "foo-ffi"
version = "0.1.0"
dependencies = [
 "log",
]

[[package]]
name = "log"
version = "0.4.20"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "b5e6163cb8c49088c2c36f57875e58ccd8c87c7427f7fbd50ea6710b2f3f2e8f"
`

// write makes files, by their slash-separated names below dir.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// build compiles the tool as a release is.
func build(t *testing.T) string {
	t.Helper()
	tool := filepath.Join(t.TempDir(), "opam-cargo")
	cmd := exec.Command("go", "build", "-o", tool, "../..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return tool
}

func (w world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(w.tool, args...)
	w.place(cmd)
	return cmd
}

func (w world) place(cmd *exec.Cmd) {
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "OPAM_CARGO_CARGO="+w.cargo, "CARGO_HOME="+w.cargoHome, "OPAM_SWITCH_PREFIX=", "TMPDIR="+filepath.Join(w.dir, "tmp"), "CARGO_NET_OFFLINE=true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// run runs the tool, which must succeed.
func (w world) run(t *testing.T, args ...string) {
	t.Helper()
	if out, err := w.command(args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// snapshot lists the places with the content of their files.
func (w world) snapshot(t *testing.T, places ...string) string {
	t.Helper()
	var lines []string
	for _, place := range places {
		err := filepath.WalkDir(filepath.Join(w.dir, filepath.FromSlash(place)), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(w.dir, file)
			if err != nil {
				return err
			}
			content, err := os.ReadFile(file)
			lines = append(lines, fmt.Sprintf("%s %x", rel, sha256.Sum256(bytes.ReplaceAll(content, []byte(w.dir), []byte("WORLD")))))
			return err
		})
		switch {
		case errors.Is(err, fs.ErrNotExist):
			lines = append(lines, place+" is not there")
		case err != nil:
			t.Fatal(err)
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// names lists the world's files and directories but for those in the directory for
// temporary files and in the program's _build/.opam-cargo.
func (w world) names(t *testing.T) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(w.dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(w.dir, file)
		if rel == "tmp" || rel == filepath.FromSlash("pack/_build/.opam-cargo") {
			return filepath.SkipDir
		}
		names = append(names, rel)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}
