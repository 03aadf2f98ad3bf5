package bindings

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// FindPrefix is the prefix of the switch: given (--prefix), OPAM_SWITCH_PREFIX,
// <root>/_opam, or what opam says. It is empty without an error where
// OPAM_CARGO_PATH takes the switch's place.
func FindPrefix(ctx context.Context, root, given string, getenv Getenv) (string, error) {
	switch {
	case given != "":
		return filepath.Abs(given)
	case getenv("OPAM_SWITCH_PREFIX") != "":
		return getenv("OPAM_SWITCH_PREFIX"), nil
	case tree.IsDir(filepath.Join(root, "_opam", ".opam-switch")):
		return filepath.Join(root, "_opam"), nil
	case getenv("OPAM_CARGO_PATH") != "":
		return "", nil
	}
	cmd := exec.CommandContext(ctx, "opam", "var", "prefix")
	cmd.Dir = root
	out, err := cmd.Output()
	prefix := strings.TrimSpace(string(out))
	if err != nil || prefix == "" {
		return "", problem.New(problem.Input, "no opam switch: OPAM_SWITCH_PREFIX is not set, there is no %s, and `opam var prefix` gives none", filepath.Join(root, "_opam")).
			Hint("select a switch: eval $(opam env)").
			Hint("or name its prefix with --prefix; without opam, list rust-bindings directories in OPAM_CARGO_PATH")
	}
	return prefix, nil
}
