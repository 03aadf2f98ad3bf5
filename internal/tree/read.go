package tree

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// The most that is read of a file that somebody else wrote, in bytes
// (docs/security.md#bounds).
const (
	MostOfManifest = 8 << 20  // a Cargo.toml, a configuration, binding.toml, settings
	MostOfList     = 64 << 20 // a Cargo.lock, a checksum file, a list of what is in a directory
	MostOfSource   = 2 << 30  // any file of a tree
)

// ErrNotRegular is the cause where something stands in the place of a file that is none:
// a pipe, a device, a socket, or a link to one. It is not opened: that may wait for ever.
var ErrNotRegular = errors.New("not a regular file")

// Read is the content of a regular file of at most so many bytes.
func Read(file string, most int64) ([]byte, error) {
	f, err := Open(file, most)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if int64(len(content)) > most {
		return nil, tooLarge(file, int64(len(content)), most)
	}
	return content, nil
}

// Open opens a regular file of at most so many bytes. What another puts in its place
// meanwhile does not make it wait.
func Open(file string, most int64) (*os.File, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "open", Path: file, Err: ErrNotRegular}
	}
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: file, Err: ErrNotRegular}
	}
	if err == nil && info.Size() > most {
		err = tooLarge(file, info.Size(), most)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func tooLarge(file string, size, most int64) error {
	return &os.PathError{Op: "read", Path: file, Err: fmt.Errorf("it has %d bytes, and at most %d are read of such a file", size, most)}
}
