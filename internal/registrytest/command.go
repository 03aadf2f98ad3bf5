package registrytest

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Commands are two commands for scripts. `registry [-git] DIR [FILE...]` serves the
// crates in a directory and makes the cargo home $CARGO_HOME use it in place of the
// default registry, with its index in a git repository if wanted; in the files,
// SUM(NAME-VERSION) becomes the sha256 of that crate, INDEX() the address of the index.
// `downloads N` wants N downloads since the last time.
func Commands(t *testing.T) map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	var registries sync.Map // script -> *Registry
	return map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"registry": func(ts *testscript.TestScript, _ bool, args []string) {
			git := len(args) > 0 && args[0] == "-git"
			if git {
				args = args[1:]
			}
			if len(args) == 0 {
				ts.Fatalf("usage: registry [-git] DIR [FILE...]")
			}
			r, err := New(ts.MkAbs(args[0]), git)
			ts.Check(err)
			t.Cleanup(r.Close)
			registries.Store(ts, r)
			home := ts.Getenv("CARGO_HOME")
			ts.Check(os.MkdirAll(home, 0o755))
			ts.Check(os.WriteFile(filepath.Join(home, "config.toml"), []byte(r.Config()), 0o644))
			for _, file := range args[1:] {
				text := sumOf.ReplaceAllStringFunc(ts.ReadFile(file), func(m string) string { return r.Sum(m[4 : len(m)-1]) })
				text = strings.ReplaceAll(text, "INDEX()", r.Index())
				ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o644))
			}
		},
		"downloads": func(ts *testscript.TestScript, _ bool, args []string) {
			r, ok := registries.Load(ts)
			if len(args) != 1 || !ok {
				ts.Fatalf("usage, after registry: downloads N")
			}
			if got := strconv.Itoa(r.(*Registry).Downloads()); got != args[0] {
				ts.Fatalf("%s downloads, want %s", got, args[0])
			}
		},
	}
}

var sumOf = regexp.MustCompile(`SUM\(([^)]*)\)`)
