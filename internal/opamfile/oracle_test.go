package opamfile

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// buildOracle compiles the program around opam's own parser.
func buildOracle(t *testing.T) string {
	t.Helper()
	_, err := exec.LookPath("ocamlfind")
	need(t, err == nil, "ocamlfind is missing (Debian: ocaml-findlib, libopam-file-format-ocaml-dev)")
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join("testdata", "oracle", "oracle.ml"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "oracle.ml"), text)
	cmd := exec.Command("ocamlfind", "ocamlopt", "-package", "opam-file-format", "-linkpkg", "oracle.ml", "-o", "oracle")
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	need(t, err == nil, fmt.Sprintf("the oracle does not compile: %v\n%s", err, output))
	return filepath.Join(dir, "oracle")
}

func writeFile(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

const refused = "refused\n"

// askOracle gives opam's dump of each source, or refused.
func askOracle(t *testing.T, sources []source) []string {
	t.Helper()
	oracle, dir := buildOracle(t), t.TempDir()
	var names strings.Builder
	for i, s := range sources {
		path := filepath.Join(dir, fmt.Sprint(i))
		writeFile(t, path, s.text)
		names.WriteString(path + "\n")
	}
	cmd := exec.Command(oracle)
	cmd.Stdin = strings.NewReader(names.String())
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var dumps []string
	for _, part := range strings.Split(string(output), "\nend\n") {
		if part == "" {
			continue
		}
		_, dump, _ := strings.Cut(part+"\n", "\n")
		dumps = append(dumps, dump)
	}
	if len(dumps) != len(sources) {
		t.Fatalf("%d answers for %d files", len(dumps), len(sources))
	}
	return dumps
}

// compareWithOracle gives how many of the sources both refuse.
func compareWithOracle(t *testing.T, sources []source) int {
	t.Helper()
	bothRefuse := 0
	for i, want := range askOracle(t, sources) {
		s := sources[i]
		f, err := Parse(s.name, s.text)
		switch {
		case err != nil && want == refused:
			bothRefuse++
		case err != nil:
			t.Errorf("%v, but opam accepts\n%s", err, want)
		case want == refused:
			t.Errorf("%s: opam refuses\n%s", s.name, s.text)
		default:
			if got := dump(f, s.text); got != want {
				t.Errorf("%s\n got %s\nwant %s", s.name, got, want)
			}
		}
	}
	return bothRefuse
}

// The tree of each published file is the one that opam sees.
func TestOracleCorpus(t *testing.T) {
	corpus := readCorpus(t)
	bothRefuse := compareWithOracle(t, corpus)
	t.Logf("%d files agree, %d of them refused by both", len(corpus), bothRefuse)
}

// What the tables of parse_test.go say is what opam says.
func TestOracleTables(t *testing.T) {
	var sources []source
	for _, test := range valueTests {
		sources = append(sources, source{test.src, []byte("x: " + test.src)})
	}
	for _, test := range errorTests {
		sources = append(sources, source{test.src, []byte(test.src)})
	}
	if bothRefuse := compareWithOracle(t, sources); bothRefuse != len(errorTests) {
		t.Errorf("opam accepts one of the malformed inputs: %d, not %d refused", bothRefuse, len(errorTests))
	}
}
