package workspace

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/manifest"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Settings is rust-bindings/settings.toml: what only the root of a workspace
// decides, as in cargo.
type Settings struct {
	Profile  map[string]any             `toml:"profile" json:"profile,omitempty"`
	Patch    map[string]map[string]any  `toml:"patch" json:"patch,omitempty"` // source -> crate; a path is relative to rust-bindings
	Bindings map[string]BindingSettings `toml:"bindings" json:"bindings,omitempty"`
	Export   Symbols                    `toml:"export" json:"export,omitempty"` // that are looked up by name as the program runs
	Allow    Symbols                    `toml:"allow" json:"allow,omitempty"`   // of which one definition may serve for two crates
}

// Symbols are patterns of symbols.
type Symbols struct {
	Symbols []string `toml:"symbols" json:"symbols,omitempty"`
}

// BindingSettings chooses the features of a binding's exported crates.
type BindingSettings struct {
	Features        []string `toml:"features" json:"features,omitempty"`
	DefaultFeatures *bool    `toml:"default-features" json:"default_features,omitempty"`
}

// ReadSettings reads the settings of the program at root. No file is no settings.
func ReadSettings(root string) (Settings, error) {
	const shown = settingsFile
	var s Settings
	src, err := tree.Read(filepath.Join(root, filepath.FromSlash(settingsFile)), tree.MostOfManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	decoder := toml.NewDecoder(strings.NewReader(string(src)))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&s)
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		var problems []error
		for _, e := range strict.Errors {
			line, _ := e.Position()
			problems = append(problems, problem.New(problem.Input, "unknown setting %s", strings.Join(e.Key(), ".")).At(shown, line).
				Hint("settings are [profile.*] and [patch.*] as in a Cargo.toml, [bindings.PACKAGE] with features and default-features, and [export] and [allow] with symbols"))
		}
		return s, errors.Join(problems...)
	}
	if err != nil {
		return s, manifest.SyntaxError(shown, err).Hint("correct %s", shown)
	}
	return s, nil
}

// unknownBindings names the packages that the settings mention and that are no
// bindings of the plan.
func (s Settings) unknownBindings(known map[string]bool) []string {
	var names []string
	for name := range s.Bindings {
		if !known[name] {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// patches are the settings' patches, sorted; Dir is relative to rust-bindings.
func (s Settings) patches() []bindings.Patch {
	tables := map[string]any{}
	for source, table := range s.Patch {
		tables[source] = table
	}
	return bindings.PatchesOf(tables)
}

// PatchTrees are the directories that the settings patch crates with, as trees of
// their own: staged under a name that no opam package has. root is the program's.
func (s Settings) PatchTrees(root string) ([]bindings.Binding, error) {
	var list []bindings.Binding
	var problems []error
	for _, q := range s.patches() {
		if q.Dir == "" {
			continue
		}
		dir := path.Join("rust-bindings", q.Dir)
		if path.IsAbs(q.Dir) || tree.Outside(dir) {
			problems = append(problems, problem.New(problem.Input, "the patch of %s has the path %s, which lies outside of the program's sources", q.Crate, q.Spec["path"]).
				At(settingsFile, 0).Hint("copy the patched crate into the project, and name it relative to rust-bindings"))
			continue
		}
		if !tree.Exists(filepath.Join(root, filepath.FromSlash(dir), "Cargo.toml")) {
			problems = append(problems, problem.New(problem.Input, "the patch of %s names %s, and there is no Cargo.toml in it", q.Crate, dir).
				At(settingsFile, 0).Hint("paths in the settings are relative to rust-bindings: correct the path, or put the patched crate there"))
			continue
		}
		list = append(list, bindings.Binding{Package: patchPackage(q), Dir: filepath.Join(root, filepath.FromSlash(dir)), Shown: dir, Origin: bindings.InTree})
	}
	return list, errors.Join(problems...)
}

const settingsFile = "rust-bindings/settings.toml"

func patchPackage(q bindings.Patch) string { return "patch." + notInKey.ReplaceAllString(q.Key, "_") }

// ExportedSymbols are the patterns of symbols that the settings and the bindings' crates
// want to be found by name as the program runs.
func (p *Plan) ExportedSymbols() []string {
	list := slices.Clone(p.Settings.Export.Symbols)
	for _, t := range p.trees {
		for _, c := range p.reached(t) {
			list = append(list, c.Symbols...)
		}
	}
	return list
}
