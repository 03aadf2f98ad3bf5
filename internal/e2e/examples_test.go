package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/dune"
)

// The examples are packages that opam takes, with what init writes today.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/*.opam")
	if err != nil || len(files) < 5 {
		t.Fatalf("there are %d examples, %v", len(files), err)
	}
	for _, file := range files {
		if out, err := exec.Command("opam", "lint", file).CombinedOutput(); err != nil || strings.Contains(string(out), "warning") {
			t.Errorf("opam lint %s: %v\n%s", file, err, out)
		}
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
