package handover

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/link"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/record"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Dll links the archives of a record, which are in dir, into the shared library for
// bytecode and toplevels. It is put into dir, and into W/dll beside stand-ins for the stubs
// of the bindings; W/dll is returned.
func Dll(ctx context.Context, root *bindings.Root, prefix, dir string, rec *record.Record, getenv bindings.Getenv) (string, error) {
	archives := make([]link.Archive, 0, len(rec.Archives))
	for _, a := range rec.Archives {
		file := filepath.Join(dir, a.Name)
		if _, err := os.Stat(file); err != nil {
			return "", problem.New(problem.Input, "there is no %s in %s", a.Name, dir).Hint("run: opam-cargo build")
		}
		archives = append(archives, link.Archive{Path: file, Link: a.Link})
	}
	out := workspace.Of(root).Dll()
	if err := link.Dll(ctx, getenv, archives, out); err != nil {
		return "", err
	}
	content, err := os.ReadFile(filepath.Join(out, link.DllFile))
	if err != nil {
		return "", err
	}
	if err := tree.WriteIfChanged(filepath.Join(dir, link.DllFile), content, true); err != nil {
		return "", cannot(dir, err)
	}
	return out, link.StandIns(ctx, getenv, out, stubs(root, bindings.LibraryDirs(prefix, getenv)))
}

// stubs lists the stub libraries beside the installed libraries, which are in these
// directories, and of the root's own dune build.
func stubs(root *bindings.Root, libs []string) []string {
	var list []string
	for _, dir := range libs {
		list = append(list, tree.Glob(dir, "*/dll*.so")...) // stublibs too
	}
	built := root.Context
	if built == "" {
		built = "default"
	}
	build, below := root.BuildDir()
	built = filepath.Join(build, built, below)
	_ = filepath.WalkDir(built, func(file string, d fs.DirEntry, err error) error { // what cannot be read is not there
		if err == nil && strings.HasPrefix(d.Name(), "dll") && strings.HasSuffix(d.Name(), ".so") && d.Name() != link.DllFile {
			list = append(list, file)
		}
		return nil
	})
	return list
}
