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
// are tried: OPAM_CARGO_FAULTS. Where that is not set, sample is true: few failing calls
// of each operation are tried.
func points(t *testing.T) (n int, sample bool) {
	t.Helper()
	text := os.Getenv("OPAM_CARGO_FAULTS")
	if text == "" {
		return 3, true
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

// fault runs the operation under disturb, which tells how that ended and what was said,
// and then once more undisturbed.
func (c clean) fault(t *testing.T, fault string, disturb func(world) (said []byte, err error)) {
	t.Helper()
	w := c.ready(t, c.tool)
	before := c.wholes(t, w)
	said, err := disturb(w)
	if c.name == "lock" && strings.HasSuffix(fault, " of statx") && bytes.Contains(said, []byte("crate log 0.4.20 -> ")) {
		t.Logf("%s: cargo took its lock, whose stat failed, for absent; the user is told what moved, and it stays so", fault)
		c.result, c.after = w.snapshot(t, c.places...), c.wholes(t, w)
	}
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

// TestKill kills the tool, and what it started, with SIGKILL at points spread over the
// time that a clean run takes.
func TestKill(t *testing.T) {
	tool := build(t)
	n, _ := points(t)
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			c := op.clean(t, tool)
			for i := 1; i <= n; i++ {
				at := c.took * time.Duration(i) / time.Duration(n+1)
				c.fault(t, fmt.Sprintf("killed after %v", at), func(w world) ([]byte, error) {
					cmd := w.command(op.args...)
					if err := cmd.Start(); err != nil {
						t.Fatal(err)
					}
					time.Sleep(at)
					_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
					killChildren(w.dir)
					return nil, cmd.Wait()
				})
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

// calls are those that strace lets fail; with a question mark where not each
// architecture has the call.
const calls = "openat,read,pread64,write,getdents64,newfstatat,statx,readlinkat,?rename,renameat,?renameat2,?mkdir,mkdirat,?unlink,unlinkat,linkat,symlinkat,?chmod,fchmod,fchmodat,utimensat,ftruncate,copy_file_range,fsync,flock"

// failure is what strace does at the at-th system call of a kind in each thread.
type failure struct {
	call   string
	inject string
	at     int
}

func (f failure) String() string { return fmt.Sprintf("%s at call %d of %s", f.inject, f.at, f.call) }

// renaming are the calls before which the tool is killed too: there a file or directory
// comes, goes, or takes another's place.
var renaming = regexp.MustCompile("^(rename|unlink|mkdir|link)")

// failures are at most n for each call that strace -c counted, close together at first.
func failures(text string, n int) []failure {
	var list []failure
	for _, m := range counted.FindAllStringSubmatch(text, -1) {
		total, err := strconv.Atoi(m[1])
		if err != nil || m[2] == "total" {
			continue
		}
		for i, at := 0, 1; i < n && at <= total; i, at = i+1, at+1+at/4 {
			list = append(list, failure{m[2], []string{"error=EIO", "error=ENOSPC"}[at%2], at})
			if renaming.MatchString(m[2]) {
				list = append(list, failure{m[2], "signal=SIGKILL", at})
			}
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].call < list[j].call }) // strace sorts by time
	return list
}

// few are the first, the middle and the last failure, and the kills where something takes
// another's place.
func few(list []failure) []failure {
	chosen := []failure{list[0], list[len(list)/2], list[len(list)-1]}
	for _, f := range list {
		if strings.HasPrefix(f.call, "rename") && f.inject == "signal=SIGKILL" {
			chosen = append(chosen, f)
		}
	}
	return chosen
}

// counted is a line of strace -c: calls, errors if any, and the call's name.
var counted = regexp.MustCompile(`(?m)^\s*[0-9.]+\s+[0-9.]+\s+[0-9]+\s+([0-9]+)\s+(?:[0-9]+\s+)?([a-z0-9_]+)$`)

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
			w := op.ready(t, tool)
			counts := filepath.Join(w.dir, "tmp", "counts")
			if out, err := w.strace(op, "-c", "-o", counts, "-e", "trace="+calls).CombinedOutput(); err != nil {
				t.Fatalf("strace: %v\n%s", err, out)
			}
			text, err := os.ReadFile(counts)
			if err != nil {
				t.Fatal(err)
			}
			list := failures(string(text), n)
			if len(list) < 3 {
				t.Fatalf("strace counted few calls:\n%s", text)
			}
			if sample {
				list = few(list)
			}
			for _, f := range list {
				c.failing(t, f)
			}
			t.Logf("%d failing calls", len(list))
		})
	}
}

func (w world) strace(op operation, args ...string) *exec.Cmd {
	cmd := exec.Command("strace", append(append(append([]string{"-f"}, args...), w.tool), op.args...)...)
	w.place(cmd)
	return cmd
}

func (c clean) failing(t *testing.T, f failure) {
	t.Helper()
	c.fault(t, f.String(), func(w world) ([]byte, error) {
		out, err := w.strace(c.operation, "-o", "/dev/null", "-e", "trace="+f.call, "-e", fmt.Sprintf("inject=%s:%s:when=%d", f.call, f.inject, f.at)).CombinedOutput()
		killChildren(w.dir)
		var exit *exec.ExitError
		// The call may be one of Go's runtime to itself, which cannot fail in earnest, and
		// ends it at once: as good as a kill.
		killed := f.inject == "signal=SIGKILL" || bytes.Contains(out, []byte("netpollBreak write failed"))
		if errors.As(err, &exit) && !killed && (exit.ExitCode() < 0 || exit.ExitCode() == 70 || exit.ExitCode() == 2) {
			t.Errorf("%v: exit code %d\n%s", f, exit.ExitCode(), out)
		}
		return out, err
	})
}
