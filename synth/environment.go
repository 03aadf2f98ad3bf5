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
	env := []string{
		"RUSTC_WRAPPER=" + filepath.Join(s.Dirs.Tools(), wrapper.Rustc),
		wrapper.Variable + "=" + s.remap().String(),
		"LC_ALL=C.UTF-8", "TZ=UTC", "ZERO_AR_DATE=1",
	}
	if runtime.GOOS == "darwin" { // has no C.UTF-8
		env[2] = "LC_ALL=C"
	}
	if s.Getenv("SOURCE_DATE_EPOCH") == "" {
		env = append(env, "SOURCE_DATE_EPOCH=0")
	}
	if s.Rustflags != "" {
		env = append(env, "RUSTFLAGS="+s.Rustflags)
	}
	if s.Target == "" {
		env = append(env, s.cCompilers()...)
	}
	return env, nil
}

// cCompilers set CC and CXX to the wrappers, which are found on PATH: the values hold no
// path of ours, since build scripts run again when they change. A compiler of the
// user's stands in the value, so that a change of it counts. Under --target, CC would
// be that of the host as well, and is left alone.
func (s *State) cCompilers() []string {
	value := func(variable, name string) string {
		return variable + "=" + strings.TrimSpace(name+" "+s.Getenv(variable))
	}
	return []string{
		"PATH=" + s.Dirs.Tools() + string(os.PathListSeparator) + s.Getenv("PATH"),
		value("CC", wrapper.CC), value("CXX", wrapper.CXX),
	}
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
	return wrapper.Remap{
		Wrapper:  s.Wrapper,
		Capped:   s.Dirs.Bindings(),
		Archives: dirs,
		Names: [][2]string{ // of two that match the later counts
			{s.Dirs.W, "rust-bindings-umbrella"},
			{s.Dirs.Target(), "target"},
			{s.Dirs.Crates(), "rust-crates"},
			{s.Dirs.Bindings(), "rust-bindings"},
			{"bindings", "rust-bindings"}, // as cargo names path crates, from W
		},
	}
}
