package synth

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// DllFile is the shared library for bytecode and toplevels: OCaml calls it .so on
// Linux and macOS alike.
const DllFile = "dllrust_bindings.so"

// MakeDll links the archive in dir into the shared library that bytecode and
// toplevels load, with everything that a static program would get of it: cargo's
// own cdylib would hide the C symbols, and would be a second build. Symbols of
// OCaml's runtime stay undefined; the program has them.
func MakeDll(ctx context.Context, dir string, rec *Record, getenv func(string) string) (string, error) {
	for _, a := range rec.Archives {
		if _, err := os.Stat(filepath.Join(dir, a.Name)); err != nil {
			return "", problem.New(problem.Input, "there is no %s in %s", a.Name, dir).Hint("run: opam-cargo build")
		}
	}
	dll := filepath.Join(dir, DllFile)
	tmp, err := os.CreateTemp(dir, ".dllrust_bindings-*")
	if err != nil {
		return "", handOverProblem(dir, err)
	}
	tmp.Close()
	defer os.Remove(tmp.Name())
	args := []string{"-shared", "-o", tmp.Name()}
	if runtime.GOOS == "darwin" {
		args = []string{"-dynamiclib", "-undefined", "dynamic_lookup", "-o", tmp.Name()}
	}
	var libs []string
	for _, a := range rec.Archives {
		for _, s := range a.Link.Symbols {
			args = append(args, "-Wl,-u,"+s)
		}
		args = append(args, filepath.Join(dir, a.Name))
		libs = append(libs, a.Link.NativeLibs...)
	}
	args = append(args, libs...)
	cc := getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	out, err := exec.CommandContext(ctx, cc, args...).CombinedOutput()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", problem.New(problem.Build, "%s cannot link the shared library: %w", cc, err).At(dll, 0).Quote(string(out)).
			Hint("install a C compiler, or name one in CC; the archive itself is there and links into native programs")
	}
	if err := os.Chmod(tmp.Name(), 0o755); err != nil {
		return "", err
	}
	return dll, os.Rename(tmp.Name(), dll)
}
