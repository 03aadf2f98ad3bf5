package source

import (
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/workspace"
)

func TestConfigOfSources(t *testing.T) {
	got := string(config(workspace.Dirs{W: "/w"}, "/w/crates",
		[]string{"git+ssh://host/x.git?branch=a%2Fb", "git+file:///y", "sparse+http://h/i/"}, map[string]string{"mine": "sparse+http://h/i/"}))
	for _, want := range []string{
		"directory = \"/w/crates\"", "git = \"ssh://host/x.git\"\nbranch = \"a/b\"\n",
		"git = \"file:///y\"\nreplace-with",
		"registry = \"sparse+http://h/i/\"\nreplace-with",
		"[registries.\"mine\"]\nindex = ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
