package workspace

import (
	"os"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Write brings the files of W to the plan, but for the lock and the crates.
func (p *Plan) Write(d Dirs) error {
	files, err := p.Files()
	if err != nil {
		return err
	}
	dirs := map[string]bool{d.Bindings(): true, d.Cache(): true, d.Out(): true}
	for _, f := range files {
		dirs[filepath.Dir(filepath.Join(d.W, filepath.FromSlash(f.Path)))] = true
	}
	for dir := range dirs {
		if err := tree.Sweep(dir); err != nil {
			return err
		}
	}
	if err := p.Stage(d); err != nil {
		return err
	}
	for _, f := range files {
		file, err := tree.In(d.W, f.Path)
		if err == nil {
			err = tree.WriteIfChanged(file, f.Content, false)
		}
		if err != nil {
			return err
		}
	}
	for _, dir := range tree.Glob(d.Each(), "*") { // of bindings that are gone: cargo would take them for members
		if !dirs[dir] {
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		}
	}
	return nil
}
