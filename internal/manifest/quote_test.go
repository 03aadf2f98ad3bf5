package manifest

import (
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// Every text comes back as it was, as a value and as a key, from one line; Go's own
// quoting has escapes that TOML has not.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{
		"", "a", `a"b`, `a\b`, "a'b", `'''`, `"""`, "a\nb", "a\r\nb", "\t", "\x00", "\x01", "\x1b[31m", "\x7f", "\u0085", "\u2028", "\u202e", "é", "😀",
		"a\"\n[source.x]\ndirectory = \"/", "# no comment", "${x}", strings.Repeat("x", 10_000), "\ufeff", "/a b/ä", "\\u0041",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ToValidUTF8(s, "") != s {
			t.Skip("no text")
		}
		q := Quote(s)
		if strings.ContainsAny(q, "\n\r") {
			t.Fatalf("%q: several lines: %q", s, q)
		}
		var value struct{ K string }
		if err := toml.Unmarshal([]byte("k = "+q+"\n"), &value); err != nil || value.K != s {
			t.Errorf("%q as %s: %q, %v", s, q, value.K, err)
		}
		key := map[string]int{}
		if err := toml.Unmarshal([]byte(q+" = 1\n"), &key); err != nil || key[s] != 1 {
			t.Errorf("%q as the key %s: %v, %v", s, q, key, err)
		}
	})
}
