package dune

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

func TestList(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  string
	}{
		{nil, "()\n"},
		{[]string{"-lm"}, "(-lm)\n"},
		{[]string{"-ccopt", "-Wl,-u,foo"}, "(-ccopt\n -Wl,-u,foo)\n"},
		{[]string{"a b", `c"d\`, "%{x}", ""}, "(\"a b\"\n \"c\\\"d\\\\\"\n \"\\%{x}\"\n \"\")\n"},
	} {
		if got := string(List(c.words)); got != c.want {
			t.Errorf("%q: got %q, want %q", c.words, got, c.want)
		}
	}
}

// dune itself has nothing to change in the format of the stanzas.
func TestFormat(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dune")
	for _, pkg := range []string{"", "pack"} {
		if err := tree.WriteIfChanged(file, Stanzas(pkg), false); err != nil {
			t.Fatal(err)
		}
		formatted, err := exec.Command("dune", "format-dune-file", file).Output()
		if err != nil {
			t.Fatal(err)
		}
		if string(formatted) != string(Stanzas(pkg)) {
			t.Errorf("dune would write the stanzas as\n%s", formatted)
		}
	}
}

// dune reads a list back as the words that it was made of.
func TestDuneReadsTheList(t *testing.T) {
	dir := t.TempDir()
	words := []string{"one", "two words", `quo"te`, "per%{cent}", `back\slash`, "semi;colon"}
	for name, content := range map[string][]byte{
		"dune-project": []byte("(lang dune 2.0)\n"),
		"list.sexp":    List(words),
		"empty.ml":     nil,
		"dune":         []byte("(executable (name empty) (ocamlopt_flags (:include list.sexp)))\n"),
	} {
		if err := tree.WriteIfChanged(filepath.Join(dir, name), content, false); err != nil {
			t.Fatal(err)
		}
	}
	rules := exec.Command("dune", "rules", "--root", dir, "empty.exe")
	out, err := rules.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, w := range words {
		if !strings.Contains(string(out), strings.Trim(atom(w), `"`)) && !strings.Contains(string(out), w) {
			t.Errorf("dune does not pass %q on:\n%s", w, out)
		}
	}
}
