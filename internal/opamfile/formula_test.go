package opamfile

import (
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// In these tests the packages a to e are installed, and the variables of
// testVariables known.
var testVariables = map[string]string{
	"os": "linux", "os-family": "debian", "arch": "x86_64", "opam-version": "2.1.5", "ocaml:version": "4.14.1",
	"with-test": "false", "with-doc": "false", "with-dev-setup": "false", "dev": "false",
	"build": "true", "post": "false", "yes": "true",
}

func testEnv(name string) (string, bool) {
	value, ok := testVariables[name]
	return value, ok
}

func testInstalled(pkg string) bool { return len(pkg) == 1 && pkg <= "e" }

var selectTests = []struct{ depends, want string }{
	// Names.
	{`[]`, ""},
	{`"a"`, "a"},
	{`["c" "a" "a" "x"]`, "a c"},
	{`["a" & "b" "c"]`, "a b c"},
	{`"a" & ("b" & "x")`, "a b"},
	{`[["a" "b"]]`, "a b"},
	// Version constraints are true, negated ones too.
	{`["a" {>= "1" & < "2"} "b" {= version} "c" {!(= "3")} "d" {> "1" | < "0"}]`, "a b c d"},
	{`["a" {!(>= "1" & build)}]`, "a"},
	{`["a" {!= "1"} "b" {}]`, "a b"},
	{`["a" {>= "1" & with-test} "b" {>= "1" & build}]`, "b"},
	{`["a" {>= "1" | with-test}]`, "a"},
	// Variables.
	{`["a" {with-test} "b" {with-doc} "c" {with-dev-setup} "d" {post} "e" {build}]`, "e"},
	{`["a" {!with-test} "b" {!build}]`, "a"},
	{`["a" {with-test | build} "b" {with-test & build}]`, "a"},
	{`["a" {with-test} {build} "b" {yes} {build}]`, "b"},
	{`["a" {true} "b" {false} "c" {"true"} "d" {"false"}]`, "a c"},
	{`["a" {with-test = true} "b" {with-test = false} "c" {with-test = "false"}]`, "b c"},
	// Comparisons.
	{`["a" {os = "linux"} "b" {os != "linux"} "c" {os = "win32"} "d" {os != "win32"}]`, "a d"},
	{`["a" {os = "macos" | os-family = "debian"} "b" {os = "linux" & arch = "arm64"}]`, "a"},
	{`["a" {"linux" = os} "b" {"win32" = os}]`, "a"},
	{`["a" {os <= "linux"} "b" {os >= "linux"} "c" {os < "linux"} "d" {os > "linux"}]`, "a b"},
	{`["a" {os = "%{os}%"} "b" {os = os}]`, "a b"},
	{`["a" {ocaml:version >= "4.14"} "b" {ocaml:version < "4.14"} "c" {ocaml:version < "4.9"} "d" {ocaml:version > "4.9"}]`, "a d"},
	{`["a" {opam-version >= "2.1"} "b" {opam-version >= "2.2~beta"}]`, "a"},
	// Unknown variables keep a package, unless the rest decides.
	{`["a" {nosuch} "b" {!nosuch} "c" {nosuch = "1"} "d" {?nosuch} "e" {!?nosuch}]`, "a b c d e"},
	{`["a" {nosuch & with-test} "b" {nosuch | with-test} "c" {nosuch & build} "d" {!(nosuch | build)}]`, "b c"},
	{`["a" {nosuch >= "1" & os = "win32"}]`, ""},
	{`["a" {os} "b" {!os}]`, "a b"},
	{`["a" {?os} "b" {!?os} "c" {?os & os = "linux"}]`, "a c"},
	{`["a" {nosuch {with-test}} "b" {[with-test]}]`, "a b"},
	// A filter on a group distributes.
	{`[("a" "b" {with-doc} "c") {build} ("d" | "e") {with-test}]`, "a c"},
	{`(("a" & "b") {with-test} & "c")`, "c"},
	// The arms that are wholly installed.
	{`"a" | "b"`, "a b"},
	{`["a" | "x"]`, "a"},
	{`["x" | "y"]`, ""},
	{`["x" | "y" | "c"]`, "c"},
	{`("a" & "x") | "c"`, "c"},
	{`("a" & "x") | ("b" & "y")`, "a b"},
	{`("a" & "b") | ("c" & "d")`, "a b c d"},
	{`"a" & ("x" | ("b" & ("y" | "c")))`, "a b c"},
	{`("a" & ("x" | "y")) | "c"`, "c"},
	{`"a" & "x" | "b" & "c"`, "b c"},
	// A dropped arm is as if it were not written.
	{`"a" {with-test} | "b"`, "b"},
	{`"a" {with-test} | ("b" & "x")`, "b"},
	{`("a" {with-test} & "b" {post}) | ("c" & "x")`, "c"},
	{`("x" {with-test} & "a") | ("b" & "y")`, "a"},
	{`() | ("a" & "x")`, "a"},
	{`"a" {with-test} | "b" {with-test}`, ""},
	// An arm that hangs on an unknown variable rules no other out, nor is it.
	{`("a" & "x" {nosuch}) | "c"`, "a c"},
	{`"x" {nosuch} | ("c" & "y")`, "c"},
	{`"a" {nosuch} | ("c" & "y")`, "a c"},
	{`"a" {nosuch} | ("c" & "y") | "d"`, "a d"},
	// As found in real files.
	{`["ocaml" "dune" {>= "2.0"} "a" {>= "1.0" & os != "win32"} ("b" {= "1"} | "x" {>= "2"}) "c" {with-test & >= "3"}]`, "a b"},
}

func TestSelect(t *testing.T) {
	for _, test := range selectTests {
		formula, err := mustParse(t, "depends: "+test.depends).Depends()
		if err != nil {
			t.Errorf("%s: %v", test.depends, err)
			continue
		}
		if got := strings.Join(formula.Select(testEnv, testInstalled), " "); got != test.want {
			t.Errorf("%s\n got %q\nwant %q", test.depends, got, test.want)
		}
		checkSelect(t, formula)
	}
}

// checkSelect checks what holds for any formula: the selection is sorted and
// installed, and with nothing known it only grows.
func checkSelect(t testing.TB, x Formula) {
	t.Helper()
	got, names := x.Select(testEnv, testInstalled), x.Names()
	blind := x.Select(func(string) (string, bool) { return "", false }, testInstalled)
	if !slices.IsSorted(got) || !slices.IsSorted(names) {
		t.Fatalf("not sorted: %q %q", got, names)
	}
	for _, name := range got {
		if !testInstalled(name) || !slices.Contains(names, name) || !slices.Contains(blind, name) {
			t.Fatalf("%s should not be there: %q, names %q, blind %q", name, got, names, blind)
		}
	}
}

// randomFormula writes a formula over installed and missing packages, with
// filters that are true, false or hang on the variables p and q.
func randomFormula(random *rand.Rand, depth int) string {
	operand := func() string { return randomFormula(random, depth-1) }
	choice := random.Intn(6)
	switch {
	case depth == 0 || choice == 0:
		return `"` + []string{"a", "b", "c", "x", "y"}[random.Intn(5)] + `"`
	case choice == 1:
		return "(" + operand() + " " + operand() + ")"
	case choice == 2:
		filters := []string{"p", "q", "!p", "p & q", "p | !q", "p = q", "build", "post", `>= "1"`, `!(>= "1" & p)`}
		return "(" + operand() + ") {" + filters[random.Intn(len(filters))] + "}"
	case choice == 3:
		return "(" + operand() + " & " + operand() + ")"
	}
	return "(" + operand() + " | " + operand() + ")"
}

// Whatever the unknown variables are in truth, what then counts is selected.
func TestSelectUnknown(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	differ := 0
	for i := 0; i < 20_000; i++ {
		text := randomFormula(random, 4)
		formula, err := mustParse(t, "depends: "+text).Depends()
		if err != nil {
			t.Fatal(err)
		}
		all := formula.Select(testEnv, testInstalled)
		for _, p := range []string{"true", "false"} {
			for _, q := range []string{"true", "false"} {
				env := func(name string) (string, bool) {
					switch name {
					case "p":
						return p, true
					case "q":
						return q, true
					}
					return testEnv(name)
				}
				some := formula.Select(env, testInstalled)
				if !slices.Equal(some, all) {
					differ++
				}
				for _, name := range some {
					if !slices.Contains(all, name) {
						t.Fatalf("%s\nwith p=%s q=%s: %q, with both unknown: %q", text, p, q, some, all)
					}
				}
			}
		}
	}
	if differ == 0 {
		t.Error("the variables never mattered")
	}
}

func TestNames(t *testing.T) {
	f := mustParse(t, `depends: ["b" {with-test & "no" = os} ("a" | "x" {>= "1"}) "b"] depopts: "o"`)
	depends, err1 := f.Depends()
	depopts, err2 := f.Depopts()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if got := strings.Join(depends.Names(), " "); got != "a b x" {
		t.Errorf("depends: %s", got)
	}
	if got := strings.Join(depopts.Names(), " "); got != "o" {
		t.Errorf("depopts: %s", got)
	}
}

func TestNoDepends(t *testing.T) {
	f := mustParse(t, `name: "x"`)
	formula, err := f.Depends()
	if err != nil || formula.Names() != nil || formula.Select(testEnv, testInstalled) != nil {
		t.Errorf("%v %v", formula, err)
	}
}

func TestBadDepends(t *testing.T) {
	for src, want := range map[string]string{
		"depends: [\n\"a\"\nfoo ]": "x.opam:3: a dependency is a package name in quotes, not `foo`",
		`depends: [1]`:             "x.opam:1: a dependency is a package name in quotes, not `1`",
		`depends: ["a" >= "1"]`:    "x.opam:1: a dependency is a package name in quotes, not `\"a\" >= \"1\"`",
		`depends: ["a" (!"b")]`:    "x.opam:1: a dependency is a package name in quotes, not `!\"b\"`",
	} {
		if _, err := mustParse(t, src).Depends(); err == nil || err.Error() != want {
			t.Errorf("%s: %v", src, err)
		}
	}
}

// The order of versions, as dpkg has it.
func TestCompareVersions(t *testing.T) {
	ascending := []string{"~~", "~~a", "~", "", "0a", "1~beta", "1", "1a", "1+a", "1.0", "1.2", "1.10", "1.010.1", "2~", "2", "10", "a", "b", "v1"}
	for i, a := range ascending {
		for j, b := range ascending {
			want := 0
			switch {
			case i < j:
				want = -1
			case i > j:
				want = 1
			}
			if got := compareVersions(a, b); got != want {
				t.Errorf("compareVersions(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
	for _, pair := range [][2]string{{"", "0"}, {"1.0", "1.00"}, {"4.02", "4.2"}, {"1.", "1.0"}} {
		if compareVersions(pair[0], pair[1]) != 0 {
			t.Errorf("%q and %q should be equal", pair[0], pair[1])
		}
	}
}
