// Package compiled keeps what a program's build compiled of the registry crates in the
// switch, so that the next program begins with it: <prefix>/rust-crates/.compiled/ holds
// one tar file for each program's set, and a JSON file beside it that says what it is.
// Why cargo takes them for its own: docs/facts.md#compiled-crates-at-another-place. The sources have one
// fixed path, the mtimes are kept to the nanosecond, and cargo compares the fingerprint
// of every unit (rustc, profile, features, flags, those of its dependencies, variables
// that its build script asked for) before it uses one.
package compiled

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Format is the version of the files' form.
const Format = 2

// Limit bounds the sizes of all sets of a switch together, in bytes: the oldest go first.
const Limit = 2 << 30

// Set describes compiled crates.
type Set struct {
	Format int `json:"format"`
	// World is all that every unit depends on and cargo does not look at itself, or looks
	// at in a way that a key can tell before: toolchain, profile, flags, prefix, C compiler
	// and OCaml. Sets of another world are never taken.
	World  map[string]string `json:"world"`
	Crates map[string]string `json:"crates"` // name-version: checksum
	// Ran are those of Crates that ran code while the set was made, by a build script or as
	// a procedural macro: what they did to the other units is done only where they run anyway.
	Ran   []string          `json:"ran,omitempty"`
	By    string            `json:"by"`              // the package that left it
	Files map[string]string `json:"files,omitempty"` // of the tar file: their sha256
}

// Entry is a set that is kept.
type Entry struct {
	Set
	Name string
	Size int64 // of the tar file, in bytes
}

// Dir is where the sets of a switch are; hidden names are ignored by cargo (docs/facts.md#directory-sources).
func Dir(prefix string) string { return filepath.Join(crate.Store(prefix), ".compiled") }

// name is one for each set.
func (s Set) name() string {
	text, err := json.Marshal([]any{s.Format, s.World, s.Crates}) // maps come out sorted
	if err != nil {                                               // strings only
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:20]
}

func tarFile(dir, name string) string  { return filepath.Join(dir, name+".tar") }
func infoFile(dir, name string) string { return filepath.Join(dir, name+".json") }

// List reads the sets of a directory, the newest first, also those of other releases. What
// is not whole is no set.
func List(dir string) ([]Entry, error) {
	type aged struct {
		Entry
		time int64
	}
	var list []aged
	for _, file := range tree.Glob(dir, "*.json") {
		e := Entry{Name: strings.TrimSuffix(filepath.Base(file), ".json")}
		src, err := tree.Read(file, tree.MostOfList)
		if errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
		info, statErr := os.Lstat(tarFile(dir, e.Name))
		if err != nil || statErr != nil || !info.Mode().IsRegular() {
			continue
		}
		if e.Set, err = parse(src); err != nil {
			continue
		}
		e.Size = info.Size()
		list = append(list, aged{e, info.ModTime().UnixNano()})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].time > list[j].time })
	entries := make([]Entry, 0, len(list))
	for _, a := range list {
		entries = append(entries, a.Entry)
	}
	return entries, nil
}

// parse reads a set's index.
func parse(src []byte) (Set, error) {
	var s Set
	if err := json.Unmarshal(src, &s); err != nil {
		return Set{}, err
	}
	return s, s.check()
}

// check refuses what makes no sense: what stands in an index becomes names of files. Of a
// newer release's only the name is shown.
func (s Set) check() error {
	switch {
	case s.Format < 1:
		return errors.New("no format")
	case s.Format > Format:
		return nil
	}
	for id, sum := range s.Crates {
		if !isCrate(id, sum) {
			return fmt.Errorf("%q is no crate with a checksum", id)
		}
	}
	for _, id := range s.Ran {
		if s.Crates[id] == "" {
			return fmt.Errorf("%q is no crate of the set", id)
		}
	}
	for name := range s.Files {
		if !inParts(name) {
			return fmt.Errorf("the file %q is none that cargo makes of a crate", name)
		}
	}
	return nil
}

// isCrate tells whether id is the name-version of a crate that has that checksum. Where
// the version begins is not said: at one of the hyphens before a digit.
func isCrate(id, sum string) bool {
	for i := range id {
		if id[i] != '-' {
			continue
		}
		if _, err := crate.NewID(id[:i], id[i+1:], sum); err == nil {
			return sum != ""
		}
	}
	return false
}

// Best is the set of the same world that has the most of the wanted crates, all with the
// wanted checksums. Crates that it has besides do no harm, but for those that ran code.
func Best(dir string, want Set) (Entry, bool) {
	list, err := List(dir)
	if err != nil {
		return Entry{}, false
	}
	best, most := Entry{}, 0
	for _, e := range list {
		if n := e.common(want); e.Format == Format && n > most {
			best, most = e, n
		}
	}
	return best, most > 0
}

// common counts the crates that both have; none where they contradict each other.
func (s Set) common(want Set) int {
	if len(s.World) != len(want.World) {
		return 0
	}
	for k, v := range s.World {
		if want.World[k] != v {
			return 0
		}
	}
	for _, id := range s.Ran {
		if want.Crates[id] != s.Crates[id] {
			return 0
		}
	}
	n := 0
	for id, sum := range want.Crates {
		switch s.Crates[id] {
		case sum:
			n++
		case "":
		default:
			return 0
		}
	}
	return n
}

// Drop removes a set.
func Drop(dir, name string) error {
	return errors.Join(remove(infoFile(dir, name)), remove(tarFile(dir, name)))
}

func remove(file string) error {
	if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// Save keeps what is in target, a profile's directory of cargo's target directory, but
// for the units of the named packages. A set that is there already is left alone.
func Save(dir string, set Set, target string, without []string) (size int64, err error) {
	set.Format = Format
	name := set.name()
	if tree.Exists(infoFile(dir, name)) && tree.Exists(tarFile(dir, name)) {
		return 0, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	tmp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(tmp.Name())
	size, set.Files, err = pack(tmp, target, without)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return 0, fmt.Errorf("keep the compiled crates: %w", err)
	}
	if size > Limit {
		return 0, nil
	}
	if err := makeRoom(dir, Limit-size); err != nil {
		return 0, err
	}
	if err := os.Chmod(tmp.Name(), 0o644); err != nil {
		return 0, err
	}
	text, err := json.MarshalIndent(set, "", " ")
	if err != nil {
		return 0, err
	}
	if err := os.Rename(tmp.Name(), tarFile(dir, name)); err != nil {
		return 0, err
	}
	return size, tree.WriteIfChanged(infoFile(dir, name), append(text, '\n'), false)
}

// makeRoom drops the oldest sets until the others fit into size.
func makeRoom(dir string, size int64) error {
	list, err := List(dir)
	if err != nil {
		return err
	}
	for _, e := range list { // the newest first
		if size -= e.Size; size < 0 {
			if err := Drop(dir, e.Name); err != nil {
				return err
			}
		}
	}
	return nil
}
