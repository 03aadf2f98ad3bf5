package check

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/workspace"
)

func TestFind(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"#[global_allocator]\nstatic A: System = System;", "global_allocator 1"},
		{"#[global_allocator] static A: System = System;", "global_allocator 1"},
		{"mod inner {\n    #[global_allocator]\n}", "global_allocator 2"},
		{"#[cfg(feature = \"alloc\")]\n#[global_allocator]", "global_allocator 2"},
		{"#[cfg(feature = \"alloc\")]\n\n#[global_allocator]", "global_allocator 3"},
		{"#[cfg(feature = \"alloc\")] #[global_allocator]", "global_allocator 1"},
		{"#![cfg(unix)]\n#[panic_handler]\nfn h() {}", "panic_handler 2"},
		{"#[cfg_attr(x, inline)]\n#[panic_handler]", "panic_handler 2"},
		{"#[inline]\n#[panic_handler]", "panic_handler 2"},
		{"#[no_mangle]\nfn a() {}\n#[unsafe(no_mangle)]\nfn b() {}", "no_mangle 1, no_mangle 3"},
		{"#[export_name = \"x\"] fn a() {}", "export_name 1"},
		{"// #[global_allocator]\n/// #[no_mangle]", ""},
		{"let x = \"#[no_mangle]\";", ""},
		{"#[no_mangled]", ""},
	} {
		var got []string
		for _, e := range find(c.src) {
			got = append(got, fmt.Sprint(e.Kind, " ", e.Line))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("got %q in\n%s", got, c.src)
		}
	}
}

func TestRust(t *testing.T) {
	d := workspace.Of(&bindings.Root{Dir: "/p"})
	g := graph.Of([]graph.Node{
		{ID: "a", Name: "a", Version: "1.0.0", Manifest: d.Bindings() + "/foocaml/Cargo.toml", RustVersion: "1.70", Deps: []string{"b", "c"}},
		{ID: "b", Name: "b", Version: "2.0.0", Source: lockfile.DefaultRegistry, RustVersion: "1.85"},
		{ID: "c", Name: "c", Version: "3.0.0", Source: lockfile.DefaultRegistry},
		{ID: "rust-bindings", Name: "rust-bindings", Manifest: d.Manifest(), RustVersion: "1.99"}, // nobody's
	}, d)
	for release, want := range map[string]string{
		"1.95.0":         "",
		"1.85.0":         "",
		"1.85.0-nightly": "",
		"1.84.1":         "the crate b 2.0.0 needs rustc 1.85 or later, and this is rustc 1.84.1",
		"1.65.0":         "the crate a 1.0.0 needs rustc 1.70 or later|the crate b 2.0.0 needs rustc 1.85 or later",
	} {
		largest, err := Rust(g, release)
		if largest.Name != "b" {
			t.Errorf("%s: %s asks for the most", release, largest.Name)
		}
		list := problem.List(err)
		wanted := strings.Split(want, "|")
		if want == "" {
			wanted = nil
		}
		if len(list) != len(wanted) {
			t.Errorf("%s: got %v", release, err)
			continue
		}
		for i, w := range wanted {
			if !strings.Contains(list[i].Error(), w) || list[i].Package != "foocaml" {
				t.Errorf("%s: got %v", release, list[i])
			}
		}
	}
}
