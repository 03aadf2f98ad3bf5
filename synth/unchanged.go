package synth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// lastBuild is W/out/last.json: a finished build, and what its archives depend on that
// the key does not say. A build with the same key, all of whose files are as they were,
// need not ask cargo: it would find every unit fresh. Nothing here is compared by mtime
// (FACTS F10).
type lastBuild struct {
	Key      string            `json:"key"`
	Record   *Record           `json:"record"`
	Archives []BuiltArchive    `json:"archives"`
	Watched  map[string]string `json:"watched,omitempty"` // files outside of W that build scripts watch: sha256; empty: not there
}

func (s *State) lastFile() string { return filepath.Join(s.Dirs.Out(), "last.json") }

// buildKey fingerprints what the archives depend on: the resolution, the whole plan with
// the hashes of all trees, the options, the toolchain, and this program itself.
func (s *State) buildKey(ctx context.Context) (string, error) {
	tools, err := s.site.Versions.Get()
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, RecordFormat, s.Version, s.Dirs.W, s.Prefix, s.res.Key, s.res.Registry, s.Profile, s.Target, s.Rustflags, s.Wrapper, s.Each, tools)
	if info, err := os.Stat(s.Self); err == nil { // another build of the tool under one version
		fmt.Fprintln(&b, info.Size(), info.ModTime().UnixNano())
	}
	for _, t := range s.Plan.Trees() {
		fmt.Fprintln(&b, t.Package, t.Hash)
	}
	b.Write(s.planJSON)
	return tree.BytesSum(b.Bytes()), nil
}

// unchanged is the last build, if this one would give the same.
func (s *State) unchanged(key string) (*lastBuild, bool) {
	src, err := os.ReadFile(s.lastFile())
	if err != nil {
		return nil, false
	}
	var last lastBuild
	if json.Unmarshal(src, &last) != nil || last.Key != key || last.Record == nil {
		return nil, false
	}
	env := s.buildVariables(context.Background())
	for _, v := range last.Record.Variables {
		if recordVariable(v.Name, env) != v {
			s.Term.Detail("the variable %s has changed since the last build", v.Name)
			return nil, false
		}
	}
	for file, sum := range last.Watched {
		if now, err := tree.FileSum(file); err != nil && sum != "" || err == nil && now != sum {
			s.Term.Detail("%s, which a build script watches, has changed since the last build", file)
			return nil, false
		}
	}
	for i, a := range last.Archives {
		info, err := os.Stat(a.Path)
		if err != nil || info.Size() != last.Record.Archives[i].Size {
			return nil, false
		}
	}
	return &last, true
}

// remember keeps a finished build, unless something in it cannot be compared later: a
// directory that a build script watches, or words that a user wants to see every time.
func (b *Built) remember(rec *Record) error {
	if b.said {
		return nil
	}
	last := lastBuild{Key: b.key, Record: rec, Archives: b.Archives, Watched: map[string]string{}}
	for _, file := range b.watched {
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
	return tree.WriteIfChanged(b.lastFile(), text, false)
}

var watches = regexp.MustCompile(`(?m)^cargo::?rerun-if-changed=(.+)$`)

// watchedFiles are the files outside of W and of the switch's store that build scripts
// told cargo to watch.
func (s *State) watchedFiles(said []string) []string {
	var list []string
	for _, text := range said {
		for _, m := range watches.FindAllStringSubmatch(text, -1) {
			file := strings.TrimSpace(m[1])
			if filepath.IsAbs(file) && !s.ours(file) && !slices.Contains(list, file) {
				list = append(list, file)
			}
		}
	}
	sort.Strings(list)
	return list
}

// ours tells whether a file lies in W, or in the switch's store.
func (s *State) ours(file string) bool {
	_, inW := tree.Below(s.Dirs.W, file)
	_, inStore := tree.Below(s.site.CrateStore(), file)
	return inW || s.site.CrateStore() != "" && inStore
}

var envDep = regexp.MustCompile(`(?m)^# env-dep:([^=\n]+)`)

// embeddedVariables are the environment variables that sources read while they are
// compiled (env!), as rustc's dependency files tell; those that cargo sets aside.
func embeddedVariables(artifacts []artifact) []string {
	var names []string
	for _, a := range artifacts {
		file := strings.TrimSuffix(filepath.Base(a.rlib), ".rlib")
		text, err := os.ReadFile(filepath.Join(filepath.Dir(a.rlib), strings.TrimPrefix(file, "lib")+".d"))
		if err != nil {
			continue
		}
		for _, m := range envDep.FindAllStringSubmatch(string(text), -1) {
			if name := m[1]; !strings.HasPrefix(name, "CARGO") && name != "OUT_DIR" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
