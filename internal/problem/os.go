package problem

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// DiskFull tells whether err comes from a full disk or a used-up quota.
func DiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// ReadOnly tells whether err comes from a place that may not be written.
func ReadOnly(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission)
}

// fromOS turns an error of the operating system that nobody has explained yet
// into a problem: the user's disk or permissions, not a bug.
func fromOS(err error) *Error {
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	var program *exec.Error
	if errors.As(err, &program) {
		return New(Input, "%w", err).Hint("install that program, or put it on PATH")
	}
	if !errors.As(err, &path) && !errors.As(err, &link) && !errors.As(err, &call) {
		return nil
	}
	e := New(Input, "%w", err)
	switch {
	case DiskFull(err):
		return e.Hint("the disk is full: make room, then run the same command again")
	case ReadOnly(err):
		return e.Hint("check the owner and the permissions of that path")
	}
	return e.Hint("check that path, then run the same command again")
}
