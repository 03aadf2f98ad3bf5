package compile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// What cargo 1.95 said, but for what is not read.
const build = `{"reason":"compiler-artifact","manifest_path":"/w/crates/log/Cargo.toml","features":["std"],"filenames":["/t/liblog.rlib","/t/liblog.rmeta"],"fresh":true}
{"reason":"compiler-artifact","manifest_path":"/w/crates/log/Cargo.toml","features":["alloc"],"filenames":["/t/host/liblog.rlib"],"fresh":false}
   a line of a build's own
{"reason":"build-script-executed","package_id":"x","out_dir":"/t/build/x-1/out"}
{"reason":"compiler-message","manifest_path":"/w/bindings/foocaml/Cargo.toml","message":{"level":"warning","message":"unused","rendered":"warning: unused\n"}}
{"reason":"compiler-message","manifest_path":"/w/Cargo.toml","message":{"level":"note","message":"link against the following native artifacts when linking against this static library. The order","rendered":"x"}}
{"reason":"compiler-message","manifest_path":"/w/Cargo.toml","message":{"level":"note","message":"native-static-libs: -lz -lc","rendered":"x"}}
{"reason":"compiler-artifact","manifest_path":"/w/Cargo.toml","features":[],"filenames":["/t/librust_bindings.a"],"fresh":false}
{"reason":"compiler-artifact","manifest_path":"/w/crates/zee/Cargo.toml","features":[],"filenames":["/t/libzee.a"],"fresh":false}
{"reason":"build-finished","success":true}`

func TestReadMessages(t *testing.T) {
	var shown []string
	out, err := readMessages(strings.NewReader(build), func(manifest string) bool { return manifest == "/w/Cargo.toml" },
		func(manifest, level, rendered string) bool {
			shown = append(shown, manifest+" "+level+" "+strings.TrimSpace(rendered))
			return level == "warning"
		})
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string][2]any{
		"archives":    {out.archives, map[string]string{"/w/Cargo.toml": "/t/librust_bindings.a"}},
		"native libs": {out.nativeLibs, map[string][]string{"/w/Cargo.toml": {"-lz", "-lc"}}},
		"rlibs":       {out.rlibs, []Rlib{{"/w/crates/log/Cargo.toml", "/t/liblog.rlib"}, {"/w/crates/log/Cargo.toml", "/t/host/liblog.rlib"}}},
		"features":    {out.features["/w/crates/log/Cargo.toml"], []string{"alloc", "std"}},
		"compiled": {out.compiled,
			map[string]bool{"/w/crates/log/Cargo.toml": true, "/w/Cargo.toml": true, "/w/crates/zee/Cargo.toml": true}},
		"out dirs": {out.outDirs, []string{"/t/build/x-1/out"}},
		"said":     {out.said, true},
		"shown":    {shown, []string{"  a line of a build's own", "/w/bindings/foocaml/Cargo.toml warning warning: unused"}},
	} {
		if got, want := fmt.Sprint(c[0]), fmt.Sprint(c[1]); got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
}

func TestFailedMessages(t *testing.T) {
	out, err := readMessages(strings.NewReader(
		`{"reason":"compiler-message","manifest_path":"/w/bindings/foocaml/Cargo.toml","message":{"level":"error","message":"m","rendered":"error: m\n"}}`),
		func(string) bool { return false }, func(_, _, _ string) bool { return true })
	if err != nil || fmt.Sprint(out.failed, out.errors) != "[/w/bindings/foocaml/Cargo.toml] [error: m\n]" {
		t.Errorf("got %v, %v", out, err)
	}
}

func TestAskedVariables(t *testing.T) {
	dir := t.TempDir()
	rlib := filepath.Join(dir, "libfoo-12.rlib")
	deps := "x.rlib: src/lib.rs\n\n# env-dep:BANNER=hello\n# env-dep:CARGO_PKG_NAME=foo\n# env-dep:OUT_DIR=/x\n# env-dep:UNSET\n"
	if err := os.WriteFile(filepath.Join(dir, "foo-12.d"), []byte(deps), 0o644); err != nil {
		t.Fatal(err)
	}
	printed := []string{"cargo:rerun-if-env-changed=FOO_DIR\nwords\n", "cargo::rerun-if-env-changed= FOO_STATIC \ncargo:rerun-if-env-changed=FOO_DIR\n"}
	list := askedVariables(printed, []Rlib{{File: rlib}, {File: filepath.Join(dir, "libgone-3.rlib")}}, values([]string{"FOO_DIR=a", "FOO_DIR=b", "BANNER=hello"}))
	var got []string
	for _, v := range list {
		got = append(got, fmt.Sprint(v.Name, " ", v.SHA256 != ""))
	}
	if strings.Join(got, ", ") != "BANNER true, FOO_DIR true, FOO_STATIC false, UNSET false" {
		t.Errorf("got %v", got)
	}
	if list[1] != Of("FOO_DIR", map[string]string{"FOO_DIR": "b"}) {
		t.Error("of two values the earlier counts")
	}
}

func TestWatchedFiles(t *testing.T) {
	printed := []string{"cargo:rerun-if-changed=build.rs\ncargo:rerun-if-changed=/usr/include/z.h\n", "cargo::rerun-if-changed=/w/x\ncargo:rerun-if-changed=/etc/a\ncargo:rerun-if-changed=/etc/a\n"}
	for ours, want := range map[string]string{"/w": "/etc/a /usr/include/z.h", "": "/etc/a /usr/include/z.h /w/x", "/usr": "/etc/a /w/x"} {
		if got := strings.Join(watchedFiles(printed, ours), " "); got != want {
			t.Errorf("%q: got %s", ours, got)
		}
	}
}

func TestFixed(t *testing.T) {
	env := func(vars ...string) func(string) string {
		return func(name string) string { return values(vars)[name] }
	}
	for _, c := range []struct {
		getenv            func(string) string
		target, rustflags string
		want              string // of CC, SOURCE_DATE_EPOCH, RUSTFLAGS
	}{
		{env(), "", "", "opam-cargo-cc 0 "},
		{env("CC=clang -m64", "SOURCE_DATE_EPOCH=5"), "", "-g", "opam-cargo-cc clang -m64  -g"},
		{env("CC=clang"), "wasm32-wasip1", "", " 0 "}, // CC would be the host's as well
	} {
		v := values(fixed(c.getenv, c.target, c.rustflags))
		if got := v["CC"] + " " + v["SOURCE_DATE_EPOCH"] + " " + v["RUSTFLAGS"]; got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestLibOwner(t *testing.T) {
	d := workspace.Of(&bindings.Root{Dir: "/p"})
	g := graph.Of([]graph.Node{
		{ID: "a", Name: "a-ffi", Version: "1.0.0", Lib: "a_ffi", Manifest: d.Bindings() + "/foocaml/Cargo.toml", Deps: []string{"b"}},
		{ID: "b", Name: "b", Version: "2.0.0", Lib: "bee", Source: lockfile.DefaultRegistry},
	}, d)
	links := []workspace.Link{{Key: "barcaml-x-ffi", Crate: "x-ffi", Version: "0.1.0", Package: "barcaml"}}
	for lib, want := range map[string]string{
		"a_ffi": "a-ffi 1.0.0 (of foocaml)", "bee": "b 2.0.0 (of foocaml)", "b": "b 2.0.0 (of foocaml)",
		"barcaml_x_ffi": "x-ffi 0.1.0 (of barcaml)", "std": "std",
	} {
		if got, _ := libOwner(g, links, lib); got != want {
			t.Errorf("%s: got %s", lib, got)
		}
	}
}
