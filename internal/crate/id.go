package crate

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/mod/semver"
)

// ID is a crate as a lock names it. Its parts become names of files and directories, so
// [NewID] is the only way to make one, whatever they come from.
type ID struct{ name, version, checksum string }

// isSum is a sha256 in hex, as cargo writes it.
var isSum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ErrNoCrate is the cause where something is no crate at all by its name, version or checksum.
var ErrNoCrate = errors.New("not what cargo calls a crate")

// NewID checks what a crate is said to be by cargo's own rules: the characters of a
// package's name, a full semver version, and the sha256 in hex of its .crate, or "" for a
// path or git crate.
func NewID(name, version, checksum string) (ID, error) {
	switch {
	case !goodName(name):
		return ID{}, fmt.Errorf("%w: %q is no name of a crate", ErrNoCrate, name)
	case !fullVersion(version):
		return ID{}, fmt.Errorf("%w: %q, of %s, is no version", ErrNoCrate, version, name)
	case checksum != "" && !isSum.MatchString(checksum):
		return ID{}, fmt.Errorf("%w: %q, of %s %s, is no sha256", ErrNoCrate, checksum, name, version)
	}
	return ID{name, version, checksum}, nil
}

// Name is the crate's name.
func (id ID) Name() string { return id.name }

// Version is its version, build metadata included.
func (id ID) Version() string { return id.version }

// Checksum is the sha256 in hex of the original .crate; "" for a git crate.
func (id ID) Checksum() string { return id.checksum }

// String is "name-version", which is also the root directory in the .crate.
func (id ID) String() string { return id.name + "-" + id.version }

// goodName tells whether cargo takes a package of that name. A registry has only ASCII;
// the name of a path package may have any letters and digits.
func goodName(name string) bool {
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 && r == '-' || r != '-' && !unicode.IsDigit(r) && !unicode.IsMark(r)) {
			return false
		}
	}
	return name != "" && len(name) <= 255
}

// fullVersion tells whether v is semver with all three numbers; x/mod's semver also takes
// "1" and "1.2".
func fullVersion(v string) bool {
	core, _, _ := strings.Cut(v, "+")
	core, _, _ = strings.Cut(core, "-")
	return semver.IsValid("v"+v) && strings.Count(core, ".") == 2 && len(v) <= 255
}
