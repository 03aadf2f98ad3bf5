package source

import (
	"testing"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/workspace"
)

// Whatever a path, a source of a lock or a registry's name has in it, the configuration that
// cargo gets is TOML with just the tables that are meant.
func FuzzConfig(f *testing.F) {
	for _, s := range []string{
		"", "plain", "a b", "a\"b", `a\b`, "a\nb", "]\n[build]\nrustc-wrapper = \"x\"", "\x1b[0m", "\x00", "\x7f", "é\u202e", "a.b", "'''", "\"\"\"", "#x", "\u2028",
	} {
		f.Add("/w/"+s, "git+https://host/"+s+"?branch="+s, s, "sparse+https://host/"+s)
		f.Add("/w", "registry+"+s, s, s)
	}
	f.Fuzz(func(t *testing.T, w, source, name, index string) {
		for _, s := range []string{w, source, name, index} {
			if !utf8.ValidString(s) { // refused before
				return
			}
		}
		text := config(workspace.Dirs{W: w}, w+"/crates", []string{source}, map[string]string{name: index})
		var back struct {
			Source map[string]struct {
				Directory string `toml:"directory"`
				Replace   string `toml:"replace-with"`
			} `toml:"source"`
			Registries map[string]struct {
				Index string `toml:"index"`
			} `toml:"registries"`
		}
		var all map[string]any
		if err := toml.Unmarshal(text, &all); err != nil {
			t.Fatalf("not TOML: %v\n%s", err, text)
		}
		if err := toml.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if len(all) != 2 || back.Registries[name].Index != index || len(back.Registries) != 1 || back.Source["opam-cargo"].Directory != w+"/crates" {
			t.Fatalf("it says something else:\n%s", text)
		}
		for key, s := range back.Source {
			if key != "crates-io" && key != "opam-cargo" && key != "opam-cargo-0" && key != source {
				t.Fatalf("a source %q: %v\n%s", key, s, text)
			}
		}
	})
}
