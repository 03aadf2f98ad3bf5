package bindings

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// FindPrefix is the prefix of the switch that bindings are looked for in: given
// (--prefix), OPAM_SWITCH_PREFIX, <root>/_opam, or what opam says. It is empty where
// dune's own packages or OPAM_CARGO_PATH take the switch's place, and where there is
// none: the workspace may have all that is needed.
func FindPrefix(ctx context.Context, root, given string, getenv Getenv) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	if DunePackages(getenv) {
		return "", nil
	}
	prefix := likelyPrefix(root, getenv)
	if prefix == "" && getenv("OPAM_CARGO_PATH") == "" {
		prefix = askOpam(ctx, root)
	}
	if !isSwitch(prefix) {
		return "", nil
	}
	return prefix, nil
}

// NeedPrefix is [FindPrefix] for what works on a switch: having none is a problem, unless
// OPAM_CARGO_PATH takes its place.
func NeedPrefix(ctx context.Context, root, given string, getenv Getenv) (string, error) {
	prefix, err := FindPrefix(ctx, root, given, getenv)
	if err != nil || prefix != "" || getenv("OPAM_CARGO_PATH") != "" {
		return prefix, err
	}
	return "", noSwitch(root, getenv)
}

// InstallPrefix is where a package is installed that is in the directory cwd. It need
// not be a switch.
func InstallPrefix(ctx context.Context, cwd, given string, getenv Getenv) (string, error) {
	prefix := given
	if prefix == "" {
		prefix = likelyPrefix(cwd, getenv)
	}
	if prefix == "" {
		prefix = askOpam(ctx, cwd)
	}
	if prefix == "" {
		return "", noSwitch(cwd, getenv)
	}
	prefix, err := filepath.Abs(prefix)
	if err != nil {
		return "", err
	}
	return sandboxed(prefix, cwd), nil
}

func likelyPrefix(root string, getenv Getenv) string {
	if prefix := getenv("OPAM_SWITCH_PREFIX"); prefix != "" {
		return prefix
	}
	if local := filepath.Join(root, "_opam"); isSwitch(local) {
		return local
	}
	return ""
}

func askOpam(ctx context.Context, dir string) string {
	cmd := exec.CommandContext(ctx, "opam", "var", "prefix")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// noSwitch says why there is none.
func noSwitch(root string, getenv Getenv) *problem.Error {
	if prefix := getenv("OPAM_SWITCH_PREFIX"); prefix != "" && !DunePackages(getenv) {
		return problem.New(problem.Input, "%s is not the prefix of an opam switch: there is no .opam-switch/packages in it", prefix).
			Hint("select a switch: eval $(opam env), or name its prefix with --prefix")
	}
	return problem.New(problem.Input, "no opam switch: OPAM_SWITCH_PREFIX is not set, there is no %s, and `opam var prefix` gives none", filepath.Join(root, "_opam")).
		Hint("select a switch: eval $(opam env)").
		Hint("or name its prefix with --prefix; without opam, list rust-bindings directories in OPAM_CARGO_PATH")
}

// sandboxed is where a prefix is for a command that runs in cwd. dune builds a package
// <build>/<rest> below <build>/.sandbox/<hash>, whose <rest> it moves to its place at the
// end; what is there before makes it fail, now and in the next build.
func sandboxed(prefix, cwd string) string {
	const mark = "/.sandbox/"
	slashed := filepath.ToSlash(cwd)
	i := strings.LastIndex(slashed, mark)
	if i < 0 {
		return prefix
	}
	build := filepath.FromSlash(slashed[:i])
	hash, _, _ := strings.Cut(slashed[i+len(mark):], "/")
	info, err := os.Stat(build)
	if err != nil || hash == "" {
		return prefix
	}
	if rel, ok := tree.Below(filepath.Join(build, ".sandbox"), prefix); ok && rel != "." {
		return prefix // it is said in the sandbox's own terms
	}
	rest := ""
	for dir := prefix; dir != filepath.Dir(dir); dir = filepath.Dir(dir) { // one of the two may be written with links
		if at, err := os.Stat(dir); err == nil && os.SameFile(at, info) {
			return filepath.Join(build, ".sandbox", hash, rest)
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
	return prefix
}
