package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/dune"
)

// opam has nothing to say of any opam file here: the tool's own, those of the
// project's repository, the examples.
func TestLint(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.opam", "opam-repository/packages/*/*/opam", "examples/*/*.opam"} {
		found, err := filepath.Glob("../../" + pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		out, err := exec.Command("opam", "lint", file).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "Passed.") {
			t.Errorf("opam lint %s: %v\n%s", file, err, out)
		}
	}
}

// The examples have what init writes today.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/*.opam")
	if err != nil || len(files) < 5 {
		t.Fatalf("there are %d examples, %v", len(files), err)
	}
	for _, file := range files {
		stanzas, err := os.ReadFile(filepath.Join(filepath.Dir(file), "rust-bindings", "dune"))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		pkg := strings.TrimSuffix(filepath.Base(file), ".opam")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"opam-cargo" "install"`) {
			pkg = "" // a binding installs nothing of it
		}
		if string(stanzas) != string(dune.Stanzas(pkg)) {
			t.Errorf("%s: rust-bindings/dune is not what init writes", file)
		}
	}
}
