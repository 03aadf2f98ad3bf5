package synth

import (
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/opam-cargo/opam-cargo/"

// steps are the packages of the pipeline in their order.
var steps = []string{
	"internal/toolchain", "bindings", "workspace", "internal/site", "internal/source", "internal/graph", "internal/resolve",
	"internal/check", "internal/compile", "internal/link", "internal/record", "internal/handover",
}

// beside are the packages of commands that are no step of a build: each stands alone.
var beside = []string{
	"internal/explain", "internal/publish", "internal/reproduce", "internal/bom", "internal/audit", "internal/scaffold",
}

// imports are the module's own packages that a package imports, by its folder.
func imports(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no package %s: %v", folder, err)
	}
	var list []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if own, ok := strings.CutPrefix(name, module); ok {
				list = append(list, own)
			}
		}
	}
	return list
}

// No step knows a later one, the commands or their line; no command's package knows
// another's.
func TestSteps(t *testing.T) {
	for i, step := range steps {
		for _, of := range imports(t, step) {
			if slices.Contains(steps[i:], of) || slices.Contains(beside, of) || of == "synth" || of == "internal/cli" {
				t.Errorf("%s knows %s", step, of)
			}
		}
	}
	for _, command := range beside {
		for _, of := range imports(t, command) {
			if slices.Contains(beside, of) || of == "synth" || of == "internal/cli" {
				t.Errorf("%s knows %s", command, of)
			}
		}
	}
	for _, step := range imports(t, "synth") {
		if strings.HasPrefix(step, "internal/") && !slices.Contains(steps, step) && path.Base(step) != "tree" {
			t.Errorf("synth does more than call the steps: it knows %s", step)
		}
	}
}
