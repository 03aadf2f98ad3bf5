package lockfile

import (
	"bytes"
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// newest is the highest lock version that this package reads; cargo 1.95
// refuses version 5 too (docs/facts.md#lock-versions).
const newest = 4

const relockHint = "run 'cargo update --workspace' in its directory, or restore the file from version control"

type file struct {
	Version  *int              `toml:"version"`
	Root     *entry            `toml:"root"` // version 1: the root package
	Packages []entry           `toml:"package"`
	Metadata map[string]string `toml:"metadata"` // version 1: "checksum NAME VERSION (SOURCE)"
}

type entry struct {
	Name         string   `toml:"name"`
	Version      string   `toml:"version"`
	Source       string   `toml:"source"`
	Checksum     string   `toml:"checksum"`
	Dependencies []string `toml:"dependencies"`
}

// Parse reads a Cargo.lock of version 1, 2, 3 or 4. filename is
// only for messages. Git references come out as version 3 spells them
// (branch=a/b, in version 4 branch=a%2Fb). Every error is a problem: a version that is too new, merge
// conflict markers, bad TOML, an incomplete entry, a package that stands there
// twice (which cargo refuses, docs/facts.md#lock-versions).
func Parse(filename string, src []byte) (*Lock, error) {
	if line := conflictLine(src); line > 0 {
		return nil, problem.New(problem.Input, "the lock has unresolved merge conflicts").At(filename, line).
			Hint("take either side with 'git checkout --theirs Cargo.lock', then run 'cargo update --workspace'")
	}
	var f file
	if err := toml.Unmarshal(src, &f); err != nil {
		return nil, tomlProblem(filename, err)
	}
	lock := &Lock{Version: version(&f)}
	if lock.Version < 1 || lock.Version > newest {
		return nil, problem.New(problem.Input, "lock version %d is not known; versions 1 to %d are", lock.Version, newest).
			At(filename, keyLine(src, "version")).
			Hint("write it again with an older cargo: remove it and run 'cargo generate-lockfile'")
	}
	lines := headerLines(src)
	if len(lines) != len(f.Packages) {
		lines = make([]int, len(f.Packages)) // an unusual spelling: no line numbers
	}
	if f.Root != nil {
		f.Packages = append(f.Packages, *f.Root)
		lines = append(lines, keyLine(src, "[root]"))
	}
	seen := map[string]bool{}
	for i, e := range f.Packages {
		p := Package(e)
		if p.Checksum == "" {
			p.Checksum = checksum(f.Metadata, p)
		}
		p.plain()
		if _, err := p.ID(); err != nil {
			return nil, problem.New(problem.Input, "no usable package: %w", err).At(filename, lines[i]).Hint(relockHint)
		}
		if seen[p.String()] {
			return nil, problem.New(problem.Input, "package %s is there twice", p).
				At(filename, lines[i]).Hint(relockHint)
		}
		seen[p.String()] = true
		lock.Packages = append(lock.Packages, p)
	}
	return lock, nil
}

// version is the declared version; without one, checksums in [metadata] tell
// version 1 from 2, as in cargo.
func version(f *file) int {
	if f.Version != nil {
		return *f.Version
	}
	for key := range f.Metadata {
		if strings.HasPrefix(key, "checksum ") {
			return 1
		}
	}
	return 2
}

// plain spells p's git sources in one way, so that locks of versions 3 and 4
// compare equal.
func (p *Package) plain() {
	p.Source, _ = v3Source(p.Source)
	for i, d := range p.Dependencies {
		head, source, found := strings.Cut(d, " (")
		if found && strings.HasSuffix(source, ")") {
			source, _ = v3Source(strings.TrimSuffix(source, ")"))
			p.Dependencies[i] = head + " (" + source + ")"
		}
	}
}

// checksum finds p's in the [metadata] of a version 1 lock.
func checksum(metadata map[string]string, p Package) string {
	sum := metadata["checksum "+p.String()]
	if sum == "<none>" {
		return ""
	}
	return sum
}

func tomlProblem(filename string, err error) error {
	line := 0
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		line, _ = decode.Position()
	}
	return problem.New(problem.Input, "not a Cargo.lock: %w", err).At(filename, line).Hint(relockHint)
}

// conflictLine is the line of the first git conflict marker, 0 if there is none.
func conflictLine(src []byte) int {
	for i, line := range bytes.Split(src, []byte("\n")) {
		if bytes.HasPrefix(line, []byte("<<<<<<<")) || bytes.HasPrefix(line, []byte(">>>>>>>")) {
			return i + 1
		}
	}
	return 0
}

// headerLines are the lines of the [[package]] headers, in order.
func headerLines(src []byte) []int {
	var lines []int
	for i, line := range bytes.Split(src, []byte("\n")) {
		if string(bytes.TrimSpace(line)) == "[[package]]" {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// keyLine is the first line that begins with key, 0 if there is none.
func keyLine(src []byte, key string) int {
	for i, line := range bytes.Split(src, []byte("\n")) {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte(key)) {
			return i + 1
		}
	}
	return 0
}
