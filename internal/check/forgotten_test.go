package check

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// project is a dune project with a binding that is installed, one of its own, and a pure
// library of each kind in between.
var project = map[string]string{
	"ws/dune-project":       "(lang dune 2.7)\n(cram enable)\n",
	"ws/own.opam":           "opam-version: \"2.0\"\n",
	"ws/own/dune":           "(library (name own_core) (public_name own.core))",
	"ws/own/own_core.ml":    "external f : int -> int = \"own_f\"",
	"ws/types/dune":         "(library (name own_types) (public_name own.types))",
	"ws/types/own_types.ml": "type t = A (* no external here *)",
	"ws/mid/dune":           "(library (name mid) (libraries (re_export hidden)))",
	"ws/mid/mid.ml":         "let x = 1",
	"ws/tested/dune":        "(library (name tested) (inline_tests) (libraries foocaml))",
	"ws/tested/tested.ml":   "",
	"ws/good/dune":          "(library (name good) (inline_tests (libraries rust_bindings)) (libraries foocaml))",
	"ws/good/good.ml":       "",
	"ws/word/dune":          "(library (name rust_bindings))",
	"ws/each/dune":          "(library (name rust_bindings_pack))",
	"ws/private/dune":       "(library (name private) (libraries foocaml rust_bindings))",
	"ws/private/private.ml": "",
	"ws/bin/dune": "(executable (name direct) (modules direct) (libraries foocaml))\n" +
		"(executable (name listed) (modules listed) (libraries rust_bindings foocaml))\n",
	"ws/bin/direct.ml":      "",
	"ws/bin/listed.ml":      "",
	"ws/other/dune":         "; (libraries rust_bindings)\n(executables (names a b) (libraries mid unix))\n",
	"ws/other/a.ml":         "",
	"ws/other/b.ml":         "",
	"ws/test/dune":          "(test (name t) (libraries own_core))",
	"ws/test/t.ml":          "",
	"ws/top/dune":           "(toplevel (name top) (libraries own.core))",
	"ws/no/dune":            "(executable (name no) (libraries own_types unix))",
	"ws/no/no.ml":           "",
	"ws/eachbin/dune":       "(executable (name eachbin) (libraries foocaml rust_bindings_pack))",
	"ws/eachbin/eachbin.ml": "",
	"ws/through/dune":       "(executable (name through) (libraries private))",
	"ws/through/through.ml": "",
	"ws/stubs/dune":         "(executable (name stubbed) (foreign_stubs (language c) (names s)))",
	"ws/stubs/stubbed.ml":   "",
	"ws/stubs/s.c":          "int rusty_val (void); int s(void) { return rusty_val (); }",
	"ws/plain/dune":         "(executable (name plain) (foreign_stubs (language c) (names p)))",
	"ws/plain/plain.ml":     "",
	"ws/plain/p.c":          "/* not rusty_val */ int rusty_value(void) { return 1; }",
	"ws/ext/dune":           "(library (name ext))",
	"ws/ext/ext.ml":         "external f\n  : int -> int\n  = \"rusty_ext\"",
	"ws/extbin/dune":        "(executable (name extbin) (libraries ext))",
	"ws/extbin/extbin.ml":   "",
	"ws/dune": "(data_only_dirs data)\n(vendored_dirs their)\n" +
		"(subdir deep/er (executable (name deep) (libraries foocaml)))",
	"ws/data/dune":                "(executable (name data) (libraries foocaml))",
	"ws/their/dune":               "(executable (name theirs) (libraries foocaml))",
	"ws/cram.t/dune":              "(executable (name cram) (libraries foocaml))",
	"ws/deep/er/deep.ml":          "",
	"ws/_old/dune":                "(executable (name old) (libraries foocaml))",
	"prefix/lib/foocaml/META":     "version = \"1\"\nrequires = \"\"\n",
	"prefix/lib/foocaml/f.ml":     "\n  external f : int -> int = \"foo_f\"",
	"prefix/lib/hidden/META":      "requires = \"unix\"\npackage \"in\" (\n  directory = \"in\"\n  requires = \"foocaml\"\n)\n",
	"prefix/lib/hidden/hidden.ml": "",
}

// Each kind of thing that dune links, with the binding near or far, is found, and nothing
// that has the word or needs none; the same with dune's own description and without.
func TestFindForgotten(t *testing.T) {
	want := `bin/dune:1 the executable direct: foocaml of foocaml
tested/dune:1 the tests in the library tested: foocaml of foocaml
test/dune:1 the test t: own_core of own
top/dune:1 the toplevel top: own.core of own
stubs/dune:1 the executable stubbed:  of rusty
dune:3 the executable deep: foocaml of foocaml
extbin/dune:1 the executable extbin: ext of rusty
`
	rust := RustCode{Packages: []string{"foocaml", "own", "rusty"}, Functions: map[string]string{"rusty_val": "rusty", "rusty_ext": "rusty"}}
	root := t.TempDir()
	for name, text := range project {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	find := func(inDune bool) string {
		t.Helper()
		list := FindForgotten(context.Background(), filepath.Join(root, "ws"), filepath.Join(root, "prefix"), rust, inDune)
		got := ""
		for _, f := range list {
			got += fmt.Sprintf("%s:%d %s: %s of %s\n", f.File, f.Line, f.What, f.Library, f.Binding)
		}
		return got
	}
	if got := find(true); sortLines(got) != sortLines(want) {
		t.Errorf("from the files:\n%swant\n%s", got, want)
	}
	// The pure library hides the binding now: its META says so.
	meta := filepath.Join(root, "prefix/lib/hidden/META")
	if err := os.WriteFile(meta, []byte("requires = \"unix foocaml\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	want += "other/dune:2 the executables a b: mid of foocaml\n"
	if got := find(true); sortLines(got) != sortLines(want) {
		t.Errorf("through an installed library, from the files:\n%swant\n%s", got, want)
	}
	if _, err := exec.LookPath("dune"); err != nil {
		t.Skip("no dune")
	}
	t.Setenv("OCAMLPATH", filepath.Join(root, "prefix", "lib"))
	if got := find(false); sortLines(got) != sortLines(want) {
		t.Errorf("from dune:\n%swant\n%s", got, want)
	}
}

func sortLines(text string) string {
	lines := strings.Split(text, "\n")
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// The names of C functions are found as people write them.
func TestUnmangled(t *testing.T) {
	for src, want := range map[string]string{
		`#[no_mangle] pub extern "C" fn a() {}`:                                                    "a",
		"#[no_mangle]\n#[allow(x)]\n/// doc\n// more\npub unsafe extern \"C\" fn b(x: i32) -> i32": "b",
		`#[unsafe(no_mangle)] pub(crate) extern "C-unwind" fn c()`:                                 "c",
		`#[export_name = "d"] pub extern "C" fn other()`:                                           "d",
		`#[unsafe(export_name = "e")] extern "C" fn other()`:                                       "e",
		`pub extern "C" fn mangled() {}`:                                                           "",
		`#[no_mangle] pub static F: i32 = 1; pub extern "C" fn g() {}`:                             "",
	} {
		got := ""
		if m := unmangled.FindStringSubmatch(src); m != nil {
			got = m[1] + m[2]
		}
		if got != want {
			t.Errorf("%s: %q, not %q", src, got, want)
		}
	}
}
