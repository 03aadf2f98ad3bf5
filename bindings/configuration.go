package bindings

import (
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Configured is a file of a tree's cargo configuration, with what it asks for and does not
// get in a program: "build.rustflags", "env".
type Configured struct {
	File string // as the user knows it
	Keys []string
}

// readConfiguration reads of the tree's cargo configuration [registries.NAME] index, since
// a manifest that names a registry means nothing without it, and which keys will be missed.
func (t *Tree) readConfiguration() error {
	for _, e := range t.Entries {
		if (path.Base(e.Path) != "config.toml" && path.Base(e.Path) != "config") || e.Link != "" ||
			!slices.Contains([]string{path.Join(t.Top, ".cargo"), path.Join(t.Start, ".cargo")}, path.Dir(e.Path)) {
			continue
		}
		src, err := tree.Read(filepath.Join(t.Dir, filepath.FromSlash(e.Path)), tree.MostOfManifest)
		if err != nil {
			return t.problem(err)
		}
		var config map[string]any
		if toml.Unmarshal(src, &config) != nil {
			continue // cargo's own configuration of the author's, which does not apply here
		}
		for name, r := range asTable(config["registries"]) {
			index, _ := asTable(r)["index"].(string)
			if index == "" {
				continue
			}
			if t.Registries == nil {
				t.Registries = map[string]string{}
			}
			t.Registries[name] = index
		}
		if keys := missed(config); len(keys) > 0 {
			t.Configured = append(t.Configured, Configured{t.ShownAt(e.Path), keys})
		}
	}
	return nil
}

// TellConfigured says what of the tree's cargo configuration a program does not get.
func (t *Tree) TellConfigured(warn func(string, ...any)) {
	for _, c := range t.Configured {
		warn("%s: %s: %s: has no effect in a program, which is built with its own configuration; what its code needs of it belongs into "+
			"its build script (cargo:rustc-cfg), or into OPAM_CARGO_RUSTFLAGS and rust-bindings/settings.toml of the program",
			t.Package, c.File, strings.Join(c.Keys, ", "))
	}
}

// missed lists the keys of a cargo configuration that change what is compiled.
func missed(config map[string]any) []string {
	var keys []string
	for _, key := range []string{"env", "patch", "profile", "unstable"} {
		if len(asTable(config[key])) > 0 {
			keys = append(keys, key)
		}
	}
	for _, key := range []string{"rustflags", "target", "rustc", "rustc-wrapper"} {
		if _, ok := asTable(config["build"])[key]; ok {
			keys = append(keys, "build."+key)
		}
	}
	for triple, table := range asTable(config["target"]) {
		for _, key := range []string{"rustflags", "linker"} {
			if _, ok := asTable(table)[key]; ok {
				keys = append(keys, "target."+triple+"."+key)
			}
		}
	}
	sort.Strings(keys)
	return keys
}
