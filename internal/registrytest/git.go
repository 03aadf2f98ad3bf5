package registrytest

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
)

// speaksSparse: does the cargo of this machine speak the sparse protocol? From 1.68 on.
func speaksSparse() (bool, error) {
	out, err := exec.Command("cargo", "--version").Output()
	if err != nil {
		return false, fmt.Errorf("cargo --version: %w", err)
	}
	return cargo.AtLeast(strings.TrimPrefix(string(out), "cargo "), "1.68"), nil
}

// writeIndex makes a git repository of the index, in a new directory.
func (r *Registry) writeIndex() (string, error) {
	dir, err := os.MkdirTemp("", "registry-index")
	if err != nil {
		return "", err
	}
	files := map[string]string{"config.json": r.indexConfig()}
	for name, text := range r.index {
		files[indexPath(name)] = text
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return dir, err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return dir, err
		}
	}
	for _, args := range []string{"init -q", "add .", "-c user.name=x -c user.email=x@example.com -c commit.gpgsign=false commit -q -m x"} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, strings.Fields(args)...)...).CombinedOutput(); err != nil {
			return dir, fmt.Errorf("git %s: %w\n%s", args, err, out)
		}
	}
	return dir, nil
}

// indexPath is where a registry's index has a crate.
func indexPath(name string) string {
	switch n := len(name); n {
	case 1, 2:
		return path.Join(fmt.Sprint(n), name)
	case 3:
		return path.Join("3", name[:1], name)
	default:
		return path.Join(name[:2], name[2:4], name)
	}
}
