package synth

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/term"
)

// rustToolchain is the channel that the program's own rust-toolchain file asks
// for, if rustup has it installed; else empty, with a warning. The files in the
// bindings' trees do not count: one program is built by one toolchain (FACTS T1).
func rustToolchain(ctx context.Context, root string, getenv bindings.Getenv, out *term.Printer) string {
	file, channel := readToolchain(root)
	if channel == "" {
		return ""
	}
	if over := getenv("RUSTUP_TOOLCHAIN"); over != "" {
		out.Detail("%s asks for %s; RUSTUP_TOOLCHAIN=%s comes before it", file, channel, over)
		return ""
	}
	cmd := exec.CommandContext(ctx, "rustup", "which", "--toolchain", channel, "cargo")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "RUSTUP_AUTO_INSTALL=0")
	if err := cmd.Run(); err != nil {
		out.Warn("%s asks for the toolchain %s, which is not installed; the default one is used", file, channel)
		out.Hint("install it: rustup toolchain install %s", channel)
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
