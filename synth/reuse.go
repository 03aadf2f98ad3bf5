package synth

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/opam-cargo/opam-cargo/internal/compiled"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// keepable is W/out/compiled.json: what `install --compiled` may keep of the last build.
type keepable struct {
	Set     compiled.Set `json:"set"`
	Store   string       `json:"store"`   // the directory of the crates' sources
	Target  string       `json:"target"`  // cargo's directory of the profile
	Without []string     `json:"without"` // packages and libraries that are the program's own
}

// compiledSet describes the registry crates as this build compiles them; ok tells
// whether they can be taken from the switch or kept in it: their sources must be opam's
// own, at their one path.
func (s *State) compiledSet(ctx context.Context) (set compiled.Set, ok bool, err error) {
	if s.res.Registry != s.site.CrateStore() || s.Target != "" || s.NoCompiled {
		return set, false, nil
	}
	tools, err := s.site.Versions.Get()
	if err != nil {
		return set, false, err
	}
	profile, err := json.Marshal(s.Plan.Settings.Profile)
	if err != nil {
		return set, false, err
	}
	set = compiled.Set{Format: compiled.Format, Crates: map[string]string{}, World: map[string]string{
		"cargo": tools.Cargo, "rustc": tools.Rustc + " " + tools.Commit, "host": tools.Host, "cc": tools.CC, "ocaml": tools.OCaml,
		"CC": s.Getenv("CC"), "CXX": s.Getenv("CXX"), "profile": s.Profile, "settings": string(profile), "rustflags": s.Rustflags, "store": s.res.Registry,
	}}
	if len(s.Plan.Packages) > 0 {
		set.By = s.Plan.Packages[0]
	}
	for _, c := range s.Graph.Components(s.Lock) {
		if c.Checksum != "" {
			set.Crates[c.Name+"-"+c.Version] = c.Checksum
		}
	}
	return set, len(set.Crates) > 0, nil
}

// profileDir is cargo's directory of a profile in its target directory.
func (s *State) profileDir() string {
	switch s.Profile {
	case "dev", "test":
		return filepath.Join(s.Dirs.Target(), "debug")
	case "bench":
		return filepath.Join(s.Dirs.Target(), "release")
	}
	return filepath.Join(s.Dirs.Target(), s.Profile)
}

// beginCompiled lets a first build begin with what the switch keeps of its crates. It
// is a shortcut: whatever is in its way is told with -v, and everything is compiled.
func (s *State) beginCompiled(ctx context.Context) error {
	if tree.Exists(s.profileDir()) {
		return nil
	}
	set, ok, err := s.compiledSet(ctx)
	if err != nil || !ok {
		return err
	}
	dir := compiled.Dir(s.Prefix)
	best, ok := compiled.Best(dir, set)
	if !ok {
		s.Term.Detail("the switch keeps no compiled crates for this build")
		return nil
	}
	if touched := touchedCrate(s.res.Registry, best.Crates); touched != "" {
		s.Term.Detail("the sources of %s in the switch were changed; nothing that was compiled is taken", touched)
		return nil
	}
	scratch := s.Dirs.Target() + ".new"
	err = errors.Join(os.RemoveAll(scratch), best.Unpack(dir, scratch), os.MkdirAll(s.Dirs.Target(), 0o755))
	if err == nil {
		err = os.Rename(scratch, s.profileDir())
	}
	if err != nil {
		s.Term.Detail("the compiled crates of %s are not taken: %v", best.By, err)
		return os.RemoveAll(scratch)
	}
	s.Term.Detail("begins with the crates that %s compiled (%s)", best.By, best.Name)
	return nil
}

// touchedCrate is one of the crates whose sources in the store are not as install-crate
// unpacked them; empty where all are.
func touchedCrate(store string, crates map[string]string) string {
	for id := range crates {
		if !crate.Untouched(filepath.Join(store, id)) {
			return id
		}
	}
	return ""
}

func keepableFile(d workspace.Dirs) string { return filepath.Join(d.Out(), "compiled.json") }

// noteCompiled leaves in W/out what [KeepCompiled] needs, if there is something to keep.
func (s *State) noteCompiled(ctx context.Context) error {
	set, ok, err := s.compiledSet(ctx)
	if err != nil {
		return err
	}
	if !ok {
		if err := os.Remove(keepableFile(s.Dirs)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	k := keepable{Set: set, Store: s.res.Registry, Target: s.profileDir()}
	for _, n := range s.Graph.Packages {
		if n.Source == "" {
			k.Without = append(k.Without, n.Name, n.Lib)
		}
	}
	text, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	return tree.WriteIfChanged(keepableFile(s.Dirs), text, false)
}

// KeepCompiled keeps in the switch what the last build in W compiled of the registry
// crates. It returns the size of what is new, in bytes; 0 where nothing is, or where the
// build did not use the switch's own crates.
func KeepCompiled(d workspace.Dirs, prefix string) (int64, error) {
	src, err := os.ReadFile(keepableFile(d))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var k keepable
	if err := json.Unmarshal(src, &k); err != nil {
		return 0, problem.New(problem.Input, "what the build left is damaged: %w", err).At(keepableFile(d), 0).Hint("build again: opam-cargo build")
	}
	if k.Store != crate.Store(prefix) || touchedCrate(k.Store, k.Set.Crates) != "" {
		return 0, nil
	}
	size, err := compiled.Save(compiled.Dir(prefix), k.Set, k.Target, k.Without)
	if err != nil {
		return 0, problem.New(problem.Input, "cannot keep the compiled crates: %w", err).At(compiled.Dir(prefix), 0).
			Hint("make room, or take --compiled out of the install: field of the package")
	}
	return size, nil
}

// Megabytes shows a size in bytes.
func Megabytes(n int64) string { return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB" }
