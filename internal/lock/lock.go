// Package lock keeps other runs of the tool out of a directory: [Take] for W, before the
// first step of the pipeline, and [Dir] for a prefix that is installed into. The lock on W
// is inherited by every program that is run, so that it is held as long as a compiler
// lives, also where the tool itself was killed; [Inherited] takes it from a program that
// outlives the build. It removes nothing, and knows nothing of what is locked.
package lock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Lock is a lock that this process holds.
type Lock struct{ file *os.File }

// Request says which lock is meant, and who is told what.
type Request struct {
	Dir     string
	Waiting func() // is called once, when another run has held the lock for a second
	Without func() // is called where the file system has no locks
}

// name is that of the file that is locked.
const name = ".lock"

// Take locks a directory by a file in it, and waits for whoever has it. Where the file
// system has no locks, a file of this machine's directory for temporary files stands for it.
func Take(ctx context.Context, req Request) (*Lock, error) {
	l, err := take(ctx, filepath.Join(req.Dir, name), req.Waiting)
	if !noLocks(err) {
		return l, err
	}
	req.Without()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("opam-cargo-locks-%d", os.Getuid()))
	if err := ownDir(dir); err != nil {
		return nil, err
	}
	return take(ctx, filepath.Join(dir, tree.BytesSum([]byte(req.Dir))[:32]), req.Waiting)
}

// Dir locks a directory itself, so that no file is left in it. Where that cannot be, there
// is no lock, and whoever writes there says why; the error is only that of a wait that was
// ended.
func Dir(ctx context.Context, req Request) (*Lock, error) {
	f, err := os.Open(req.Dir)
	if err != nil {
		return &Lock{}, nil //nolint:nilerr // see above
	}
	if err := wait(ctx, f, req.Waiting); err != nil {
		f.Close()
		return &Lock{}, ctx.Err()
	}
	return &Lock{f}, nil
}

// Release gives the lock up, whoever has inherited it.
func (l *Lock) Release() {
	if l.file != nil {
		_ = syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN)
		l.file.Close()
	}
}

// Handle says where the programs that are run find the lock.
func (l *Lock) Handle() Handle { return Handle{int(l.file.Fd()), l.file.Name()} }

// Handle is a lock as a program has inherited it.
type Handle struct {
	Fd   int    `json:"fd"`
	File string `json:"file"`
}

// Inherited tells whether this process, or another one by its directory in /proc, has the
// lock: its number may be that of another file.
func (h Handle) Inherited() bool {
	if h.File == "" {
		return false
	}
	var mine, theirs syscall.Stat_t
	return syscall.Fstat(h.Fd, &mine) == nil && syscall.Stat(h.File, &theirs) == nil && mine.Ino == theirs.Ino && mine.Dev == theirs.Dev
}

// Keep leaves the lock to this process alone: what it runs does not inherit it.
func (h Handle) Keep() {
	if h.Inherited() {
		syscall.CloseOnExec(h.Fd)
	}
}

func take(ctx context.Context, file string, waiting func()) (*Lock, error) {
	for {
		f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o644)
		if err != nil {
			return nil, err
		}
		if err := wait(ctx, f, waiting); err != nil {
			f.Close()
			return nil, err
		}
		// Whoever had it may have removed the file, with all of the directory.
		locked, err := f.Stat()
		if err == nil && !locked.Mode().IsRegular() {
			err = errors.New("it is not a file")
		}
		if err != nil {
			f.Close()
			return nil, &fs.PathError{Op: "lock", Path: file, Err: err}
		}
		if now, err := os.Lstat(file); err != nil || !os.SameFile(locked, now) {
			f.Close()
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return nil, err
			}
			continue
		}
		if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_SETFD, 0); errno != 0 { // it is inherited
			f.Close()
			return nil, errno
		}
		return &Lock{f}, nil
	}
}

func wait(ctx context.Context, f *os.File, waiting func()) error {
	said := time.Now().Add(time.Second)
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
		if waiting != nil && time.Now().After(said) {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// noLocks tells whether an error is that of a file system without locks.
func noLocks(err error) bool {
	for _, e := range []error{syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.ENOLCK, syscall.EINVAL} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// ownDir makes a directory that no other user can have made.
func ownDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || !ok || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s is not a directory of this user's", dir)
	}
	return nil
}
