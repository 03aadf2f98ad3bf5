package compile

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/wrapper"
)

// environment are the variables of the cargo build beyond those of every cargo run: the
// compilers' wrappers, and what makes the archive the same whoever builds it
// (docs/facts.md#paths-in-the-archive).
func (in Input) environment() ([]string, error) {
	tools := in.Site.Dirs.Tools()
	for _, name := range wrapper.Names() {
		if err := linkTo(in.Self, filepath.Join(tools, name)); err != nil {
			return nil, err
		}
	}
	env := append(in.fixed(), "RUSTC_WRAPPER="+filepath.Join(tools, wrapper.Rustc), wrapper.Variable+"="+in.remap().String())
	if in.Target == "" {
		env = append(env, "PATH="+tools+string(os.PathListSeparator)+in.Site.Getenv("PATH"))
	}
	return env, nil
}

func (in Input) fixed() []string { return fixed(in.Site.Getenv, in.Target, in.Rustflags) }

// fixed are those of the variables that hold no path of ours, so that build scripts may ask
// for them. CC and CXX are the wrappers, which are found on PATH; a compiler of the user's
// stands in the value, so that a change of it counts. Under --target, CC would be that of
// the host as well, and is left alone.
func fixed(getenv func(string) string, target, rustflags string) []string {
	locale := "LC_ALL=C.UTF-8"
	if runtime.GOOS == "darwin" { // has none of that name
		locale = "LC_ALL=C"
	}
	env := []string{locale, "TZ=UTC", "ZERO_AR_DATE=1"}
	if getenv("SOURCE_DATE_EPOCH") == "" {
		env = append(env, "SOURCE_DATE_EPOCH=0")
	}
	if rustflags != "" {
		env = append(env, "RUSTFLAGS="+rustflags)
	}
	if target == "" {
		for variable, name := range map[string]string{"CC": wrapper.CC, "CXX": wrapper.CXX} {
			env = append(env, variable+"="+strings.TrimSpace(name+" "+getenv(variable)))
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
func (in Input) remap() wrapper.Remap {
	d := in.Site.Dirs
	dirs := make([]string, 0, len(in.Plan.Archives))
	for _, a := range in.Plan.Archives {
		dirs = append(dirs, filepath.Join(d.W, filepath.FromSlash(a.Dir)))
	}
	store := in.Site.CrateStore()
	if store == "" {
		store = d.Crates()
	}
	return wrapper.Remap{
		Wrapper:  in.Wrapper,
		Lock:     in.Site.Lock(),
		Capped:   d.Bindings(),
		Archives: dirs,
		Names: [][2]string{ // of two that match the later counts
			{d.W, "rust-bindings-umbrella"},
			{d.Target(), "target"},
			{d.Crates(), "rust-crates"},
			{store, "rust-crates"},
			{d.Bindings(), "rust-bindings"},
			{"bindings", "rust-bindings"}, // as cargo names path crates, from W
		},
	}
}
