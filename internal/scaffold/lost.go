package scaffold

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// untold are what cargo was told and the program's build is not, by flag and by variable:
// what takes its place.
var untold = []struct{ flag, instead string }{
	{"--features", "the program's build takes the crate's default features: put them into `default` of its [features]"},
	{"-F", "the program's build takes the crate's default features: put them into `default` of its [features]"},
	{"--all-features", "the program's build takes the crate's default features: put them into `default` of its [features]"},
	{"--no-default-features", "the program's build takes the crate's default features; a program that wants none says so in rust-bindings/settings.toml, [bindings.NAME]"},
	{"--profile", "profiles are the program's: [profile.release] in its rust-bindings/settings.toml"},
	{"--target", "the program says for which target it is built: OPAM_CARGO_TARGET"},
	{"--config", "the program's build does not read cargo's configuration: see rust-bindings/settings.toml"},
}

// unsaid tells which of a call's flags and variables the program's build does not have.
func (c cargoCall) unsaid() []string {
	var list []string
	for _, u := range untold {
		if slices.ContainsFunc(c.args, func(a string) bool { return a == u.flag || strings.HasPrefix(a, u.flag+"=") }) {
			list = append(list, fmt.Sprintf("cargo's %s: %s", strings.TrimSpace(u.flag+" "+strings.Join(c.values(u.flag), " ")), u.instead))
		}
	}
	for _, assignment := range c.env {
		name, value, _ := strings.Cut(assignment, "=")
		switch {
		case slices.Contains([]string{"CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_NET_OFFLINE", "CARGO_TERM_COLOR", "CARGO_INCREMENTAL", "CARGO_BUILD_JOBS", "CARGO"}, name):
		case strings.Contains(name, "RUSTFLAGS") && harmlessFlags(value):
		case strings.Contains(name, "RUSTFLAGS"):
			list = append(list, assignment+": the program says that: OPAM_CARGO_RUSTFLAGS")
		case name == "RUSTUP_TOOLCHAIN":
			list = append(list, "the toolchain "+value+": the program chooses it, by a rust-toolchain file at its root")
		default:
			list = append(list, assignment+": the program's build sets no such variable; what the crate needs can stand in its build.rs")
		}
	}
	return list
}

// harmlessFlags tells whether flags of rustc are only for the shared library that macOS
// links, or for OCaml's runtime beside it: a static library has neither.
func harmlessFlags(flags string) bool {
	for _, word := range strings.FieldsFunc(flags, func(r rune) bool { return strings.ContainsRune(" \t\"'[]", r) }) {
		if word != "-C" && !strings.Contains(word, "dynamic_lookup") && !strings.HasSuffix(word, "-undefined") && !strings.HasPrefix(word, "-L") && !strings.HasPrefix(word, "-lcamlrun") && !strings.HasPrefix(word, "$(") {
			return false
		}
	}
	return true
}

// sizeOf counts the files below a directory of the project, or one file, and their bytes.
func (p *Project) sizeOf(name string) (files int, bytes int64) {
	_ = filepath.WalkDir(filepath.Join(p.Dir, filepath.FromSlash(name)), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // it is a count
		}
		if info, err := d.Info(); err == nil {
			files++
			bytes += info.Size()
		}
		return nil
	})
	return files, bytes
}

// A Loss is what a package need not carry any more.
type Loss struct {
	Name  string // of a file or a directory
	Files int
	Bytes int64
	Why   string

	Vendored bool // a vendor directory
}

// losses lists the package's vendor directories and the archives in its sources.
func (a *analysis) losses(names []string) []Loss {
	var list []Loss
	for _, dir := range a.vendors {
		files, bytes := a.p.sizeOf(dir)
		list = append(list, Loss{dir, files, bytes, "vendored crates, which opam can bring", true})
	}
	for archive := range a.rust {
		dir, name := filepath.Split(archive)
		for _, file := range []string{"lib" + name + ".a", "dll" + name + ".so", "lib" + name + ".so"} {
			if file = filepath.ToSlash(filepath.Join(dir, file)); tree.Exists(filepath.Join(a.p.Dir, file)) {
				_, bytes := a.p.sizeOf(file)
				list = append(list, Loss{file, 1, bytes, "an archive that nothing links", false})
			}
		}
	}
	for _, name := range names {
		files, bytes := a.p.sizeOf(name)
		list = append(list, Loss{name, files, bytes, "nothing reads it", false})
	}
	slices.SortFunc(list, func(x, y Loss) int { return strings.Compare(x.Name, y.Name) })
	return list
}
