package cargo

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// UserHome is the user's own cargo home: the download cache and the configuration.
func UserHome(getenv func(string) string) string {
	if home := getenv("CARGO_HOME"); home != "" {
		return home
	}
	return filepath.Join(getenv("HOME"), ".cargo")
}

// scrubbed tells whether cargo, rustc or rustup's proxies would take what they do from a
// variable of that name (docs/security.md#the-environment-of-cargo). HOME, PATH, what names
// rustup's directories and what C compilers read stay.
func scrubbed(name string) bool {
	for _, prefix := range []string{"CARGO_", "__CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "RUST_TARGET_PATH", "RUSTUP_FORCE_ARG0", "LLVM_OVERRIDE_PRODUCER"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// noConfig refuses a configuration of cargo in a directory that cargo is run in: cargo has
// no option to leave it alone. In a container whose HOME is "/" it may be there.
func noConfig(dir string) error {
	for _, name := range []string{"config", "config.toml"} {
		file := filepath.Join(dir, ".cargo", name)
		info, err := os.Stat(file)
		if err != nil || info.IsDir() {
			continue
		}
		if info.Mode().IsRegular() && empty(file) {
			continue
		}
		return problem.New(problem.Input, "cargo reads this file wherever it is run, and it would change what is built").At(file, 0).
			Hint("move the directory, mv %s DIR, and name it for downloads: CARGO_HOME=DIR", filepath.Dir(file))
	}
	return nil
}

// empty tells whether a file of TOML says nothing.
func empty(file string) bool {
	var keys map[string]any
	src, err := os.ReadFile(file)
	return err == nil && toml.Unmarshal(src, &keys) == nil && len(keys) == 0
}
