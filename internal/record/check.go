package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
)

// limit is how large a record may be: it embeds a lock, and its lists are as long.
const limit = 64 << 20

// read reads a record's file: an ordinary one, of a size that a record may have.
func read(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && len(text) > limit {
		return nil, fmt.Errorf("it is longer than %d bytes", limit)
	}
	return text, err
}

// decode reads the JSON of a record.
func decode(src []byte) (*Record, error) {
	var rec Record
	err := json.Unmarshal(src, &rec)
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		if kind.Field == "" {
			return nil, fmt.Errorf("it is a JSON %s", kind.Value)
		}
		return nil, fmt.Errorf("%s is a JSON %s", kind.Field, kind.Value)
	}
	return &rec, err
}

// The shapes that a build writes.
var (
	isSHA256   = regexp.MustCompile(`^[0-9a-f]{64}$`)
	isHash     = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	isCrate    = regexp.MustCompile(`^[\pL_][\pL\pN_-]{0,127}$`)
	isProfile  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)
	isTriple   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
	isRelease  = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9.]+)?$`)
	isCommit   = regexp.MustCompile(`^[A-Za-z0-9_.+ ()~:-]*$`)
	isVariable = regexp.MustCompile(`^[^=\x00]+$`)
)

// check refuses what no build writes: others make paths and arguments of what a record
// says, and a record may come from anywhere. The error begins with the field.
func (r *Record) check() error {
	for _, check := range []func() error{r.checkHead, r.checkTrees, r.checkCrates, r.checkArchives} {
		if err := check(); err != nil {
			return err
		}
	}
	if r.Lock == "" {
		return errors.New("lock is empty")
	}
	if _, err := lockfile.Parse("lock", []byte(r.Lock)); err != nil {
		return fmt.Errorf("it holds no Cargo.lock: %s", err.Error()) // an error with the lock's own hints would hide the record's
	}
	return nil
}

func (r *Record) checkHead() error {
	switch {
	case r.Tool == "":
		return errors.New("tool is empty")
	case len(r.Packages) == 0:
		return errors.New("packages is empty: it names no package")
	case !isProfile.MatchString(r.Profile):
		return fmt.Errorf("profile is %q, no name of a profile", r.Profile)
	case !isTriple.MatchString(r.Target) || strings.HasSuffix(r.Target, ".json"):
		return fmt.Errorf("target is %q, no target triple", r.Target)
	case r.Toolchain.Rustc != "" && !isRelease.MatchString(r.Toolchain.Rustc):
		return fmt.Errorf("toolchain.rustc is %q, no release", r.Toolchain.Rustc)
	case r.Toolchain.Host != "" && !isTriple.MatchString(r.Toolchain.Host):
		return fmt.Errorf("toolchain.host is %q, no target triple", r.Toolchain.Host)
	case !isCommit.MatchString(r.Toolchain.Commit):
		return fmt.Errorf("toolchain.rustc_commit is %q", r.Toolchain.Commit)
	}
	for i, pkg := range r.Packages {
		if bindings.CheckName(pkg) != nil {
			return fmt.Errorf("packages[%d] is %q, no name of a package", i, pkg)
		}
	}
	for i, v := range r.Variables {
		if !isVariable.MatchString(v.Name) {
			return fmt.Errorf("variables[%d].name is %q", i, v.Name)
		}
		if v.SHA256 != "" && !isHash.MatchString(v.SHA256) && !isSHA256.MatchString(v.SHA256) {
			return fmt.Errorf("variables[%d].sha256 is no sha256", i)
		}
	}
	return nil
}

func (r *Record) checkTrees() error {
	for i, b := range r.Bindings {
		switch {
		case bindings.CheckName(b.Package) != nil:
			return fmt.Errorf("bindings[%d].package is %q, no name of a package", i, b.Package)
		case b.Dir != "" && !fs.ValidPath(b.Dir):
			return fmt.Errorf("bindings[%d].dir is %q, which is not in the sources of %s", i, b.Dir, b.Package)
		case !isHash.MatchString(b.Tree):
			return fmt.Errorf("bindings[%d].tree is no sha256", i)
		}
		for _, name := range b.Exports {
			if !isCrate.MatchString(name) {
				return fmt.Errorf("bindings[%d].exports has %q, no name of a crate", i, name)
			}
		}
	}
	for i, p := range r.Patches {
		if p.Dir != "" && !fs.ValidPath(p.Dir) {
			return fmt.Errorf("patches[%d].dir is %q, which is not in the sources", i, p.Dir)
		}
		if !isHash.MatchString(p.Tree) {
			return fmt.Errorf("patches[%d].tree is no sha256", i)
		}
	}
	return nil
}

func (r *Record) checkCrates() error {
	for i, c := range r.Crates {
		switch {
		case !isCrate.MatchString(c.Name):
			return fmt.Errorf("crates[%d].name is %q, no name of a crate", i, c.Name)
		case !isVersion(c.Version):
			return fmt.Errorf("crates[%d].version is %q, no version", i, c.Version)
		case c.Checksum != "" && !isSHA256.MatchString(c.Checksum):
			return fmt.Errorf("crates[%d].checksum is no sha256", i)
		}
	}
	return nil
}

func (r *Record) checkArchives() error {
	if len(r.Archives) == 0 {
		return errors.New("archives is empty: it names no archive")
	}
	seen := map[string]bool{}
	for i, a := range r.Archives {
		switch {
		case !strings.HasPrefix(a.Name, "lib") || !strings.HasSuffix(a.Name, ".a") || !isName(a.Name):
			return fmt.Errorf("archives[%d].name is %q, no name of an archive", i, a.Name)
		case seen[a.Name]:
			return fmt.Errorf("archives[%d].name is %q once more", i, a.Name)
		case !isHash.MatchString(a.SHA256) && !isSHA256.MatchString(a.SHA256):
			return fmt.Errorf("archives[%d].sha256 is no sha256", i)
		case a.Size < 0:
			return fmt.Errorf("archives[%d].size is %d", i, a.Size)
		case a.Package != "" && bindings.CheckName(a.Package) != nil:
			return fmt.Errorf("archives[%d].package is %q, no name of a package", i, a.Package)
		}
		seen[a.Name] = true
	}
	for i, f := range r.Files {
		if !isName(f.Name) {
			return fmt.Errorf("files[%d].name is %q, no name of a file", i, f.Name)
		}
		if !isHash.MatchString(f.SHA256) && !isSHA256.MatchString(f.SHA256) {
			return fmt.Errorf("files[%d].sha256 is no sha256", i)
		}
	}
	return nil
}

// isVersion tells whether a version is a full one of semver's: MAJOR.MINOR.PATCH.
func isVersion(version string) bool {
	core, _, _ := strings.Cut(version, "+")
	core, _, _ = strings.Cut(core, "-")
	return semver.IsValid("v"+version) && strings.Count(core, ".") == 2
}

// isName tells whether a name is that of a file in a directory, and of nothing elsewhere.
func isName(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsRune(name, '/')
}
