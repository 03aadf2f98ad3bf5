package bindings

import (
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/manifest"
)

// The resolver is the one that cargo gives a workspace with this root.
func TestResolver(t *testing.T) {
	for text, want := range map[string]string{
		"[package]\nname = \"a\"":                                                                                   "1",
		"[package]\nname = \"a\"\nedition = \"2018\"":                                                               "1",
		"[package]\nname = \"a\"\nedition = \"2021\"":                                                               "2",
		"[package]\nname = \"a\"\nedition = \"2024\"":                                                               "3",
		"[package]\nname = \"a\"\nedition = \"2024\"\nresolver = \"1\"":                                             "1",
		"[workspace]\nmembers = []":                                                                                 "1",
		"[workspace]\nresolver = \"3\"":                                                                             "3",
		"[workspace]\nresolver = \"2\"\n[package]\nname = \"a\"\nedition = \"2018\"":                                "2",
		"[workspace.package]\nedition = \"2024\"\n[package]\nname = \"a\"\nedition.workspace = true":                "3",
		"[workspace.package]\nedition = \"2021\"\n[package]\nname = \"a\"\nedition = { workspace = true }\n[lib]\n": "2",
	} {
		m, err := manifest.Parse("Cargo.toml", []byte(text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		tree := &Tree{Top: ".", Manifests: map[string]*manifest.Manifest{".": m}}
		if got := tree.Resolver(); got != want {
			t.Errorf("%q: resolver %q, want %q", text, got, want)
		}
	}
	if got := (&Tree{Top: "."}).Resolver(); got != "" {
		t.Errorf("without a manifest: %q", got)
	}
}
