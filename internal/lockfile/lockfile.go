// Package lockfile reads Cargo.lock files of every version that a binding may
// carry, writes them in cargo's own layout, and unites several into the seed
// that cargo resolves from. Entry points: [Parse], [Lock.Format], [Unite].
package lockfile

import (
	"net/url"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/crate"
)

// Committed is the lock that a program commits, relative to its root.
const Committed = "rust-bindings/Cargo.lock"

// Package is one [[package]] entry.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"` // full semver: "1.2.3-rc.1+build"
	// Source is "" for a path crate, else "registry+URL", "sparse+URL" or
	// "git+URL?rev=R#SHA" (or ?branch=, ?tag=, or no query).
	Source string `json:"source,omitempty"`
	// Checksum is the sha256 in hex of the .crate file; "" for path and git
	// crates, and where the lock was resolved without one.
	Checksum string `json:"checksum,omitempty"`
	// Dependencies as written: "name", "name version" or "name version (source)".
	Dependencies []string `json:"dependencies,omitempty"`
}

// ID is the crate that p names, checked: it becomes a name of files and directories.
func (p Package) ID() (crate.ID, error) { return crate.NewID(p.Name, p.Version, p.Checksum) }

// Lock is a Cargo.lock. Unused [patch] entries are not kept: cargo finds them
// out again.
type Lock struct {
	Version  int // 1 to 4; that of the file it was parsed from
	Packages []Package
}

// Registry tells whether p comes from a registry, and so from a .crate file.
func (p Package) Registry() bool {
	return strings.HasPrefix(p.Source, "registry+") || strings.HasPrefix(p.Source, "sparse+")
}

// DefaultRegistry is how a lock names the registry that cargo uses by default.
const DefaultRegistry = "registry+https://github.com/rust-lang/crates.io-index"

// Git tells whether p comes from a git repository.
func (p Package) Git() bool { return strings.HasPrefix(p.Source, "git+") }

// Path tells whether p is a path crate: a workspace member or path dependency.
func (p Package) Path() bool { return p.Source == "" }

// String is "name version", and the source where there is one, as cargo says it.
func (p Package) String() string {
	if p.Source == "" {
		return p.Name + " " + p.Version
	}
	return p.Name + " " + p.Version + " (" + p.Source + ")"
}

// GitSource splits a git source into what precedes the '#' (the URL with the
// reference that the manifest asked for) and the commit behind it, which is ""
// where there is none.
func GitSource(source string) (wanted, commit string) {
	wanted, commit, _ = strings.Cut(source, "#")
	return wanted, commit
}

// v3Source spells a git source as lock versions 1 to 3 do: version 4 encodes
// the reference (branch=a%2Fb), they do not (branch=a/b), and every cargo
// decodes on reading. ok is false where the plain form would be read back as
// another reference, which is when a lock must have version 4.
func v3Source(source string) (plain string, ok bool) {
	wanted, commit, hasCommit := strings.Cut(source, "#")
	base, query, hasQuery := strings.Cut(wanted, "?")
	key, value, isRef := strings.Cut(query, "=")
	if !strings.HasPrefix(source, "git+") || !hasQuery || !isRef || !strings.ContainsAny(value, "%+") {
		return source, true
	}
	// A plus is one in a lock of version 3, which encodes nothing; cargo finds what replaces
	// such a source only from the form of version 4 (docs/facts.md#git-crates).
	value = strings.ReplaceAll(value, "+", "%2B")
	source = base + "?" + key + "=" + value
	if hasCommit {
		source += "#" + commit
	}
	ref, err := url.PathUnescape(value)
	if err != nil || strings.ContainsAny(ref, "%+&# \"\\") || strings.ContainsFunc(ref, notPlain) {
		return source, false
	}
	plain = base + "?" + key + "=" + ref
	if hasCommit {
		plain += "#" + commit
	}
	return plain, true
}

func notPlain(r rune) bool { return r <= ' ' || r > '~' }
