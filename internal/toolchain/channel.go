package toolchain

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Wanted says which cargo is meant.
type Wanted struct {
	Program string // the program, or its name on PATH; empty: cargo
	Root    string // of the program that is built: its rust-toolchain file counts; empty: none
	Getenv  func(name string) string
	Out     *term.Printer
}

// Find finds it; home becomes its CARGO_HOME.
func (w Wanted) Find(ctx context.Context, home string) (*cargo.Cargo, error) {
	return cargo.Find(w.Program, home, w.channel(ctx))
}

// InScratch finds it and lets use have it, with a scratch directory that is removed
// afterwards and has its CARGO_HOME.
func (w Wanted) InScratch(ctx context.Context, use func(c *cargo.Cargo, dir string) error) error {
	dir, err := tree.Scratch("opam-cargo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c, err := w.Find(ctx, filepath.Join(dir, "cargo-home"))
	if err != nil {
		return err
	}
	return use(c, dir)
}

// channel is the one that the program's own rust-toolchain file asks for, if rustup has
// it installed; else empty, with a warning. The files in the bindings' trees do not
// count: one program is built by one toolchain, and rustup would take each for its
// directory's.
func (w Wanted) channel(ctx context.Context) string {
	if w.Root == "" {
		return ""
	}
	file, channel := readToolchain(w.Root)
	if channel == "" {
		return ""
	}
	if over := w.Getenv("RUSTUP_TOOLCHAIN"); over != "" {
		w.Out.Detail("%s asks for %s; RUSTUP_TOOLCHAIN=%s comes before it", file, channel, over)
		return ""
	}
	cmd := exec.CommandContext(ctx, "rustup", "which", "--toolchain", channel, "cargo")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "RUSTUP_AUTO_INSTALL=0")
	if err := cmd.Run(); err != nil {
		w.Out.Warn("%s asks for the toolchain %s, which is not installed; the default one is used", file, channel)
		w.Out.Hint("install it: rustup toolchain install %s", channel)
		return ""
	}
	return channel
}

func readToolchain(root string) (file, channel string) {
	for _, file := range []string{"rust-toolchain.toml", "rust-toolchain"} {
		src, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			continue
		}
		var t struct {
			Toolchain struct {
				Channel string `toml:"channel"`
			} `toml:"toolchain"`
		}
		if toml.Unmarshal(src, &t) == nil && t.Toolchain.Channel != "" {
			return file, t.Toolchain.Channel
		}
		if text := strings.TrimSpace(string(src)); !strings.ContainsAny(text, "\n[=") {
			return file, text
		}
	}
	return "", ""
}
