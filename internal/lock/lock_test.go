package lock

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

func request(dir string) Request {
	return Request{Dir: dir, Waiting: func() {}, Without: func() {}}
}

// Two runs: the second waits, says so after a second and not before, and gets the lock.
func TestWait(t *testing.T) {
	for kind, take := range map[string]func(context.Context, Request) (*Lock, error){"a file": Take, "a directory": Dir} {
		req := request(t.TempDir())
		first, err := take(context.Background(), req)
		if err != nil {
			t.Fatal(err)
		}
		said, begun := time.Duration(0), time.Now()
		req.Waiting = func() { said = time.Since(begun) }
		time.AfterFunc(1500*time.Millisecond, first.Release)
		second, err := take(context.Background(), req)
		if err != nil || said < time.Second || time.Since(begun) < 1500*time.Millisecond {
			t.Errorf("%s: %v, said after %v, had after %v", kind, err, said, time.Since(begun))
		}
		second.Release()
		req.Waiting = func() { t.Errorf("%s: it says that it waits for nobody", kind) }
		third, err := take(context.Background(), req)
		if err != nil {
			t.Fatal(err)
		}
		third.Release()
	}
}

// Ctrl-C ends the wait.
func TestWaitEnds(t *testing.T) {
	for kind, take := range map[string]func(context.Context, Request) (*Lock, error){"a file": Take, "a directory": Dir} {
		req := request(t.TempDir())
		first, err := take(context.Background(), req)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		if _, err := take(ctx, req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v", kind, err)
		}
		cancel()
		first.Release()
	}
}

// A program that was run has the lock as long as it lives, and releases it with us; one that
// does not inherit it has not.
func TestInherited(t *testing.T) {
	req := request(t.TempDir())
	held := func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		l, err := Take(ctx, req)
		if err != nil {
			return true
		}
		l.Release()
		return false
	}
	for _, keeps := range []bool{false, true} {
		l, err := Take(context.Background(), req)
		if err != nil {
			t.Fatal(err)
		}
		if !l.Handle().Inherited() || (Handle{0, l.file.Name()}).Inherited() || (Handle{}).Inherited() || (Handle{9999, l.file.Name()}).Inherited() {
			t.Error("it does not know its file")
		}
		(Handle{0, l.file.Name()}).Keep() // is not ours: stdin stays
		if keeps {
			l.Handle().Keep()
		}
		child := exec.Command("sleep", "60")
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		l.file.Close() // as a tool that is killed
		if held() == keeps {
			t.Errorf("kept from the program: %v; held: %v", keeps, !keeps)
		}
		_ = child.Process.Kill()
		_ = child.Wait()
		if held() {
			t.Error("it is held when the program has ended")
		}
	}
}

// A directory that went away with its lock, while somebody waited, is locked anew.
func TestRemovedMeanwhile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "w")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	first, err := Take(context.Background(), request(dir))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*time.Millisecond, func() {
		os.RemoveAll(dir)
		first.Release()
	})
	second, err := Take(context.Background(), request(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer second.Release()
	if !second.Handle().Inherited() {
		t.Error("the lock is that of a file that is not there")
	}
}

// What is no file, or leads elsewhere, is no lock.
func TestStrangeFiles(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	for kind, plant := range map[string]func(file string) error{
		"a link":      func(file string) error { return os.Symlink(elsewhere, file) },
		"a FIFO":      func(file string) error { return syscall.Mkfifo(file, 0o644) },
		"a directory": func(file string) error { return os.Mkdir(file, 0o755) },
		"a device":    func(file string) error { return os.Symlink("/dev/tty", file) },
	} {
		dir := t.TempDir()
		if err := plant(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if l, err := Take(context.Background(), request(dir)); err == nil {
			t.Errorf("%s is locked", kind)
			l.Release()
		}
	}
	if _, err := os.Stat(elsewhere); err == nil {
		t.Error("a file was made through a link")
	}
}

// Where the file system has no locks, a file of the user's own stands for it, and a
// directory that somebody else has made for that is not used.
func TestWithout(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOLCK, syscall.ENOTSUP, syscall.ENOSYS} {
		if !noLocks(&os.PathError{Op: "lock", Err: errno}) {
			t.Errorf("%v is taken for a lock that is held or broken", errno)
		}
	}
	if noLocks(nil) || noLocks(syscall.EIO) || noLocks(syscall.EACCES) {
		t.Error("another error is taken for a file system without locks")
	}
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	dir := filepath.Join(tmp, "opam-cargo-locks-"+strconv.Itoa(os.Getuid()))
	if err := ownDir(dir); err != nil {
		t.Error(err)
	}
	if err := ownDir(dir); err != nil {
		t.Error(err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), dir); err != nil {
		t.Fatal(err)
	}
	if ownDir(dir) == nil {
		t.Error("a link is taken for the user's directory")
	}
}
