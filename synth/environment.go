package synth

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/wrapper"
)

// buildEnvironment are the variables of the cargo build beyond those of every cargo run:
// the compilers' wrappers, and what makes the archive the same whoever builds it
// (FACTS F9).
func (s *State) buildEnvironment() ([]string, error) {
	for _, name := range wrapper.Names() {
		if err := linkTo(s.Self, filepath.Join(s.Dirs.Tools(), name)); err != nil {
			return nil, err
		}
	}
	env := append(s.fixedEnvironment(),
		"RUSTC_WRAPPER="+filepath.Join(s.Dirs.Tools(), wrapper.Rustc),
		wrapper.Variable+"="+s.remap().String())
	if s.Target == "" {
		env = append(env, "PATH="+s.Dirs.Tools()+string(os.PathListSeparator)+s.Getenv("PATH"))
	}
	return env, nil
}

// fixedEnvironment are those of the variables that hold no path of ours, so that build
// scripts may ask for them. CC and CXX are the wrappers, which are found on PATH; a
// compiler of the user's stands in the value, so that a change of it counts. Under
// --target, CC would be that of the host as well, and is left alone.
func (s *State) fixedEnvironment() []string {
	locale := "LC_ALL=C.UTF-8"
	if runtime.GOOS == "darwin" { // has none of that name
		locale = "LC_ALL=C"
	}
	env := []string{locale, "TZ=UTC", "ZERO_AR_DATE=1"}
	if s.Getenv("SOURCE_DATE_EPOCH") == "" {
		env = append(env, "SOURCE_DATE_EPOCH=0")
	}
	if s.Rustflags != "" {
		env = append(env, "RUSTFLAGS="+s.Rustflags)
	}
	if s.Target == "" {
		for variable, name := range map[string]string{"CC": wrapper.CC, "CXX": wrapper.CXX} {
			env = append(env, variable+"="+strings.TrimSpace(name+" "+s.Getenv(variable)))
		}
	}
	return env
}

// linkTo makes name a symbolic link to target, by rename.
func linkTo(target, name string) error {
	if old, err := os.Readlink(name); err == nil && old == target {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	tmp := name + ".new"
	os.Remove(tmp)
	if err := os.Symlink(target, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, name)
}

// remap says under which names the places of this machine appear in the archive.
func (s *State) remap() wrapper.Remap {
	dirs := make([]string, 0, len(s.Plan.Archives))
	for _, a := range s.Plan.Archives {
		dirs = append(dirs, filepath.Join(s.Dirs.W, filepath.FromSlash(a.Dir)))
	}
	store := s.site.CrateStore()
	if store == "" {
		store = s.Dirs.Crates()
	}
	return wrapper.Remap{
		Wrapper:  s.Wrapper,
		Capped:   s.Dirs.Bindings(),
		Archives: dirs,
		Names: [][2]string{ // of two that match the later counts
			{s.Dirs.W, "rust-bindings-umbrella"},
			{s.Dirs.Target(), "target"},
			{s.Dirs.Crates(), "rust-crates"},
			{store, "rust-crates"},
			{s.Dirs.Bindings(), "rust-bindings"},
			{"bindings", "rust-bindings"}, // as cargo names path crates, from W
		},
	}
}
