// Package faults kills the tool at many points, and lets the system's calls fail, and
// then runs it again: the result must be that of a clean run, and nothing may be left
// outside of its places.
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
	"regexp"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// operation is a command with the places that it may change.
type operation struct {
	name   string
	args   []string
	before []string // a command that must have run before
	places []string // of the result, relative to the world; compared with a clean run
}

func operations() []operation {
	return []operation{
		{name: "install", args: []string{"install", "--package", "foo", "--prefix", "prefix", "foo"}, places: []string{"prefix"}},
		{name: "synth", args: []string{"synth", "--root", "pack", "--prefix", "prefix"}, before: []string{"install", "--package", "foo", "--prefix", "prefix", "foo"},
			places: []string{"prefix", "pack/_build/.opam-cargo/Cargo.toml", "pack/_build/.opam-cargo/Cargo.lock", "pack/_build/.opam-cargo/bindings", "pack/_build/.opam-cargo/crates", "pack/_build/.opam-cargo/plan.json"}},
		{name: "build", args: []string{"build", "--root", "pack", "--prefix", "prefix"}, before: []string{"install", "--package", "foo", "--prefix", "prefix", "foo"},
			places: []string{"prefix", "pack/rust-bindings"}},
		{name: "lock", args: []string{"lock", "--root", "pack", "--prefix", "prefix"}, before: []string{"install", "--package", "foo", "--prefix", "prefix", "foo"},
			places: []string{"prefix", "pack/rust-bindings"}},
		{name: "fetch", args: []string{"fetch", "--root", "own"}, places: []string{"own"}},
	}
}

// world is a directory in which an operation runs.
type world struct{ dir, tool, cargoHome string }

func (w world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(w.tool, args...)
	w.place(cmd)
	return cmd
}

func (w world) place(cmd *exec.Cmd) {
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "CARGO_HOME="+w.cargoHome, "OPAM_SWITCH_PREFIX=", "TMPDIR="+filepath.Join(w.dir, "tmp"), "CARGO_NET_OFFLINE=true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
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

// newWorld writes a binding with a registry crate, a program that uses it, and a binding
// project that carries its own crates.
func newWorld(t *testing.T, tool string) world {
	t.Helper()
	crates, err := filepath.Abs("../../_test/cargo")
	if err != nil {
		t.Fatal(err)
	}
	w := world{dir: t.TempDir(), tool: tool, cargoHome: crates}
	manifest := "[package]\nname = \"foo-ffi\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"staticlib\"]\n[dependencies]\nlog = \"0.4\"\n"
	code := "#[no_mangle] pub extern \"C\" fn foo(_: i64) -> i64 { log::max_level() as i64 }\n"
	write(t, w.dir, map[string]string{
		"foo/Cargo.toml": manifest, "foo/Cargo.lock": lock, "foo/src/lib.rs": code, "foo/data/a": strings.Repeat("a", 5000), "foo/data/b": strings.Repeat("b", 50000),
		"prefix/.opam-switch/packages/foo.1/opam": "opam-version: \"2.0\"\n",
		"pack/pack.opam":      "opam-version: \"2.0\"\ndepends: [ \"foo\" ]\n",
		"own/own.opam":        "opam-version: \"2.0\"\ninstall: [ [\"opam-cargo\" \"install\"] ]\n",
		"own/rust/Cargo.toml": manifest, "own/rust/Cargo.lock": lock, "own/rust/src/lib.rs": code, "tmp/.keep": "",
	})
	return w
}

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

// snapshot lists the places with the content of their files.
func (w world) snapshot(t *testing.T, places []string) string {
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
		if err != nil {
			lines = append(lines, place+": "+strings.ReplaceAll(err.Error(), w.dir, "WORLD"))
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// outside lists what is in the world beside the places that an operation may use.
func (w world) outside(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func build(t *testing.T) string {
	t.Helper()
	tool := filepath.Join(t.TempDir(), "opam-cargo")
	if out, err := exec.Command("go", "build", "-o", tool, "../..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return tool
}

// points is how many faults of each kind and operation are tried: OPAM_CARGO_FAULTS, or
// three.
func points(t *testing.T) int {
	t.Helper()
	text := os.Getenv("OPAM_CARGO_FAULTS")
	if text == "" {
		return 3
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// clean runs an operation undisturbed, and tells its result and how long it took.
func (op operation) clean(t *testing.T, tool string) (string, time.Duration) {
	t.Helper()
	w := op.ready(t, tool)
	start := time.Now()
	if out, err := w.command(op.args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return w.snapshot(t, op.places), time.Since(start)
}

func (op operation) ready(t *testing.T, tool string) world {
	t.Helper()
	w := newWorld(t, tool)
	if op.before != nil {
		if out, err := w.command(op.before...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return w
}

// again runs an operation after a fault and compares its result with that of a clean run.
func (op operation) again(t *testing.T, w world, want, fault string) {
	t.Helper()
	before := w.outside(t)
	if out, err := w.command(op.args...).CombinedOutput(); err != nil {
		t.Errorf("%s, then again: %v\n%s", fault, err, out)
		return
	}
	if got := w.snapshot(t, op.places); got != want {
		t.Errorf("%s, then again: got\n%s\nwant\n%s", fault, got, want)
	}
	if after := w.outside(t); after != before {
		t.Errorf("%s: left outside of its places: %s", fault, after)
	}
}

// TestKill kills the tool, and what it started, with SIGKILL at points spread over the
// time that a clean run takes.
func TestKill(t *testing.T) {
	tool, n := build(t), points(t)
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			want, took := op.clean(t, tool)
			for i := 1; i <= n; i++ {
				w := op.ready(t, tool)
				cmd := w.command(op.args...)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				at := took * time.Duration(i) / time.Duration(n+1)
				time.Sleep(at)
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
				killChildren(w.dir)
				_ = cmd.Wait()
				op.again(t, w, want, fmt.Sprintf("killed after %v", at))
			}
		})
	}
}

// killChildren kills the processes that still work in the world: cargo has a process
// group of its own, which SIGKILL of ours does not reach.
func killChildren(dir string) {
	out, _ := exec.Command("pgrep", "-f", dir).Output() // none is no fault
	for _, pid := range strings.Fields(string(out)) {
		if n, err := strconv.Atoi(pid); err == nil && n != os.Getpid() {
			_ = syscall.Kill(n, syscall.SIGKILL)
		}
	}
}

var calls = regexp.MustCompile(`(?m)^\s*[0-9.]+\s+[0-9.]+\s+[0-9]+\s+([0-9]+)\s+(?:[0-9]+\s+)?([a-z0-9_]+)$`)

// TestFailingCalls lets one system call of the tool, or of the cargo that it runs, fail
// with EIO or ENOSPC, the n-th of its kind in each thread: it must end with a message and
// an exit code of its table, never as a bug.
func TestFailingCalls(t *testing.T) {
	tool, n := build(t), points(t)
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("the test needs strace: run make setup")
	}
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			want, _ := op.clean(t, tool)
			w := op.ready(t, tool)
			counts := filepath.Join(w.dir, "tmp", "counts")
			cmd := exec.Command("strace", append([]string{"-f", "-c", "-o", counts, "-e", "trace=openat,write,renameat,mkdirat,unlinkat,fchmodat,utimensat", tool}, op.args...)...)
			w.place(cmd)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("strace: %v\n%s", err, out)
			}
			text, err := os.ReadFile(counts)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range calls.FindAllStringSubmatch(string(text), -1) {
				total, err := strconv.Atoi(m[1])
				if err != nil || m[2] == "total" {
					continue
				}
				for i, at := 0, 1; i < n && at <= total; i, at = i+1, at+1+at/4 { // close together at first
					op.failing(t, tool, want, m[2], at)
				}
			}
		})
	}
}

func (op operation) failing(t *testing.T, tool, want, call string, at int) {
	t.Helper()
	errno := []string{"EIO", "ENOSPC"}[at%2]
	w := op.ready(t, tool)
	fault := fmt.Sprintf("%s of call %d of %s", errno, at, call)
	cmd := exec.Command("strace", append([]string{"-f", "-o", "/dev/null", "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:error=%s:when=%d", call, errno, at), tool}, op.args...)...)
	w.place(cmd)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	// The write may be one of Go's runtime to itself, which cannot fail in earnest, and
	// ends it at once: as good as a kill.
	own := bytes.Contains(out, []byte("netpollBreak write failed"))
	if errors.As(err, &exit) && !own && (exit.ExitCode() < 0 || exit.ExitCode() == 70 || exit.ExitCode() == 2) {
		t.Errorf("%s: exit code %d\n%s", fault, exit.ExitCode(), out)
	}
	op.again(t, w, want, fault)
}
