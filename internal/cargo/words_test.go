package cargo

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// What cargo and rustc were seen to say, with the release; paths are shortened.
const (
	linksConflict195 = "error: failed to select a version for `z-sys`.\n" +
		"    ... required by package `b v0.1.0 (bindings/bbb)`\n" +
		"versions that meet the requirements `^2` are: 2.0.0\n\n" +
		"package `z-sys` links to the native library `z`, but it conflicts with a previous package which links to `z` as well:\n" +
		"package `z-sys v1.0.0`\n" +
		"    ... which satisfies dependency `z-sys = \"^1\"` of package `a v0.1.0 (bindings/aaa)`\n" +
		"    ... which satisfies path dependency `a` of package `rust-bindings v0.0.0 (/w)`\n" +
		"Only one package in the dependency graph may specify the same links value. This helps ensure that only one copy of a native library " +
		"is linked in the final binary.\n\nfailed to select a version for `z-sys` which could resolve this conflict\n"
	linksConflict197 = "error: failed to select a version for `z-sys`.\n" +
		"    ... required by package `b v0.1.0 (bindings/bbb)`\n" +
		"versions that meet the requirements `^2` are: 2.0.0\n\n" +
		"package `z-sys` links to the native library `z`, but it conflicts with a previous package which links to `z` as well:\n" +
		"package `z-sys v1.0.0`\n" +
		"    ... which satisfies dependency `z-sys = \"^1\"` of package `a v0.1.0 (bindings/aaa)`\n" +
		"    ... which satisfies path dependency `a` of package `rust-bindings v0.0.0 (/w)`\n" +
		"note: only one package in the dependency graph may specify the same links value to ensure that only one copy of a native library " +
		"is linked in the final binary\n\nfailed to select a version for `z-sys` which could resolve this conflict\n"
	locked195 = "error: failed to select a version for `d`.\n" +
		"    ... required by package `y v1.0.0`\n" +
		"    ... which satisfies dependency `y = \"^1\"` (locked to 1.0.0) of package `lk v0.1.0 (/w)`\n" +
		"versions that meet the requirements `^1` (locked to 1.1.0) are: 1.1.0\n\n" +
		"all possible versions conflict with previously selected packages.\n\n" +
		"  previously selected package `d v1.0.0`\n" +
		"    ... which satisfies dependency `d = \"=1.0.0\"` of package `x v1.0.0`\n" +
		"    ... which satisfies dependency `x = \"^1\"` (locked to 1.0.0) of package `lk v0.1.0 (/w)`\n\n" +
		"failed to select a version for `d` which could resolve this conflict\n"
	noPackage195 = "error: no matching package found\nsearched package name: `nowhere`\nperhaps you meant:      newer\n" +
		"location searched: directory source `/w/crates` (which is replacing registry `crates-io`)\nrequired by package `miss v0.1.0 (/w)`\n"
	noPackage197 = "error: no matching package named `nowhere` found\nlocation searched: directory source `/w/crates` " +
		"(which is replacing registry `crates-io`)\nrequired by package `miss v0.1.0 (/w)`\nhelp: packages with similar names: newer\n"
	noVersion195 = "error: failed to select a version for the requirement `log = \"^3\"`\ncandidate versions found which didn't match: 1.2.0, 1.0.0\n" +
		"location searched: directory source `/w/crates` (which is replacing registry `crates-io`)\nrequired by package `cand v0.1.0 (/w)`\n"
	unloadable195 = "error: failed to get `log` as a dependency of package `cand v0.1.0 (/w)`\n\nCaused by:\n  failed to load source for dependency `log`\n\n" +
		"Caused by:\n  unable to update registry `crates-io`\n\nCaused by:\n  failed to update replaced source registry `crates-io`\n\n" +
		"Caused by:\n  failed to parse manifest at `/w/crates/bad-1.0.0/Cargo.toml`\n\nCaused by:\n  failed to parse the `edition` key\n"
	tooOld195 = "error: rustc 1.95.0 is not supported by the following package:\n  newer@1.0.0 requires rustc 1.999\n" +
		"Either upgrade rustc or select compatible dependency versions with\n"
	tooOld165 = "error: package `newer v1.0.0` cannot be built because it requires rustc 1.999 or newer, while the currently active rustc version is 1.65.0\n"
	script195 = "   Compiling script v0.1.0 (/w/bindings/sss)\nerror: failed to run custom build command for `script v0.1.0 (/w/bindings/sss)`\n"
	macro195  = "error: could not compile `alloc_user` (lib) due to 1 previous error\n"
	alloc195  = "error: the `#[global_allocator]` in a conflicts with global allocator in: b\n\n"
	panics195 = "error[E0152]: duplicate lang item in crate `p` (which `panics` depends on): `panic_impl`\n  |\n" +
		"  = note: the lang item is first defined in crate `std` (which `panics` depends on)\n"
)

func TestResolverWords(t *testing.T) {
	for _, c := range []struct {
		name, words           string
		obstacles             string
		locked, noCandidate   bool
		unloadable            string
		conflict, conflictKey string
	}{
		{"1.95", locked195, "y x d d y lk d x lk", true, false, "", "", ""},
		{"1.95", linksConflict195, "z-sys z-sys b z-sys a rust-bindings", false, false, "",
			"z-sys ^2 < b | z-sys ^1 1.0.0 < a < rust-bindings", "z"},
		{"1.97 nightly", linksConflict197, "z-sys z-sys b z-sys a rust-bindings", false, false, "",
			"z-sys ^2 < b | z-sys ^1 1.0.0 < a < rust-bindings", "z"},
		{"1.95", noPackage195, "miss", false, true, "", "", ""},
		{"1.97 nightly", noPackage197, "miss", false, true, "", "", ""},
		{"1.95", noVersion195, "log cand", false, true, "", "", ""},
		{"1.95", unloadable195, "cand", false, false, "crates bad-1.0.0", "", ""},
		{"of the switch's store", strings.ReplaceAll(unloadable195, "/w/crates/", "/sw/rust-crates/"), "cand", false, false, "rust-crates bad-1.0.0", "", ""},
	} {
		if got := strings.Join(Obstacles(c.words), " "); got != c.obstacles {
			t.Errorf("%s: the obstacles are %q in\n%s", c.name, got, c.words)
		}
		if LockedInTheWay(c.words) != c.locked || NoCandidate(c.words) != c.noCandidate {
			t.Errorf("%s: locked %v, no candidate %v in\n%s", c.name, !c.locked, !c.noCandidate, c.words)
		}
		where, entry, _ := Unloadable(c.words)
		if got := strings.TrimSpace(where + " " + entry); got != c.unloadable {
			t.Errorf("%s: unloadable is %q in\n%s", c.name, got, c.words)
		}
		claims, key := LinksConflict(c.words)
		var paths []string
		for _, claim := range claims {
			var steps []string
			for i, s := range claim.Steps {
				step := s.Name
				if i == 0 {
					step = strings.TrimSpace(s.Name + " " + s.Req + " " + s.Version)
				}
				steps = append(steps, step)
			}
			paths = append(paths, strings.Join(steps, " < "))
		}
		if got := strings.Join(paths, " | "); got != c.conflict || key != c.conflictKey {
			t.Errorf("%s: the claims on %q are %q in\n%s", c.name, key, got, c.words)
		}
	}
}

func TestBuildWords(t *testing.T) {
	for words, want := range map[string][]Needs{
		tooOld195: {{"newer", "1.0.0", "1.999"}},
		tooOld165: {{"newer", "1.0.0", "1.999"}},
		script195: nil,
	} {
		if got := TooOld(words); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v need a newer rustc in\n%s", got, words)
		}
	}
	for words, want := range map[string]string{
		script195: "script 0.1.0 /w/bindings/sss true",
		strings.ReplaceAll(script195, " (/w/bindings/sss)", ""): "script 0.1.0  true",
		macro195: "   false", // rustc's own error has named the crate
	} {
		name, version, dir, found := FailedPackage(words)
		if got := fmt.Sprint(name, " ", version, " ", dir, " ", found); got != want {
			t.Errorf("failed is %q in\n%s", got, words)
		}
	}
	if a, b, ok := TwoAllocators(alloc195); !ok || a != "a" || b != "b" {
		t.Errorf("the allocators are of %q and %q", a, b)
	}
	if libs, ok := TwoPanicHandlers(panics195); !ok || strings.Join(libs, " ") != "p std" {
		t.Errorf("the panic handlers are of %q", libs)
	}
	if _, ok := TwoPanicHandlers(alloc195); ok {
		t.Error("an allocator is taken for a panic handler")
	}
	for message, want := range map[string]string{
		"native-static-libs: -lgcc_s -lutil -lc": "[-lgcc_s -lutil -lc] true",
		"native-static-libs: ":                   "[] true",
		"link against the following native artifacts when linking against this static library. The order ...": "[] true", // 1.95
		"Link against the following native artifacts when linking against this static library.":               "[] true", // 1.65
		"unused variable: `x`": "[] false",
	} {
		libs, note := NativeLibs(message)
		if got := fmt.Sprint(libs, " ", note); got != want {
			t.Errorf("%q: got %s", message, got)
		}
	}
}

func TestNoNetwork(t *testing.T) {
	for words, want := range map[string]bool{
		"error: failed to download from `https://h/x`\n\nCaused by:\n  [6] Could not resolve hostname (Could not resolve host: h)": true,
		"error: failed to get `log`\n\nCaused by:\n  [7] Couldn't connect to server":                                               true,
		"warning: spurious network error (1 try remaining): [28] Timeout was reached":                                              true,
		"error: attempting to make an HTTP request, but --offline was specified":                                                   true,
		noPackage195: false,
		locked195:    false,
	} {
		if NoNetwork(&Failure{Args: []string{"metadata"}, Stderr: words, Err: errors.New("exit status 101")}) != want {
			t.Errorf("want %v of\n%s", want, words)
		}
	}
	if NoNetwork(errors.New("timed out")) {
		t.Error("what cargo has not said is no word of cargo's")
	}
}

func TestRenameSources(t *testing.T) {
	rename := func(pkg string) string { return map[string]string{"mine": "rust"}[pkg] }
	for text, want := range map[string]string{
		" --> rust-bindings/mine/src/lib.rs:3:5":                       " --> rust/src/lib.rs:3:5",
		"\x1b[1m--> \x1b[0mrust-bindings/mine/a.rs:1:1":                "\x1b[1m--> \x1b[0mrust/a.rs:1:1",
		" ::: rust-bindings/mine/a.rs:1:1\n --> rust-bindings/other/b": " ::: rust/a.rs:1:1\n --> rust-bindings/other/b",
		"in rust-bindings/mine/a.rs":                                   "in rust-bindings/mine/a.rs",
	} {
		if got := RenameSources(text, rename); got != want {
			t.Errorf("got %q", got)
		}
	}
}

func TestProgress(t *testing.T) {
	for line, want := range map[string]bool{
		"   Compiling log v0.4.20\n": true, "    Finished `release` profile [optimized] target(s) in 0.50s\n": true,
		"\x1b[1m\x1b[92m   Compiling\x1b[0m native v0.1.0 (/w)\n": true,
		"error: could not compile `x`\n":                          false, "warning: unused\n": false,
	} {
		if Progress(line) != want {
			t.Errorf("want %v of %q", want, line)
		}
	}
}

func TestBlocked(t *testing.T) {
	for line, want := range map[string]string{
		"    Blocking waiting for file lock on package cache\n":                            "package cache",
		"    Blocking waiting for file lock on build directory\n":                          "build directory",
		"\x1b[1m\x1b[36m    Blocking\x1b[0m waiting for file lock on package cache lock\n": "package cache lock",
		"   Compiling Blocking v1.0.0\n":                                                   "",
		"Blocking waiting for file lock on x":                                              "",
	} {
		if got, found := Blocked(line); got != want || found != (want != "") {
			t.Errorf("%q: got %q", line, got)
		}
	}
}

func TestCannotMerge(t *testing.T) {
	const said = "error: failed to load bitcode of module \"foo_ffi-9bcacaf3fca8807f.foo_ffi.6854435969ed8674-cgu.0.rcgu.o\": \n\n"
	if !CannotMerge(said) || CannotMerge("error: could not compile `rust-bindings` (lib) due to 1 previous error") {
		t.Error("what rustc 1.95 says is not told")
	}
}
