// Package faults kills the tool at many points, and lets the system's calls fail, and
// then runs it again: the result must be that of a clean run, what others look at was
// never half there, and nothing may be left outside of the tool's places.
package faults

import (
	"bytes"
	"errors"
	"fmt"
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

// points is how many kills of each operation, and failures of each of its system calls,
// are tried: OPAM_CARGO_FAULTS. Where that is not set, sample is true: what [sampled] and
// [milestones] name is tried.
func points(t *testing.T) (n int, sample bool) {
	t.Helper()
	text := os.Getenv("OPAM_CARGO_FAULTS")
	if text == "" {
		return 0, true
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n, false
}

// clean is what an operation leaves when nothing disturbs it.
type clean struct {
	operation
	tool          string
	result, names string
	after         map[string]string // each whole place
	took          time.Duration
}

func (op operation) clean(t *testing.T, tool string) clean {
	t.Helper()
	w := op.ready(t, tool)
	start := time.Now()
	w.run(t, op.args...)
	took := time.Since(start)
	return clean{operation: op, tool: tool, result: w.snapshot(t, op.places...), names: w.names(t), after: op.wholes(t, w), took: took}
}

// ready is a world in which the operation can run.
func (op operation) ready(t *testing.T, tool string) world {
	t.Helper()
	w := newWorld(t, tool)
	for _, args := range op.before {
		w.run(t, args...)
	}
	return w
}

func (op operation) wholes(t *testing.T, w world) map[string]string {
	t.Helper()
	wholes := map[string]string{}
	for _, place := range op.whole {
		wholes[place] = w.snapshot(t, place)
	}
	return wholes
}

// fault runs the operation under disturb, which tells how that ended, and then once more
// undisturbed.
func (c clean) fault(t *testing.T, fault string, disturb func(world) error) {
	t.Helper()
	w := c.ready(t, c.tool)
	before := c.wholes(t, w)
	err := disturb(w)
	for place, got := range c.wholes(t, w) {
		if got != before[place] && got != c.after[place] {
			t.Errorf("%s: %s is neither as before nor as after, but\n%s", fault, place, got)
		}
	}
	if got := w.snapshot(t, c.places...); err == nil && got != c.result {
		t.Errorf("%s was passed over: got\n%s\nwant\n%s", fault, got, c.result)
	}
	if out, err := w.command(c.args...).CombinedOutput(); err != nil {
		t.Errorf("%s, then again: %v\n%s", fault, err, out)
		return
	}
	if got := w.snapshot(t, c.places...); got != c.result {
		t.Errorf("%s, then again: got\n%s\nwant\n%s", fault, got, c.result)
	}
	if got := w.names(t); got != c.names {
		t.Errorf("%s, then again: there are\n%s\nwant\n%s", fault, got, c.names)
	}
}

// TestKill kills the tool, and what it started, with SIGKILL: when something appears that
// [milestones] names, or at points spread over the time that a clean run takes.
func TestKill(t *testing.T) {
	tool := build(t)
	n, sample := points(t)
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			c := op.clean(t, tool)
			for _, pattern := range milestones[op.name] {
				if sample {
					c.killed(t, "when there is "+pattern, func(w world) { appears(w, pattern, c.took) })
				}
			}
			for i := 1; i <= n && !sample; i++ {
				at := c.took * time.Duration(i) / time.Duration(n+1)
				c.killed(t, fmt.Sprintf("after %v", at), func(world) { time.Sleep(at) })
			}
		})
	}
}

func (c clean) killed(t *testing.T, when string, wait func(world)) {
	t.Helper()
	c.fault(t, "killed "+when, func(w world) error {
		cmd := w.command(c.args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wait(w)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
		killChildren(w.dir)
		return cmd.Wait()
	})
}

// appears waits until there is a file of that pattern, or until a run that took so long
// has long ended.
func appears(w world, pattern string, took time.Duration) {
	for end := time.Now().Add(10*took + 10*time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if found, err := filepath.Glob(filepath.Join(w.dir, filepath.FromSlash(pattern))); err != nil || len(found) > 0 {
			return
		}
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

// calls are those that strace lets fail; with a question mark where not each
// architecture has the call.
const calls = "openat,read,pread64,write,getdents64,newfstatat,statx,readlinkat,?rename,renameat,?renameat2,?mkdir,mkdirat,?unlink,unlinkat,linkat,symlinkat,?chmod,fchmod,fchmodat,utimensat,ftruncate,copy_file_range,fsync,flock"

// failure is what strace does at the at-th system call of a kind in each thread; where a
// file is named, at each call on that: strace counts only those.
type failure struct {
	call   string
	inject string
	file   string
	at     int
}

func (f failure) String() string {
	if f.file != "" {
		return fmt.Sprintf("%s at %s of %s", f.inject, f.call, f.file)
	}
	return fmt.Sprintf("%s at call %d of %s", f.inject, f.at, f.call)
}

// where are the options by which strace makes the failure in w.
func (f failure) where(w world) []string {
	if f.file == "" {
		return []string{"-e", fmt.Sprintf("inject=%s:%s:when=%d", f.call, f.inject, f.at)}
	}
	return []string{"-P", filepath.Join(w.dir, filepath.FromSlash(f.file)), "-e", fmt.Sprintf("inject=%s:%s", f.call, f.inject)}
}

// renaming are the calls before which the tool is killed too: there a file or directory
// comes, goes, or takes another's place.
var renaming = regexp.MustCompile("^(rename|unlink|mkdir|link)")

// failures are at most n for each call that strace -c counted, close together at first.
func failures(text string, n int) []failure {
	var list []failure
	for _, m := range total.FindAllStringSubmatch(text, -1) {
		calls, err := strconv.Atoi(m[1])
		if err != nil || m[2] == "total" {
			continue
		}
		for i, at := 0, 1; i < n && at <= calls; i, at = i+1, at+1+at/4 {
			list = append(list, failure{call: m[2], inject: []string{"error=EIO", "error=ENOSPC"}[at%2], at: at})
			if renaming.MatchString(m[2]) {
				list = append(list, failure{call: m[2], inject: "signal=SIGKILL", at: at})
			}
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].call < list[j].call }) // strace sorts by time
	return list
}

// counted are the failures at n calls of each kind that the operation makes.
func counted(t *testing.T, op operation, tool string, n int) []failure {
	t.Helper()
	w := op.ready(t, tool)
	counts := filepath.Join(w.dir, "tmp", "counts")
	if out, err := w.strace(op, "-c", "-o", counts, "-e", "trace="+calls).CombinedOutput(); err != nil {
		t.Fatalf("strace: %v\n%s", err, out)
	}
	text, err := os.ReadFile(counts)
	if err != nil {
		t.Fatal(err)
	}
	return failures(string(text), n)
}

// total is a line of strace -c: calls, errors if any, and the call's name.
var total = regexp.MustCompile(`(?m)^\s*[0-9.]+\s+[0-9.]+\s+[0-9]+\s+([0-9]+)\s+(?:[0-9]+\s+)?([a-z0-9_]+)$`)

// TestFailingCalls lets one system call of the tool, or of the cargo that it runs, fail
// with EIO or ENOSPC, the n-th of its kind in each thread: it must end with a message and
// an exit code of its table, never as a bug, and with success only if its result is that
// of a clean run. Where names change it is also killed instead of making the call.
func TestFailingCalls(t *testing.T) {
	tool := build(t)
	n, sample := points(t)
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("the test needs strace: run make setup")
	}
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			c := op.clean(t, tool)
			list := sampled[op.name]
			if !sample {
				list = counted(t, op, tool, n)
			}
			if len(list) < 3 {
				t.Fatalf("there are few failures: %v", list)
			}
			for _, f := range list {
				c.failing(t, f)
			}
			t.Logf("%d failing calls", len(list))
		})
	}
}

// struck finds in what strace wrote that it did something.
var struck = regexp.MustCompile(`\(INJECTED\)|killed by SIGKILL`)

func (w world) strace(op operation, args ...string) *exec.Cmd {
	cmd := exec.Command("strace", append(append(append([]string{"-f"}, args...), w.tool), op.args...)...)
	w.place(cmd)
	return cmd
}

func (c clean) failing(t *testing.T, f failure) {
	t.Helper()
	c.fault(t, f.String(), func(w world) error {
		log := filepath.Join(w.dir, "tmp", "strace")
		out, err := w.strace(c.operation, append(f.where(w), "-o", log, "-e", "trace="+f.call)...).CombinedOutput()
		if text, err := os.ReadFile(log); f.file != "" && (err != nil || !struck.Match(text)) {
			t.Errorf("%v: there is no such call any more (%v)", f, err)
		}
		killChildren(w.dir)
		var exit *exec.ExitError
		// The call may be one of Go's runtime to itself, which cannot fail in earnest, and
		// ends it at once: as good as a kill.
		killed := f.inject == "signal=SIGKILL" || bytes.Contains(out, []byte("netpollBreak write failed"))
		if errors.As(err, &exit) && !killed && (exit.ExitCode() < 0 || exit.ExitCode() == 70 || exit.ExitCode() == 2) {
			t.Errorf("%v: exit code %d\n%s", f, exit.ExitCode(), out)
		}
		return err
	})
}
