package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/compile"
	"github.com/opam-cargo/opam-cargo/internal/link"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Last is W/out/last.json: a finished build, and what its archives depend on that the key
// does not say. A build with the same key, all of whose files are as they were, need not
// ask cargo: it would find every unit fresh. Nothing here is compared by mtime, which dune,
// git and tar set as they like.
type Last struct {
	Key      string            `json:"key"`
	Record   *Record           `json:"record"`
	Archives []link.Archive    `json:"archives"`
	Wanted   link.Wanted       `json:"wanted"`
	Watched  map[string]string `json:"watched,omitempty"` // files outside of W that build scripts watch: sha256; empty: not there
}

func lastFile(d workspace.Dirs) string { return filepath.Join(d.Out(), "last.json") }

// Key fingerprints what the archives depend on: the resolution, the whole plan with the
// hashes of all trees, the options, the toolchain, and this program itself.
func Key(in Input) (string, error) {
	tools, err := in.Site.Versions.Get()
	if err != nil {
		return "", err
	}
	plan, err := in.Plan.JSON(in.Resolution.Lock, in.Resolution.Vendored)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	o, res := in.Compile, in.Resolution
	fmt.Fprintln(&b, Format, in.Version, in.Site.Dirs.W, in.Site.Prefix, res.Key, res.Registry, tools)
	fmt.Fprintln(&b, o.Profile, o.Target, o.Rustflags, o.Wrapper)
	if info, err := os.Stat(in.Self); err == nil { // another build of the tool under one version
		fmt.Fprintln(&b, info.Size(), info.ModTime().UnixNano())
	}
	for _, t := range in.Plan.Trees() {
		fmt.Fprintln(&b, t.Package, t.Hash)
	}
	b.Write(plan)
	for _, v := range in.Resolution.Vendored {
		fmt.Fprintln(&b, v.Content)
	}
	return tree.BytesSum(b.Bytes()), nil
}

// Unchanged is the last build, if one with this key would give the same; values are the
// variables that cargo would get.
func Unchanged(d workspace.Dirs, root, key string, values map[string]string, detail func(format string, args ...any)) (*Last, bool) {
	src, err := os.ReadFile(lastFile(d))
	if err != nil {
		return nil, false
	}
	var last Last
	if json.Unmarshal(src, &last) != nil || last.Key != key || last.Record == nil || len(last.Archives) != len(last.Record.Archives) {
		return nil, false
	}
	for _, v := range last.Record.Variables {
		if compile.Of(v.Name, values) != v {
			detail("the variable %s has changed since the last build", v.Name)
			return nil, false
		}
	}
	for file, sum := range last.Watched {
		if now, err := tree.FileSum(file); err != nil && sum != "" || err == nil && now != sum {
			detail("%s, which a build script watches, has changed since the last build", file)
			return nil, false
		}
	}
	for i, a := range last.Archives {
		info, err := os.Stat(a.Path)
		if err != nil || info.Size() != last.Record.Archives[i].Size {
			return nil, false
		}
	}
	if !last.Wanted.Same(root) {
		detail("other symbols are wanted than in the last build")
		return nil, false
	}
	return &last, true
}

// Forget drops the last build, before another one begins.
func Forget(d workspace.Dirs) error {
	if err := os.Remove(lastFile(d)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// Remember keeps a finished build, unless a watched file cannot be compared later, as a
// directory cannot.
func Remember(d workspace.Dirs, last Last, watched []string) error {
	last.Watched = map[string]string{}
	for _, file := range watched {
		info, err := os.Stat(file)
		switch {
		case os.IsNotExist(err):
			last.Watched[file] = ""
		case err != nil || !info.Mode().IsRegular():
			return nil
		default:
			if last.Watched[file], err = tree.FileSum(file); err != nil {
				return nil //nolint:nilerr // it cannot be compared
			}
		}
	}
	text, err := json.Marshal(last)
	if err != nil {
		return err
	}
	return tree.WriteIfChanged(lastFile(d), text, false)
}
