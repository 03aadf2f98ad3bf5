package synth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// RecordFormat is the version of the JSON shape of a [Record].
const RecordFormat = 2

// Record is rust-bindings.json: what the archives were made from, enough to make them
// again; docs/schema/record.schema.json describes it. It holds no path of the machine
// and no time, so that equal builds have equal records.
type Record struct {
	Format    int                `json:"format"`
	Tool      string             `json:"tool"` // opam-cargo VERSION
	Packages  []string           `json:"packages"`
	Toolchain toolchain.Versions `json:"toolchain"`
	Profile   string             `json:"profile"`
	Target    string             `json:"target"`
	Rustflags string             `json:"rustflags,omitempty"`
	Bindings  []RecordedBinding  `json:"bindings"`
	Patches   []RecordedTree     `json:"patches,omitempty"`
	Crates    []RecordedCrate    `json:"crates"`
	Variables []RecordedVariable `json:"variables,omitempty"`
	Embeds    []string           `json:"embeds,omitempty"` // crates whose code holds the path of the build directory
	Archives  []RecordedArchive  `json:"archives"`
	Files     []RecordedFile     `json:"files"`
	Settings  string             `json:"settings,omitempty"` // the text of rust-bindings/settings.toml
	Lock      string             `json:"lock"`               // the text of Cargo.lock
}

// RecordedBinding is a binding of a [Record].
type RecordedBinding struct {
	Package string   `json:"package"`
	Version string   `json:"version,omitempty"`
	Dir     string   `json:"dir,omitempty"` // of a tree of the program's own sources, relative to their root
	Tree    string   `json:"tree"`
	Exports []string `json:"exports"`
}

// RecordedTree is a directory of the program's sources that the settings patch a crate
// with.
type RecordedTree struct {
	Dir  string `json:"dir"`
	Tree string `json:"tree"`
}

// RecordedCrate is a crate that was compiled for the archives, or to make them; path
// crates have no checksum.
type RecordedCrate struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Source   string   `json:"source,omitempty"`
	Checksum string   `json:"checksum,omitempty"`
	Features []string `json:"features,omitempty"`
}

// RecordedVariable is an environment variable that a build script asked for.
type RecordedVariable struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256,omitempty"` // of its value; empty: it was not set
}

// RecordedArchive is a static library of a [Record].
type RecordedArchive struct {
	Name    string `json:"name"`
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
	Package string `json:"package,omitempty"` // with --each, the binding that it is of
	Link    Link   `json:"link"`
}

// RecordedFile is another file that was handed over.
type RecordedFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Link is what a linker needs besides the archive.
type Link struct {
	Symbols    []string `json:"symbols"`     // to be wanted with -u
	NativeLibs []string `json:"native_libs"` // as rustc says, in its order
}

func (b *Built) record(ctx context.Context) (*Record, error) {
	rec := &Record{
		Format: RecordFormat, Tool: "opam-cargo " + b.Version, Packages: b.Plan.Packages,
		Profile: b.Profile, Target: b.Target, Rustflags: b.Rustflags, Lock: string(b.Lock.Format()),
	}
	var err error
	if rec.Toolchain, err = b.site.Versions.Get(); err != nil {
		return nil, err
	}
	if rec.Target == "" {
		rec.Target = rec.Toolchain.Host
	}
	settings, err := os.ReadFile(filepath.Join(b.Root.Dir, "rust-bindings", "settings.toml"))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	rec.Settings = string(settings)
	for i, t := range b.Plan.Trees() {
		dir := ""
		if rel, ok := tree.Below(b.Root.Dir, t.Dir); ok && t.Origin == bindings.InTree {
			dir = filepath.ToSlash(rel)
		}
		if i < len(b.Plan.Bindings) {
			rec.Bindings = append(rec.Bindings, RecordedBinding{Package: t.Package, Version: t.Version, Dir: dir, Tree: t.Hash, Exports: t.Exports})
		} else {
			rec.Patches = append(rec.Patches, RecordedTree{Dir: dir, Tree: t.Hash})
		}
	}
	rec.Crates, rec.Variables = b.recordedCrates(), b.variables
	for _, a := range b.Archives {
		content, err := os.ReadFile(a.Path)
		if err != nil {
			return nil, err
		}
		rec.Archives = append(rec.Archives, RecordedArchive{Name: a.File(), SHA256: tree.BytesSum(content), Size: int64(len(content)), Package: a.Package, Link: a.Link})
		if bytes.Contains(content, []byte(b.Dirs.W)) {
			if rec.Embeds, err = b.embedding(); err != nil {
				return nil, err
			}
		}
		for _, f := range a.files() {
			rec.Files = append(rec.Files, RecordedFile{f.name, tree.BytesSum(f.content)})
		}
	}
	return rec, nil
}

// embedding lists the crates whose objects hold the path of W in spite of all mapping:
// what they were compiled from said it as a string.
func (b *Built) embedding() ([]string, error) {
	var list []string
	for _, n := range b.Crates {
		for _, rlib := range b.rlibs[n.Manifest] {
			content, err := os.ReadFile(rlib)
			if err != nil {
				return nil, err
			}
			if id := n.Name + " " + n.Version; bytes.Contains(content, []byte(b.Dirs.W)) && !slices.Contains(list, id) {
				list = append(list, id)
			}
		}
	}
	return list, nil
}

func (b *Built) recordedCrates() []RecordedCrate {
	sums := graph.Checksums(b.Lock)
	list := make([]RecordedCrate, 0, len(b.Crates))
	for _, n := range b.Crates {
		list = append(list, RecordedCrate{Name: n.Name, Version: n.Version, Source: n.Source, Checksum: sums[n.Key()], Features: b.features[n.Manifest]})
	}
	sort.Slice(list, func(i, j int) bool {
		return list[i].Name+" "+list[i].Version+list[i].Source < list[j].Name+" "+list[j].Version+list[j].Source
	})
	return list
}

// Here is the toolchain that a build by o would have, and what it would have of the
// variables that a record names.
func Here(ctx context.Context, o Options, asked []RecordedVariable) (toolchain.Versions, []RecordedVariable, error) {
	s := &State{Options: o}
	home, err := tree.Scratch("opam-cargo-")
	if err != nil {
		return toolchain.Versions{}, nil, err
	}
	defer os.RemoveAll(home)
	if s.Cargo, err = FindCargo(ctx, o, home); err != nil {
		return toolchain.Versions{}, nil, err
	}
	values := s.buildVariables(ctx)
	here := make([]RecordedVariable, 0, len(asked))
	for _, v := range asked {
		here = append(here, recordVariable(v.Name, values))
	}
	versions, err := toolchain.Begin(ctx, s.Cargo, o.Getenv).Get()
	return versions, here, err
}

var asksFor = regexp.MustCompile(`(?m)^cargo::?rerun-if-env-changed=(.+)$`)

// askedVariables reads which environment variables the build scripts asked for, in the
// files where cargo keeps their output, and which the sources embed, and whether they
// are set in env.
func askedVariables(out *output, env []string) []RecordedVariable {
	values := valuesOf(env)
	names := map[string]bool{}
	for _, name := range embeddedVariables(out.artifacts) {
		names[name] = true
	}
	for _, text := range out.scripts {
		for _, m := range asksFor.FindAllStringSubmatch(text, -1) {
			names[strings.TrimSpace(m[1])] = true
		}
	}
	list := make([]RecordedVariable, 0, len(names))
	for _, name := range order.Keys(names) {
		list = append(list, recordVariable(name, values))
	}
	return list
}

// buildVariables is the environment that cargo build gets.
func (s *State) buildVariables(ctx context.Context) map[string]string {
	return valuesOf(s.Cargo.Command(ctx, s.fixedEnvironment(), "build").Env)
}

func valuesOf(env []string) map[string]string {
	values := map[string]string{}
	for _, kv := range env { // of two, the later counts
		name, value, _ := strings.Cut(kv, "=")
		values[name] = value
	}
	return values
}

func recordVariable(name string, values map[string]string) RecordedVariable {
	v := RecordedVariable{Name: name}
	if value, ok := values[name]; ok {
		v.SHA256 = tree.BytesSum([]byte(value))
	}
	return v
}

// ReadRecord reads the record of the last build: from the first of dirs that has
// one.
func ReadRecord(dirs ...string) (*Record, error) {
	for _, dir := range dirs {
		rec, err := ReadRecordFile(filepath.Join(dir, RecordFile))
		if !errors.Is(err, fs.ErrNotExist) {
			return rec, err
		}
	}
	return nil, problem.New(problem.Input, "nothing has been built yet: there is no %s in %s", RecordFile, strings.Join(dirs, " or ")).Hint("run: opam-cargo build")
}

// ReadRecordFile reads the record in file.
func ReadRecordFile(file string) (*Record, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rec Record
	if err := json.Unmarshal(src, &rec); err != nil {
		return nil, problem.New(problem.Input, "the record is damaged: %w", err).At(file, 0).Hint("make it anew: opam-cargo build, or opam reinstall the package")
	}
	if rec.Format != RecordFormat {
		return nil, problem.New(problem.Input, "the record has format %d; this opam-cargo reads %d", rec.Format, RecordFormat).At(file, 0).Hint("make it anew: opam-cargo build, or opam reinstall the package")
	}
	return &rec, nil
}
