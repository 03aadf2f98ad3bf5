package compile

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/compiled"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// set describes the registry crates as this build compiles them; ok tells whether they can
// be taken from the switch or kept in it: their sources must be opam's own, at their one
// path.
func (in Input) set() (set compiled.Set, ok bool, err error) {
	if in.Resolution.Registry != in.Site.CrateStore() || in.Target != "" || in.NoCompiled {
		return set, false, nil
	}
	tools, err := in.Site.Versions.Get()
	if err != nil {
		return set, false, err
	}
	profile, err := json.Marshal(in.Plan.Settings.Profile)
	if err != nil {
		return set, false, err
	}
	set = compiled.Set{Format: compiled.Format, Crates: map[string]string{}, World: map[string]string{
		"cargo": tools.Cargo, "rustc": tools.Rustc + " " + tools.Commit, "host": tools.Host, "cc": tools.CC, "ocaml": tools.OCaml,
		"CC": in.Site.Getenv("CC"), "CXX": in.Site.Getenv("CXX"),
		"profile": in.Profile, "settings": string(profile), "rustflags": in.Rustflags, "store": in.Resolution.Registry,
	}}
	if len(in.Plan.Packages) > 0 {
		set.By = in.Plan.Packages[0]
	}
	for _, c := range in.Resolution.Graph.Components(in.Resolution.Lock) {
		if c.Checksum != "" {
			set.Crates[c.Name+"-"+c.Version] = c.Checksum
			if c.Script || c.Macro {
				set.Ran = append(set.Ran, c.Name+"-"+c.Version)
			}
		}
	}
	return set, len(set.Crates) > 0, nil
}

// profileDir is cargo's directory of the profile in its target directory.
func (in Input) profileDir() string {
	dir := in.Profile
	switch in.Profile {
	case "dev", "test":
		dir = "debug"
	case "bench":
		dir = "release"
	}
	return filepath.Join(in.Site.Dirs.Target(), dir)
}

// begin lets a first build begin with what the switch keeps of its crates. It is a
// shortcut: a set that is not what its index says is dropped, with one line, and everything
// is compiled.
func (in Input) begin() error {
	if tree.Exists(in.profileDir()) {
		return nil
	}
	set, ok, err := in.set()
	if err != nil || !ok {
		return err
	}
	out, target := in.Site.Out, in.Site.Dirs.Target()
	dir := compiled.Dir(in.Site.Prefix)
	best, ok := compiled.Best(dir, set)
	if !ok {
		out.Detail("the switch keeps no compiled crates for this build")
		return nil
	}
	if touched := compiled.Touched(in.Resolution.Registry, best.Crates); touched != "" {
		out.Detail("the sources of %s in the switch were changed; nothing that was compiled is taken", touched)
		return nil
	}
	scratch := target + ".new"
	if err := errors.Join(os.RemoveAll(scratch), os.MkdirAll(target, 0o755)); err != nil {
		return err
	}
	err = best.Unpack(dir, scratch)
	if err == nil {
		err = os.Rename(scratch, in.profileDir())
	}
	switch {
	case errors.Is(err, compiled.ErrDamaged):
		out.Warn("the compiled crates that %s left in the switch are dropped: %v", best.By, err)
		if err := compiled.Drop(dir, best.Name); err != nil { // opam's sandbox lets nobody write there
			out.Detail("they cannot be removed: %v", err)
		}
		return os.RemoveAll(scratch)
	case err != nil:
		out.Detail("the compiled crates of %s are not taken: %v", best.By, err)
		return os.RemoveAll(scratch)
	}
	out.Detail("begins with the crates that %s compiled (%s)", best.By, best.Name)
	return nil
}

// Note leaves in W/out what [compiled.Keep] needs, if there is something to keep.
func Note(in Input) error {
	set, ok, err := in.set()
	if err != nil {
		return err
	}
	file := in.Site.Dirs.Compiled()
	if !ok {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	left := compiled.Left{Set: set, Store: in.Resolution.Registry, Target: in.profileDir()}
	for _, n := range in.Resolution.Graph.Packages {
		if n.Source == "" {
			left.Without = append(left.Without, n.Name, n.Lib)
		}
	}
	return left.Write(file)
}
