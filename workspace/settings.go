package workspace

import (
	"errors"
	"io/fs"
	"os"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/internal/manifest"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// Settings is rust-bindings/settings.toml: what only the root of a workspace
// decides, as in cargo.
type Settings struct {
	Profile  map[string]any             `toml:"profile" json:"profile,omitempty"`
	Bindings map[string]BindingSettings `toml:"bindings" json:"bindings,omitempty"`
}

// BindingSettings chooses the features of a binding's exported crates.
type BindingSettings struct {
	Features        []string `toml:"features" json:"features,omitempty"`
	DefaultFeatures *bool    `toml:"default-features" json:"default_features,omitempty"`
}

// ReadSettings reads the settings in file, named shown in messages. No file is
// no settings.
func ReadSettings(file, shown string) (Settings, error) {
	var s Settings
	src, err := os.ReadFile(file)
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
				Hint("settings are [profile.*] as in a Cargo.toml, and [bindings.PACKAGE] with features and default-features"))
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
