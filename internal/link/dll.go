package link

import (
	"context"
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// DllFile is the shared library for bytecode and toplevels: OCaml calls it .so on
// Linux and macOS alike.
const DllFile = "dllrust_bindings.so"

// Dll links archives into the shared library that bytecode and toplevels load, with
// everything that a static program would get of them: cargo's own cdylib would hide the C
// symbols, and would be a second build. Symbols of OCaml's runtime stay undefined; the
// program has them. The library is put into the directory out, which is emptied; see
// [StandIns].
func Dll(ctx context.Context, getenv func(string) string, archives []Archive, out string) error {
	if err := errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o755)); err != nil {
		return err
	}
	var args, libs []string
	for _, a := range archives {
		for _, s := range a.Link.Symbols {
			args = append(args, "-Wl,-u,"+s)
		}
		args = append(args, a.Path)
		libs = append(libs, a.Link.Libraries()...)
	}
	return linkShared(ctx, getenv, filepath.Join(out, DllFile), append(args, libs...))
}

// linkShared links a shared library.
func linkShared(ctx context.Context, getenv func(string) string, file string, what []string) error {
	args := []string{"-shared", "-o", file}
	if runtime.GOOS == "darwin" {
		args = []string{"-dynamiclib", "-undefined", "dynamic_lookup", "-o", file}
	}
	cc := getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	out, err := exec.CommandContext(ctx, cc, append(args, what...)...).CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return problem.New(problem.Build, "%s cannot link the shared library: %w", cc, err).At(file, 0).Quote(string(out)).
			Hint("install a C compiler, or name one in CC; the archive itself is there and links into native programs")
	}
	return nil
}

// StandIns puts beside the shared library in out an empty one for each of the stubs that
// want symbols of it, under the same name, which needs both. OCaml loads the shared
// libraries of a program in the order of its libraries, and each at once with all its
// symbols: stubs that come before the Rust code would fail. Found first on
// CAML_LD_LIBRARY_PATH, a stand-in loads the Rust code with them.
func StandIns(ctx context.Context, getenv func(string) string, out string, stubs []string) error {
	if runtime.GOOS == "darwin" { // looks its symbols up when they are called
		return nil
	}
	dll := filepath.Join(out, DllFile)
	defined, _, err := dynamicSymbols(dll)
	if err != nil {
		return err
	}
	for _, stub := range stubs {
		_, wanted, err := dynamicSymbols(stub)
		if err != nil {
			continue // not a library of this machine
		}
		for s := range wanted {
			if defined[s] {
				if err := linkShared(ctx, getenv, filepath.Join(out, filepath.Base(stub)), []string{"-Wl,--no-as-needed", dll, stub}); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// dynamicSymbols are those that an ELF library defines, and those that it wants.
func dynamicSymbols(file string) (defined, wanted map[string]bool, err error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	list, err := f.DynamicSymbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return nil, nil, err
	}
	defined, wanted = map[string]bool{}, map[string]bool{}
	for _, s := range list {
		if s.Section == elf.SHN_UNDEF {
			wanted[s.Name] = true
		} else {
			defined[s.Name] = true
		}
	}
	return defined, wanted, nil
}
