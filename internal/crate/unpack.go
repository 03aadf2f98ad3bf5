package crate

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// limits bound what a .crate may hold. crates.io takes 10 MB; the largest crate
// met unpacks to less than a tenth of these.
type limits struct {
	file     int64 // bytes of the .crate
	unpacked int64 // bytes of the tar stream, and of the files
	entries  int   // files, links and directories
}

// MostOfCrate is how many bytes a .crate file may have.
const MostOfCrate = 64 << 20

var normal = limits{file: MostOfCrate, unpacked: 512 << 20, entries: 100_000}

// Unpack verifies that the sha256 of the .crate file is id.Checksum and unpacks
// its one root directory, name-version, as dest, which must not exist. Files
// come out with mode 0644 or 0755 and one constant mtime, links only if they
// stay inside, with a checksum file that names the package's sum and no file
// (docs/facts.md#directory-sources). A file that is not exactly that is a problem naming the file
// and the entry, and nothing is left of dest.
func Unpack(ctx context.Context, file string, id ID, dest string) error {
	data, err := verified(file, id)
	if err != nil {
		return err
	}
	return unpackVerified(ctx, file, data, id, dest)
}

// Replace is [Unpack] in place of what is at dest, which is removed when the file has been
// verified.
func Replace(ctx context.Context, file string, id ID, dest string) error {
	data, err := verified(file, id)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dest); err != nil {
		return problem.New(problem.Input, "cannot replace the crate: %w", err).At(dest, 0).Hint("make it writable")
	}
	return unpackVerified(ctx, file, data, id, dest)
}

// verified is the content of a .crate file that has the checksum.
func verified(file string, id ID) ([]byte, error) {
	data, err := readCrate(file, normal.file)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != id.Checksum() {
		return nil, bad(file, fmt.Errorf("the sha256 is %s, but the lock says %s for %s", got, id.Checksum(), id))
	}
	return data, nil
}

func unpackVerified(ctx context.Context, file string, data []byte, id ID, dest string) error {
	return build(dest, func(dir string) error {
		if err := unpackData(ctx, data, id, dir, normal); err != nil {
			return unpackProblem(ctx, file, dest, err)
		}
		if err := writeChecksum(dir, id.Checksum(), ""); err != nil {
			return writeProblem(dest, err)
		}
		return nil
	})
}

func readCrate(file string, limit int64) ([]byte, error) {
	data, err := tree.Read(file, limit)
	if err != nil {
		return nil, bad(file, err)
	}
	return data, nil
}

// unpackData unpacks a gzip'd tar into the existing, empty directory dir.
func unpackData(ctx context.Context, data []byte, id ID, dir string, lim limits) error {
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("not gzip: %w", err)
	}
	stream := &bounded{r: zr, left: lim.unpacked}
	if err := unpackTar(ctx, stream, id, dir, lim); err != nil {
		return err
	}
	// The rest must be read for gzip to check its sum.
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return fmt.Errorf("after the last entry: %w", err)
	}
	info, err := os.Lstat(filepath.Join(dir, manifestFile))
	if err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("%s has no %s", id, manifestFile)
	}
	return nil
}

var errTooMuch = errors.New("it unpacks to too much")

// bounded is a reader that fails after left bytes.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	return n, err
}

// unpackProblem tells an interrupt and a failure to write from a bad file.
func unpackProblem(ctx context.Context, file, dest string, err error) error {
	var path *os.PathError
	var link *os.LinkError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &path) || errors.As(err, &link):
		return writeProblem(dest, err)
	}
	return bad(file, err)
}

func bad(file string, err error) error {
	return problem.New(problem.Input, "not a usable crate: %w", err).At(file, 0).
		Hint("remove the file and get it again with 'opam-cargo fetch'")
}
