package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// staged is a file of W/bindings that the tool wrote: what it was made from.
type staged struct {
	Exec bool   `json:"exec,omitempty"`
	Link string `json:"link,omitempty"`
	Sum  string `json:"sum,omitempty"` // sha256 of what was written; empty: not sure that it was
}

type stagedFile struct {
	staged
	path    string // relative to W/bindings
	source  string // copied from here, unless content is set
	content []byte
	ours    bool // no build script writes it
}

// damaged tells whether a file that only we write is not what we wrote.
func (f *stagedFile) damaged(base string) bool {
	if !f.ours || f.Link != "" {
		return false
	}
	sum, err := tree.FileSum(filepath.Join(base, filepath.FromSlash(f.path)))
	return err != nil || sum != f.Sum
}

// Stage brings W/bindings to what the plan says. A file is written when its source
// changed or it is missing, never because a build script changed it, and only files that
// were written here are deleted (docs/facts.md#build-scripts-that-write). What is written
// gets a new mtime, so that cargo sees it (docs/facts.md#freshness). The list of what was
// written stands in W/bindings/.staged.json; a file that a killed run may have left half
// done is not in it with its sum, and so is written again.
func (p *Plan) Stage(d Dirs) error {
	want := p.stagedFiles()
	listFile := filepath.Join(d.Bindings(), ".staged.json")
	have, whole, err := readStaged(listFile)
	if err != nil {
		return err
	}
	if !whole { // nobody knows which files are ours
		if err := os.RemoveAll(d.Bindings()); err != nil {
			return err
		}
	}
	var todo []stagedFile
	next := map[string]staged{}
	for _, f := range want {
		next[f.path] = f.staged
		if have[f.path] != f.staged || !tree.Exists(filepath.Join(d.Bindings(), filepath.FromSlash(f.path))) || f.damaged(d.Bindings()) {
			todo = append(todo, f)
		}
	}
	var gone []string
	for name := range have {
		if _, ok := next[name]; !ok {
			gone = append(gone, name)
		}
	}
	if len(todo) == 0 && len(gone) == 0 {
		return nil
	}
	unsure := map[string]staged{}
	for name, s := range have {
		unsure[name] = s
	}
	for _, f := range todo {
		unsure[f.path] = staged{}
	}
	if err := writeStaged(listFile, unsure); err != nil {
		return err
	}
	if err := sweepStaged(d.Bindings(), todo, gone); err != nil {
		return err
	}
	sort.Strings(gone)
	for _, name := range gone {
		if err := removeStaged(d.Bindings(), name); err != nil {
			return err
		}
	}
	for _, f := range todo {
		if err := f.write(d.Bindings()); err != nil {
			return err
		}
	}
	return writeStaged(listFile, next)
}

// sweepStaged removes what a run left that was killed while it wrote a file: the file was
// then not sure, so that it is to be written, or to go, now.
func sweepStaged(base string, todo []stagedFile, gone []string) error {
	dirs := map[string]bool{}
	for _, f := range todo {
		dirs[path.Dir(f.path)] = true
	}
	for _, name := range gone {
		dirs[path.Dir(name)] = true
	}
	for dir := range dirs {
		if err := tree.Sweep(filepath.Join(base, filepath.FromSlash(dir))); err != nil {
			return err
		}
	}
	return nil
}

// stagedFiles lists every file that W/bindings should have.
func (p *Plan) stagedFiles() []stagedFile {
	var list []stagedFile
	for _, t := range p.trees {
		scripts := slices.ContainsFunc(t.Entries, func(e tree.Entry) bool { return strings.HasPrefix(path.Base(e.Path), "build") })
		for _, e := range t.Entries {
			f := stagedFile{
				ours:   !scripts || path.Base(e.Path) == "Cargo.toml",
				staged: staged{Exec: e.Exec, Link: e.Link, Sum: e.Sum},
				path:   path.Join(t.Package, e.Path),
				source: filepath.Join(t.Dir, filepath.FromSlash(e.Path)),
			}
			if m := t.Manifests[path.Dir(e.Path)]; path.Base(e.Path) == "Cargo.toml" && e.Link == "" && m != nil {
				f.content = m.Apply(p.edits(t, path.Dir(e.Path), m))
				f.Sum = tree.BytesSum(f.content)
			}
			list = append(list, f)
		}
	}
	return list
}

// StagedManifest is the text of a tree's manifest as it is staged.
func (p *Plan) StagedManifest(t *bindings.Tree, dir string) []byte {
	m := t.Manifests[dir]
	return m.Apply(p.edits(t, dir, m))
}

func (f *stagedFile) write(base string) error {
	if err := clearWay(base, f.path); err != nil {
		return err
	}
	file, err := tree.In(base, f.path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if f.Link != "" {
		os.Remove(file)
		return os.Symlink(filepath.FromSlash(f.Link), file)
	}
	content := f.content
	if content == nil {
		if content, err = tree.Read(f.source, tree.MostOfSource); err != nil {
			return err
		}
		if sum := tree.BytesSum(content); sum != f.Sum {
			return problem.New(problem.Input, "the file changed while the tree was read, as when its package is installed at the same time").At(f.source, 0).
				Hint("run the same command again")
		}
	}
	return tree.Write(file, content, f.Exec)
}

// clearWay removes what stands where a directory on the way to name, or name
// itself, must be: a tree may have turned a link into a directory, or a
// directory into a file. Nothing is ever written through a link.
func clearWay(base, name string) error {
	if !fs.ValidPath(name) {
		return fmt.Errorf("%q %w", name, tree.ErrOut)
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		full := filepath.Join(base, filepath.FromSlash(dir))
		info, err := os.Lstat(full)
		if err == nil && !info.IsDir() {
			if err := os.Remove(full); err != nil {
				return err
			}
		}
	}
	full := filepath.Join(base, filepath.FromSlash(name))
	if info, err := os.Lstat(full); err == nil && info.IsDir() {
		return os.RemoveAll(full)
	}
	return nil
}

// removeStaged deletes one file and the directories that this leaves empty.
func removeStaged(base, name string) error {
	file, err := tree.In(base, name)
	if errors.Is(err, tree.ErrOut) && fs.ValidPath(name) {
		return nil // a file or a link stands where its directory was: what was written is gone
	}
	if err != nil {
		return err
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) && tree.Exists(file) {
		return err
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if os.Remove(filepath.Join(base, filepath.FromSlash(dir))) != nil {
			break // not empty: a build script's files, or more of the tree
		}
	}
	return nil
}

// readStaged reads the list; whole is false where it is damaged, or another release's.
func readStaged(file string) (list map[string]staged, whole bool, err error) {
	src, err := tree.Read(file, tree.MostOfList)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	if json.Unmarshal(src, &list) != nil || list == nil {
		return nil, false, nil
	}
	for name := range list {
		if !fs.ValidPath(name) {
			return nil, false, nil
		}
	}
	return list, true, nil
}

func writeStaged(file string, list map[string]staged) error {
	text, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		return err
	}
	return tree.WriteIfChanged(file, text, false)
}
