package compile

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// Between cargo's messages stand the lines that procedural macros print, which may begin
// with a brace, and be objects.
func TestMacrosPrint(t *testing.T) {
	const artifact = `{"reason":"compiler-artifact","manifest_path":"/w/each/Cargo.toml","filenames":["/w/target/librust_bindings.a"]}` + "\n"
	generated := func(manifest string) bool { return manifest == "/w/each/Cargo.toml" }
	for name, line := range map[string]string{
		"a set":                     "{1, 2}\n",
		"a brace":                   "{\n",
		"an open object":            `{"reason":"compiler-artifact"` + "\n",
		"an object of its own":      `{"a": 1}` + "\n",
		"an object of another kind": `{"reason": 3}` + "\n",
		"an object of other fields": `{"reason": "mine", "features": "many"}` + "\n",
		"nothing but an end":        "\n",
		"a list":                    "[1]\n",
		"no text":                   "{\xff\xfe}\n",
		"a long line":               "{" + strings.Repeat("x", 1<<20) + "\n",
	} {
		var shown []string
		out, err := readMessages(strings.NewReader(line+artifact+line), generated, func(manifest, _, text string) bool {
			shown = append(shown, manifest+text)
			return false
		})
		if err != nil || out.archives["/w/each/Cargo.toml"] == "" {
			t.Errorf("%s: %v, %v", name, out, err)
		}
		if len(shown) != 2 || shown[0] != line {
			t.Errorf("%s: it is shown as %.60q", name, shown)
		}
	}
}

// Of an output that cannot be read to its end, what was read is there.
func TestMessagesBreakOff(t *testing.T) {
	const message = `{"reason":"compiler-message","manifest_path":"/w/Cargo.toml","message":{"level":"error","rendered":"error: no"}}` + "\n"
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader(message), iotest.ErrReader(broken))
	out, err := readMessages(r, func(string) bool { return false }, func(string, string, string) bool { return true })
	if !errors.Is(err, broken) || len(out.failed) != 1 || !out.said {
		t.Errorf("got %+v, %v", out, err)
	}
}
