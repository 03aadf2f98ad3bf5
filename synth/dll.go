package synth

import (
	"context"
	"debug/elf"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// DllFile is the shared library for bytecode and toplevels: OCaml calls it .so on
// Linux and macOS alike.
const DllFile = "dllrust_bindings.so"

// MakeDll links the archives in dir into the shared library that bytecode and
// toplevels load, with everything that a static program would get of them: cargo's
// own cdylib would hide the C symbols, and would be a second build. Symbols of
// OCaml's runtime stay undefined; the program has them. The library is put into dir,
// and into W/dll beside stand-ins for the stubs of the bindings; W/dll is returned.
func MakeDll(ctx context.Context, root *bindings.Root, prefix, dir string, rec *Record, getenv bindings.Getenv) (string, error) {
	for _, a := range rec.Archives {
		if _, err := os.Stat(filepath.Join(dir, a.Name)); err != nil {
			return "", problem.New(problem.Input, "there is no %s in %s", a.Name, dir).Hint("run: opam-cargo build")
		}
	}
	out := workspace.Of(root.Dir, root.Context).Dll()
	if err := errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o755)); err != nil {
		return "", err
	}
	var args, libs []string
	for _, a := range rec.Archives {
		for _, s := range a.Link.Symbols {
			args = append(args, "-Wl,-u,"+s)
		}
		args = append(args, filepath.Join(dir, a.Name))
		libs = append(libs, a.Link.NativeLibs...)
	}
	dll := filepath.Join(out, DllFile)
	if err := linkShared(ctx, getenv, dll, append(args, libs...)); err != nil {
		return "", err
	}
	content, err := os.ReadFile(dll)
	if err != nil {
		return "", err
	}
	if err := tree.WriteIfChanged(filepath.Join(dir, DllFile), content, true); err != nil {
		return "", handOverProblem(dir, err)
	}
	if runtime.GOOS == "darwin" { // looks its symbols up when they are called
		return out, nil
	}
	return out, standIns(ctx, getenv, dll, stubDlls(root, prefix))
}

// linkShared links a shared library.
func linkShared(ctx context.Context, getenv bindings.Getenv, file string, what []string) error {
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

// standIns puts beside dll an empty library for each of the stubs that want symbols of
// it, under the same name, which needs both. OCaml loads the shared libraries of a
// program in the order of its libraries, and each at once with all its symbols: stubs
// that come before the Rust code would fail. Found first on CAML_LD_LIBRARY_PATH, a
// stand-in loads the Rust code with them.
func standIns(ctx context.Context, getenv bindings.Getenv, dll string, stubs []string) error {
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
				name := filepath.Join(filepath.Dir(dll), filepath.Base(stub))
				if err := linkShared(ctx, getenv, name, []string{"-Wl,--no-as-needed", dll, stub}); err != nil {
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

// stubDlls lists the stub libraries of the switch and of the root's own dune build.
func stubDlls(root *bindings.Root, prefix string) []string {
	var list []string
	for _, pattern := range []string{"lib/stublibs/dll*.so", "lib/*/dll*.so"} {
		list = append(list, tree.Glob(prefix, pattern)...)
	}
	context := root.Context
	if context == "" {
		context = "default"
	}
	_ = filepath.WalkDir(filepath.Join(root.Dir, "_build", context), func(file string, d fs.DirEntry, err error) error { // what cannot be read is not there
		if err == nil && strings.HasPrefix(d.Name(), "dll") && strings.HasSuffix(d.Name(), ".so") && d.Name() != DllFile {
			list = append(list, file)
		}
		return nil
	})
	return list
}
