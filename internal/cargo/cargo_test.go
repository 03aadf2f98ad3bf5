package cargo

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// As cargo compares a rust-version with its rustc.
func TestAtLeast(t *testing.T) {
	for _, c := range []struct {
		version, min string
		want         bool
	}{
		{"1.95.0", "1.95.0", true},
		{"1.95.0", "1.95", true},
		{"1.95.0", "1", true},
		{"1.95.0", "1.95.9", false},
		{"1.95.9", "1.95.0", true},
		{"1.95.10", "1.95.9", true},
		{"1.95.0", "1.100", false},
		{"1.100.0", "1.95.9", true},
		{"2.0.0", "1.95.9", true},
		{"1.95.0", "2", false},
		{"1.97.0-nightly", "1.97.0", true},
		{"1.97.0-nightly", "1.97.1", false},
		{"1.96.0-beta.3 (0123abcd 2026-04-01)", "1.96", true},
		{"1.63.0 (fd9c4297c 2022-07-01)", "1.65", false},
		{"", "1.65", false},
		{"1.65", "", true},
	} {
		if got := AtLeast(c.version, c.min); got != c.want {
			t.Errorf("%q, at least %q: %v", c.version, c.min, got)
		}
	}
}

// What cargo, rustc and rustup read, and what they must have.
func TestEnvironment(t *testing.T) {
	for name, stays := range map[string]bool{
		"CARGO_BUILD_RUSTC_WRAPPER": false, "CARGO_ENCODED_RUSTFLAGS": false, "CARGO_PROFILE_RELEASE_LTO": false,
		"CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER": false, "CARGO_UNSTABLE_BUILD_STD": false, "CARGO_LOG": false,
		"__CARGO_DEFAULT_LIB_METADATA": false, "__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS": false,
		"__CARGO_TEST_ROOT": false, "__CARGO_FIX_PLZ": false, "__CARGO_ANYTHING_NEW": false,
		"RUSTC": false, "RUSTC_BOOTSTRAP": false, "RUSTC_WRAPPER": false, "RUSTC_WORKSPACE_WRAPPER": false, "RUSTC_FORCE_RUSTC_VERSION": false,
		"RUSTDOC": false, "RUSTDOCFLAGS": false, "RUSTFLAGS": false, "RUST_TARGET_PATH": false, "RUSTUP_FORCE_ARG0": false, "LLVM_OVERRIDE_PRODUCER": false,
		"HOME": true, "PATH": true, "RUSTUP_HOME": true, "RUST_BACKTRACE": true, "CC": true, "CFLAGS": true, "MAKEFLAGS": true, "TMPDIR": true,
	} {
		got := environment([]string{name + "=hostile"}, "/home", "")
		if slices.Contains(got, name+"=hostile") != stays {
			t.Errorf("%s stays: %v", name, !stays)
		}
	}
}

// A configuration above the directory that cargo is run in.
func TestNoConfig(t *testing.T) {
	text := func(text string) func(string) error {
		return func(file string) error { return os.WriteFile(file, []byte(text), 0o644) }
	}
	for _, c := range []struct {
		what    string
		make    func(file string) error
		refused bool
	}{
		{"a wrapper", text("[build]\nrustc-wrapper = \"/tmp/x\"\n"), true},
		{"an alias", text("alias.build = \"run\"\n"), true},
		{"no TOML", text("[build\n"), true},
		{"a link to one", func(file string) error {
			return errors.Join(os.WriteFile(file+".real", []byte("[env]\nX = \"1\"\n"), 0o644), os.Symlink(file+".real", file))
		}, true},
		{"a FIFO", func(file string) error { return syscall.Mkfifo(file, 0o644) }, true},
		{"an empty file", text(""), false},
		{"a comment", text("# [build]\n"), false},
		{"a directory", func(file string) error { return os.Mkdir(file, 0o755) }, false},
		{"a link to nothing", func(file string) error { return os.Symlink("nothing", file) }, false},
	} {
		for _, name := range []string{"config", "config.toml"} {
			dir := t.TempDir()
			file := filepath.Join(dir, ".cargo", name)
			if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o755), c.make(file)); err != nil {
				t.Fatal(err)
			}
			err := noConfig(dir)
			if (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), file) {
				t.Errorf("%s as %s: %v", c.what, name, err)
			}
		}
	}
}
