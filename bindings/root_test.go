package bindings

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func vars(list map[string]string) Getenv { return func(name string) string { return list[name] } }

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Where a dune action's directory stands for: docs/facts.md#a-dune-actions-directory.
func TestDuneSource(t *testing.T) {
	for _, c := range []struct {
		name, cwd, source, inside string
		dir, context              string
		ok                        bool
	}{
		{"plain", "/p/_build/default/rust-bindings", "/p", "/p/_build/default", "/p/rust-bindings", "default", true},
		{"project below the workspace", "/w/_build/default/pack/rust-bindings", "/w", "/w/_build/default", "/w/pack/rust-bindings", "default", true},
		{"sandboxed", "/p/_build/.sandbox/0af1/default/rust-bindings", "/p", "/p/_build/default", "/p/rust-bindings", "default", true},
		{"another context", "/p/_build/arm/rust-bindings", "/p", "/p/_build/arm", "/p/rust-bindings", "arm", true},
		{"sandbox of another context", "/p/_build/.sandbox/0af1/default/x", "/p", "/p/_build/arm", "", "", false},
		{"a shell started from an action", "/elsewhere", "/p", "/p/_build/default", "", "", false},
		{"no dune", "/p", "", "", "", "", false},
	} {
		dir, context, ok := duneSource(c.cwd, vars(map[string]string{"DUNE_SOURCEROOT": c.source, "INSIDE_DUNE": c.inside}))
		if dir != c.dir || ok != c.ok || (ok && context != c.context) {
			t.Errorf("%s: got %q %q %v", c.name, dir, context, ok)
		}
	}
}

func TestOpamBuildDir(t *testing.T) {
	for cwd, want := range map[string]string{
		"/s/.opam-switch/build/pack.1.0":                       "/s/.opam-switch/build/pack.1.0",
		"/s/.opam-switch/build/pack.1.0/_build/default":        "/s/.opam-switch/build/pack.1.0",
		"/s/.opam-switch/build/a.1/x/.opam-switch/build/b.2/c": "/s/.opam-switch/build/a.1/x/.opam-switch/build/b.2",
		"/s/.opam-switch/build/":                               "",
		"/s/.opam-switch/sources/pack.1.0":                     "",
	} {
		got, ok := opamBuildDir(cwd)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%s: got %q %v", cwd, got, ok)
		}
	}
}

// A search upward takes the nearest opam file, and stops at a repository's root
// and at HOME.
func TestSearchUp(t *testing.T) {
	top := t.TempDir()
	write(t, filepath.Join(top, "outer.opam"), "")
	write(t, filepath.Join(top, "home", "repo", ".git", "HEAD"), "")
	write(t, filepath.Join(top, "home", "repo", "sub", "x"), "")
	write(t, filepath.Join(top, "home", "other", "opam", "foo.opam"), "")
	write(t, filepath.Join(top, "home", "generated", "dune-project"), "(generate_opam_files true)")
	home := filepath.Join(top, "home")
	if dir, err := searchUp(filepath.Join(home, "repo", "sub"), home); err == nil {
		t.Errorf("the search went beyond a repository's root, to %s", dir)
	}
	if dir, err := searchUp(home, home); err == nil {
		t.Errorf("the search went beyond HOME, to %s", dir)
	}
	for start, want := range map[string]string{
		filepath.Join(home, "other", "opam"): filepath.Join(home, "other", "opam"),
		filepath.Join(home, "other"):         filepath.Join(home, "other"),
		filepath.Join(home, "generated"):     filepath.Join(home, "generated"),
	} {
		if dir, err := searchUp(start, home); err != nil || dir != want {
			t.Errorf("from %s: got %s, %v", start, dir, err)
		}
	}
}

// Which tree belongs to whom, and which take part.
func TestOwnTrees(t *testing.T) {
	dir := t.TempDir()
	opam := func(install string) string { return "opam-version: \"2.0\"\n" + install }
	write(t, filepath.Join(dir, "foo.opam"), opam(`install: [ [make "install"] ["opam-cargo" "install" "--crate" "foo-ffi" "--crate=extra" "foo/rust"] {os != "win32"} ]`))
	write(t, filepath.Join(dir, "bar.opam"), opam(`install: ["opam" "cargo" "install" "bar/rust"]`))
	write(t, filepath.Join(dir, "pack.opam"), opam(``))
	write(t, filepath.Join(dir, "rust", "Cargo.toml"), "")
	r, err := FindRoot(dir, "", vars(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := []OwnTree{
		{Package: "bar", Dir: "bar/rust", Installed: true},
		{Package: "foo", Dir: "foo/rust", Crates: []string{"foo-ffi", "extra"}, Installed: true},
		{Package: "pack", Dir: "rust"},
	}
	if got := r.Trees(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	set := func(names ...string) map[string]bool {
		m := map[string]bool{}
		for _, n := range names {
			m[n] = true
		}
		return m
	}
	for _, c := range []struct {
		building       string
		selected, cone map[string]bool
		want           []string
	}{
		{"", set("foo", "bar", "pack"), set("foo", "bar", "pack"), []string{"bar", "foo", "pack"}},
		{"", set("pack"), set("pack", "foo"), []string{"foo", "pack"}},
		{"", set("foo"), set("foo"), []string{"foo"}},
		{"foo", set("foo"), set("foo", "bar"), []string{"foo"}},
		{"pack", set("pack"), set("pack", "foo"), []string{"pack"}},
	} {
		r.Building = c.building
		var got []string
		for _, tree := range r.Trees() {
			if r.belongs(tree, c.selected, c.cone) {
				got = append(got, tree.Package)
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("building %q, selected %v: got %v, want %v", c.building, c.selected, got, c.want)
		}
	}
}
