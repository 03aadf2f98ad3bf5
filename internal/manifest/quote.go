package manifest

import (
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Quote is s as a TOML string on one line, for a value or a key. What is not UTF-8 has no
// such form; whoever makes a file looks at names before.
func Quote(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		return `"` + s + `"`
	}
	text, err := toml.Marshal(map[string]string{"k": s})
	if err != nil { // of a string there is no error
		return `""`
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(text), "k = "), "\n")
}
