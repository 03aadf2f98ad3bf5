package bindings

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestWorlds(t *testing.T) {
	top := t.TempDir()
	sw := filepath.Join(top, "switch")
	write(t, filepath.Join(sw, ".opam-switch", "packages", "x"), "")
	pkg := filepath.Join(top, "ws", "_build", "_private", "default", ".pkg", "foo.1-0", "target")
	for _, c := range []struct {
		name          string
		vars          map[string]string
		opam, dunePkg bool
	}{
		{"a shell", map[string]string{"OPAM_SWITCH_PREFIX": sw}, false, false},
		{"a shell and dune's packages", map[string]string{"OPAM_SWITCH_PREFIX": sw, "OCAMLPATH": "/x:" + pkg + "/lib"}, false, true},
		{"opam", map[string]string{"OPAM_SWITCH_PREFIX": sw, "OPAM_PACKAGE_NAME": "foo", "OPAMSWITCH": "default"}, true, false},
		{"opam, and the user's OCAMLPATH", map[string]string{"OPAM_SWITCH_PREFIX": sw, "OPAM_PACKAGE_NAME": "foo", "OCAMLPATH": pkg + "/lib"}, true, false},
		{"opam, a switch called dune", map[string]string{"OPAM_SWITCH_PREFIX": sw, "OPAM_PACKAGE_NAME": "foo", "OPAMSWITCH": "dune"}, true, false},
		{"dune builds a package", map[string]string{"OPAM_SWITCH_PREFIX": pkg, "OPAM_PACKAGE_NAME": "foo", "OPAMSWITCH": "dune"}, false, true},
		{"an older dune builds a package", map[string]string{"OPAM_SWITCH_PREFIX": pkg, "OPAM_PACKAGE_NAME": "foo"}, false, true},
		{"a name that only resembles", map[string]string{"OCAMLPATH": "/x/my.pkg/lib:/x/.pkgs/lib"}, false, false},
	} {
		if opam, dune := opamBuilds(vars(c.vars)), DunePackages(vars(c.vars)); opam != c.opam || dune != c.dunePkg {
			t.Errorf("%s: opam builds %v, dune's packages %v", c.name, opam, dune)
		}
	}
}

func TestPrefixesOf(t *testing.T) {
	for lib, want := range map[string]string{
		"/p/lib":                           "/p",
		"/nix/c/lib/ocaml/5.2.0/site-lib":  "/nix/c/lib/ocaml/5.2.0 /nix/c",
		"/usr/lib/ocaml":                   "/usr/lib /usr",
		"/usr/lib/x86_64-linux-gnu/ocaml5": "/usr/lib/x86_64-linux-gnu /usr",
		"/p/libs":                          "/p",
		"/lib":                             "/",
	} {
		if got := strings.Join(prefixesOf(lib), " "); got != want {
			t.Errorf("%s: %s", lib, got)
		}
	}
}

// What dune lays out for the workspace itself is no place for bindings, wherever its build
// directory is.
func TestLibraries(t *testing.T) {
	top := t.TempDir()
	write(t, filepath.Join(top, "b", ".db"), "")
	write(t, filepath.Join(top, "usr", "install", "x", "lib", "foo", "META"), "")
	path := strings.Join([]string{
		filepath.Join(top, "b", "install", "default", "lib"), filepath.Join(top, "usr", "install", "x", "lib"), "relative/lib", "",
		filepath.Join(top, "bd", "install", "default", "lib"), "/p/lib/", "/p/lib",
	}, ":")
	got := Libraries(vars(map[string]string{"OCAMLPATH": path, "INSIDE_DUNE": filepath.Join(top, "bd", "default")}))
	if want := []string{filepath.Join(top, "usr", "install", "x", "lib"), "/p/lib"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestSandboxed(t *testing.T) {
	top := t.TempDir()
	b := filepath.Join(top, "_build")
	if err := os.MkdirAll(b, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(top, filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	const rest = "_private/default/.pkg/foo.1-0/target"
	inside := filepath.Join(b, ".sandbox", "4f2a", rest)
	for _, c := range []struct{ name, prefix, cwd, want string }{
		{"dune's own", filepath.Join(b, rest), filepath.Join(b, ".sandbox", "4f2a", "_private", "source"), inside},
		{"at the sandbox's top", filepath.Join(b, rest), filepath.Join(b, ".sandbox", "4f2a"), inside},
		{"written with a link", filepath.Join(top, "link", "_build", rest), filepath.Join(b, ".sandbox", "4f2a", "x"), inside},
		{"in the sandbox already", inside, filepath.Join(b, ".sandbox", "4f2a", "x"), inside},
		{"a prefix elsewhere", "/opt/foo", filepath.Join(b, ".sandbox", "4f2a", "x"), "/opt/foo"},
		{"another build directory", filepath.Join(top, "other", "_build", rest), filepath.Join(b, ".sandbox", "4f2a", "x"), filepath.Join(top, "other", "_build", rest)},
		{"no sandbox", filepath.Join(b, rest), filepath.Join(b, "default"), filepath.Join(b, rest)},
	} {
		if got := sandboxed(c.prefix, c.cwd); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// A (package ...) stanza says what an opam file would.
func TestAsPackage(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "dune-project"), `(lang dune 3.0)
(package (name a) (synopsis "x") (depends plain (versioned (and (>= 1.0) (< 2.0))) (tested :with-test) (both (and :with-test (>= 1)))
  (either (or :with-doc (= :os nowhere))) (here (<> :os nowhere)) (any (or (>= 1) :with-doc)) (never (not (>= :os ""))) ) (depopts opt))
(package (name b))
(package)`)
	write(t, filepath.Join(dir, "b.opam"), "opam-version: \"2.0\"\ndepends: [ \"of-file\" ]")
	write(t, filepath.Join(dir, "a.opam.template"), `install: [ ["opam-cargo" "install" "a/rust"] ]`)
	r, err := FindRoot(dir, "", vars(nil))
	if err != nil {
		t.Fatal(err)
	}
	if names := strings.Join(r.Names(), " "); names != "a b" {
		t.Fatalf("packages %s", names)
	}
	a, _ := r.Package("a")
	b, _ := r.Package("b")
	if a.Err != nil || !a.OfProject || b.OfProject {
		t.Fatalf("%+v %+v", a, b)
	}
	all := func(string) bool { return true }
	for withTest, want := range map[bool]string{false: "any here plain versioned", true: "any both here plain tested versioned"} {
		depends, err := a.File.Depends()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(depends.Select(variables(withTest), all), " "); got != want {
			t.Errorf("with tests %v: %s", withTest, got)
		}
	}
	if want := []OwnTree{{Package: "a", Dir: "a/rust", Installed: true}}; !reflect.DeepEqual(r.Trees(), want) {
		t.Errorf("trees %+v", r.Trees())
	}
}
