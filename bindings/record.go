package bindings

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/internal/manifest"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// recordFormat is the version of binding.toml's shape.
const recordFormat = 1

// record is binding.toml: what `install` found out about a tree, so that the
// programs that use it need not ask cargo again. It holds only as long as the
// tree has the recorded hash.
type record struct {
	Format      int      `toml:"format"`
	Package     string   `toml:"package"`
	Version     string   `toml:"version,omitempty"`
	Tree        string   `toml:"tree"`
	Manifest    string   `toml:"manifest,omitempty"` // directory of the manifest that was named, where it is not the tree's own
	Exports     []string `toml:"exports"`
	RustVersion string   `toml:"rust-version,omitempty"`
	Layout
}

func recordPath(dir string) string {
	return filepath.Join(dir, tree.Private, "binding.toml")
}

func (t *Tree) record() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Written by opam-cargo install; the tree beside it is as its author wrote it.\n")
	start := t.Start
	if start == "." {
		start = ""
	}
	err := toml.NewEncoder(&b).Encode(record{
		Format: recordFormat, Package: t.Package, Version: t.Version, Tree: t.Hash, Manifest: start,
		Exports: t.Exports, RustVersion: t.RustVersion(), Layout: t.Layout,
	})
	return b.Bytes(), err
}

// readRecord reads the binding.toml of the tree in dir; nil where there is none
// (a tree that was copied there by hand).
func readRecord(pkg, dir string) (*record, error) {
	file := recordPath(dir)
	src, err := tree.Read(file, tree.MostOfList)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r record
	if err := toml.Unmarshal(src, &r); err != nil {
		return nil, manifest.SyntaxError(file, err).In(pkg).Hint("install the package again: opam reinstall %s", pkg)
	}
	if r.Format > recordFormat {
		return nil, problem.New(problem.Input, "the file has format %d, which a newer opam-cargo wrote; this one reads up to %d", r.Format, recordFormat).
			In(pkg).At(file, 0).Hint("get that one: opam upgrade opam-cargo")
	}
	if r.Manifest != "" && (r.Manifest != path.Clean(r.Manifest) || !fs.ValidPath(r.Manifest)) {
		return nil, problem.New(problem.Input, "the manifest is in %q, which is not in the tree", r.Manifest).In(pkg).At(file, 0).
			Hint("install the package again: opam reinstall %s", pkg)
	}
	for _, c := range r.Crates {
		if c.Dir != path.Clean(c.Dir) || !fs.ValidPath(c.Dir) {
			return nil, problem.New(problem.Input, "crate %s has the directory %q, which is not in the tree", c.Name, c.Dir).In(pkg).At(file, 0).
				Hint("install the package again: opam reinstall %s", pkg)
		}
	}
	return &r, nil
}
