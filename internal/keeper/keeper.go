// Package keeper runs a program that must not outlive the tool: cargo, and with it the
// compilers and build scripts. [Command] is such a run. Between the tool and the program is
// one more process, the tool itself under another name, which holds a pipe from it: when
// the pipe closes, because the run is cancelled or the tool is gone, killed without a word,
// it ends the program with all its process group. The signal that a system sends at a
// parent's death would not do: it is the parent thread's, and reaches no grandchild.
package keeper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/opam-cargo/opam-cargo/internal/lock"
)

// name is what the process in between is called.
const name = "opam-cargo-keeper"

// init makes every program that can run a keeper into one: the tool, and tests.
func init() {
	if len(os.Args) > 0 && os.Args[0] == name {
		os.Exit(keep(os.Args[1:]))
	}
}

// Cmd is a command that ends with the tool.
type Cmd struct {
	*exec.Cmd
	ours, its *os.File // the ends of the pipe
}

// Options are how a program is run.
type Options struct {
	Umask bool        // 022, the same for every user
	Lock  lock.Handle // that the program inherits; what leaves its process group with it is ended too
}

// grace is how long a program has to end by itself.
const grace = 3 * time.Second

// Command prepares a run of program. ctx ends it.
func Command(ctx context.Context, o Options, program string, args ...string) (*Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	its, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	// It keeps its number, since those after 2 may be make's: a jobserver. Another program that
	// inherits this end as well does no harm.
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, its.Fd(), syscall.F_SETFD, 0); errno != 0 {
		return nil, errno
	}
	c := &Cmd{ours: ours, its: its}
	c.Cmd = exec.CommandContext(ctx, self)
	c.Args = append([]string{name, strconv.Itoa(int(its.Fd())), strconv.FormatBool(o.Umask), strconv.Itoa(o.Lock.Fd), o.Lock.File, program}, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // signals of a terminal, or of whoever ends our group, are ours to pass on
	c.Cancel = c.ours.Close
	c.WaitDelay = 10 * time.Second
	return c, nil
}

// Start is that of [exec.Cmd].
func (c *Cmd) Start() error {
	err := c.Cmd.Start()
	c.its.Close()
	if err != nil {
		c.ours.Close()
	}
	return err
}

// Wait is that of [exec.Cmd].
func (c *Cmd) Wait() error {
	defer c.ours.Close()
	return c.Cmd.Wait()
}

// Run is that of [exec.Cmd].
func (c *Cmd) Run() error {
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

// keep is the process in between: it runs the program, and ends what the program has begun
// when it has ended, or when the tool is no more.
func keep(args []string) int {
	if len(args) < 5 {
		fmt.Fprintf(os.Stderr, "%s: error: this is for opam-cargo to call\n", name)
		return 70
	}
	runtime.LockOSThread() // whose death would be taken for ours
	pipe, _ := strconv.Atoi(args[0])
	syscall.CloseOnExec(pipe)
	if args[1] == "true" {
		syscall.Umask(0o022)
	}
	held := lock.Handle{File: args[3]}
	held.Fd, _ = strconv.Atoi(args[2])
	over := make(chan os.Signal, 1)
	signal.Notify(over, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	adopt()

	cmd := exec.Command(args[4], args[5:]...) //nolint:gosec // to run what the tool says is what this is for
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithParent(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: error: %v\n", name, err)
		return 127
	}
	group := -cmd.Process.Pid
	go func() {
		gone := make(chan struct{})
		go func() {
			_, _ = io.Copy(io.Discard, os.NewFile(uintptr(pipe), "the tool"))
			close(gone)
		}()
		select {
		case <-gone:
		case <-over:
		}
		_ = syscall.Kill(group, syscall.SIGINT)
		time.Sleep(grace)
		_ = syscall.Kill(group, syscall.SIGKILL)
	}()
	err := cmd.Wait()
	_ = syscall.Kill(group, syscall.SIGKILL) // what it left
	endAdopted(held)
	return exitCode(err)
}

// exitCode is that of a program; who ended by a signal ends us by it.
func exitCode(err error) int {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		if err != nil {
			return 70
		}
		return 0
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return exit.ExitCode()
	}
	if s := status.Signal(); s == syscall.SIGINT || s == syscall.SIGTERM || s == syscall.SIGKILL {
		signal.Reset(s)
		_ = syscall.Kill(os.Getpid(), s)
		time.Sleep(time.Second)
	}
	return 128 + int(status.Signal())
}
