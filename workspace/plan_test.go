package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

func TestWithMetadata(t *testing.T) {
	for _, c := range []struct{ version, pkg, want string }{
		{"0.1.0", "foocaml", "0.1.0+foocaml"},
		{"0.1.0", "foo_caml+x", "0.1.0+foo-caml-x"},
		{"1.0.0-rc.1+git", "a", "1.0.0-rc.1+git.a"},
	} {
		if got := withMetadata(c.version, c.pkg); got != c.want {
			t.Errorf("%s for %s: got %s, want %s", c.version, c.pkg, got, c.want)
		}
	}
}

func TestUniqueKeys(t *testing.T) {
	used := map[string]bool{}
	for _, c := range []struct{ name, want string }{
		{"foo-ffi", "foo-ffi"}, {"foo-ffi", "foo-ffi-2"}, {"0install-x", "p0install-x"}, {"a+b", "a_b"},
	} {
		if got := unique(used, c.name); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// makeTree makes the tree of a binding x with one crate.
func makeTree(t *testing.T, files map[string]string) *bindings.Tree {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := bindings.ReadTree(bindings.Binding{Package: "x", Dir: dir, Shown: "rust"})
	if err != nil {
		t.Fatal(err)
	}
	tr.Crates = []bindings.Crate{{Name: "x", Version: "0.1.0", Dir: ".", Member: true}}
	tr.Exports = []string{"x"}
	return tr
}

const manifestText = "[package]\nname = \"x\"\nversion = \"0.1.0\"\n[lib]\ncrate-type = [\"cdylib\"]\n"

// Staging: a file is written when its source changed or it is missing, never
// because somebody changed it; only what was written is deleted; what is written
// has a new mtime, what is not keeps its own.
func TestStage(t *testing.T) {
	d := Dirs{W: t.TempDir()}
	stage := func(files map[string]string) {
		t.Helper()
		if err := New(nil, []*bindings.Tree{makeTree(t, files)}, nil, Settings{}).Stage(d); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(d.Bindings(), "x", name) }
	read := func(name string) string {
		text, err := os.ReadFile(at(name))
		if err != nil {
			return ""
		}
		return string(text)
	}
	old := time.Now().Add(-time.Hour)
	age := func(names ...string) {
		for _, name := range names {
			if err := os.Chtimes(at(name), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	isOld := func(name string) bool {
		info, err := os.Stat(at(name))
		return err == nil && info.ModTime().Equal(old)
	}

	stage(map[string]string{"Cargo.toml": manifestText, "build.rs": "", "src/lib.rs": "1", "src/gone.rs": "2", "dir/only.rs": "3"})
	if got := read("Cargo.toml"); !strings.Contains(got, `crate-type = ["rlib"]`) || !strings.HasSuffix(got, "\n[workspace]\n") {
		t.Errorf("the staged manifest is %q", got)
	}
	// A build script writes into the tree: over a file, and beside one.
	if err := os.WriteFile(at("src/lib.rs"), []byte("by a build script"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("src/generated.rs"), []byte("by a build script"), 0o644); err != nil {
		t.Fatal(err)
	}
	age("Cargo.toml", "src/lib.rs", "src/gone.rs", "dir/only.rs")
	stage(map[string]string{"Cargo.toml": manifestText, "build.rs": "", "src/lib.rs": "1"})
	if read("src/lib.rs") != "by a build script" || read("src/generated.rs") == "" || !isOld("src/lib.rs") || !isOld("Cargo.toml") {
		t.Error("a file whose source has not changed was touched")
	}
	if read("src/gone.rs") != "" || read("dir/only.rs") != "" {
		t.Error("a file that is no longer in the tree is still there")
	}
	if _, err := os.Stat(at("dir")); err == nil {
		t.Error("an empty directory was left")
	}
	stage(map[string]string{"Cargo.toml": manifestText, "build.rs": "", "src/lib.rs": "4"})
	if read("src/lib.rs") != "4" || isOld("src/lib.rs") {
		t.Error("a changed file was not written, or kept its old mtime")
	}
	os.Remove(at("src/lib.rs"))
	stage(map[string]string{"Cargo.toml": manifestText, "build.rs": "", "src/lib.rs": "4"})
	if read("src/lib.rs") != "4" {
		t.Error("a missing file was not written again")
	}
}

// What a killed run may have left half done is written again.
func TestStageAfterAKill(t *testing.T) {
	d := Dirs{W: t.TempDir()}
	p := New(nil, []*bindings.Tree{makeTree(t, map[string]string{"Cargo.toml": manifestText, "src/lib.rs": "1"})}, nil, Settings{})
	if err := writeStaged(filepath.Join(d.Bindings(), ".staged.json"), map[string]staged{"x/src/lib.rs": {}, "x/src/old.rs": {}}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lib.rs", "old.rs", ".opam-cargo-123"} { // the last is a Write that was not renamed
		file := filepath.Join(d.Bindings(), "x", "src", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("ha"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Stage(d); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(filepath.Join(d.Bindings(), "x", "src", "lib.rs")); string(text) != "1" {
		t.Errorf("the half-written file is still %q", text)
	}
	for _, name := range []string{"old.rs", ".opam-cargo-123"} {
		if _, err := os.Stat(filepath.Join(d.Bindings(), "x", "src", name)); err == nil {
			t.Errorf("%s of the killed run was left", name)
		}
	}
}

// A list of what was staged that is damaged, or of another release, is no list: all is
// staged anew, and nothing that it may have named is left.
func TestStageAfterDamage(t *testing.T) {
	for name, list := range map[string]string{
		"half of it":        `{"x/src/lib.rs": {"su`,
		"nothing":           "",
		"another release's": `{"format": 2, "files": []}`,
		"another kind":      `[]`,
		"null":              `null`,
	} {
		d := Dirs{W: t.TempDir()}
		p := New(nil, []*bindings.Tree{makeTree(t, map[string]string{"Cargo.toml": manifestText, "src/lib.rs": "1"})}, nil, Settings{})
		if err := p.Stage(d); err != nil {
			t.Fatal(err)
		}
		gone := filepath.Join(d.Bindings(), "x", "src", "gone.rs")
		for file, text := range map[string]string{filepath.Join(d.Bindings(), ".staged.json"): list, gone: "2"} {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Stage(d); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text, _ := os.ReadFile(filepath.Join(d.Bindings(), "x", "src", "lib.rs")); string(text) != "1" {
			t.Errorf("%s: the file is %q", name, text)
		}
		if _, err := os.Stat(gone); err == nil {
			t.Errorf("%s: a file that nobody knows is left", name)
		}
	}
}

// A tree that changes while it is read, as when its package is installed meanwhile, is the
// user's matter.
func TestStageWhileInstalled(t *testing.T) {
	for name, change := range map[string]func(file string) error{
		"another text": func(file string) error { return os.WriteFile(file, []byte("2"), 0o644) },
		"gone":         os.Remove,
		"a directory":  func(file string) error { return errors.Join(os.Remove(file), os.Mkdir(file, 0o755)) },
	} {
		tr := makeTree(t, map[string]string{"Cargo.toml": manifestText, "src/lib.rs": "1"})
		p := New(nil, []*bindings.Tree{tr}, nil, Settings{})
		if err := change(filepath.Join(tr.Dir, "src", "lib.rs")); err != nil {
			t.Fatal(err)
		}
		err := p.Stage(Dirs{W: t.TempDir()})
		if list := problem.List(err); len(list) != 1 || list[0].Code != problem.Input || len(list[0].Hints) == 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A tree may not write through a link that an earlier version of it had staged.
func TestStageThroughNoLink(t *testing.T) {
	d := Dirs{W: t.TempDir()}
	outside := t.TempDir()
	if err := os.MkdirAll(filepath.Join(d.Bindings(), "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(d.Bindings(), "x", "src")); err != nil {
		t.Fatal(err)
	}
	if err := New(nil, []*bindings.Tree{makeTree(t, map[string]string{"Cargo.toml": manifestText, "src/lib.rs": "1"})}, nil, Settings{}).Stage(d); err != nil {
		t.Fatal(err)
	}
	if list, _ := os.ReadDir(outside); len(list) != 0 {
		t.Error("a file was written through a link, outside of the workspace")
	}
}

// A feature of the settings goes to those of a tree's exported crates that have it; one
// that none has goes to all, and cargo says so.
func TestFeaturesFor(t *testing.T) {
	tree := &bindings.Tree{Exports: []string{"a", "b", "old"}, Layout: bindings.Layout{Crates: []bindings.Crate{
		{Name: "a", Member: true, Features: []string{"fast", "std"}, Needs: []string{"serde"}},
		{Name: "b", Member: true, Features: []string{"std"}},
		{Name: "old", Member: true},
	}}}
	for _, c := range []struct{ chosen, a, b, old string }{
		{"fast", "fast", "", ""},
		{"fast std", "fast std", "std", ""},
		{"nosuch", "nosuch", "nosuch", "nosuch"},
		{"serde/derive", "serde/derive", "", ""},
		{"serde?/derive", "serde?/derive", "", ""},
		{"other/x fast", "other/x fast", "other/x", "other/x"},
	} {
		for name, want := range map[string]string{"a": c.a, "b": c.b, "old": c.old} {
			if got := strings.Join(featuresFor(tree, exported(tree, name), strings.Fields(c.chosen)), " "); got != want {
				t.Errorf("%s: %s gets %q, want %q", c.chosen, name, got, want)
			}
		}
	}
}

// Where versions are to fit the Rust that there is, cargo needs its third resolver, and
// that release in the umbrella crate; else the oldest, and a lock of version 3.
func TestManifestToFit(t *testing.T) {
	p := New([]string{"pack"}, nil, nil, Settings{})
	for rust, want := range map[string][2]string{"": {`rust-version = "1.56"`, `resolver = "2"`}, "1.95.0": {`rust-version = "1.95.0"`, `resolver = "3"`}} {
		p.rust = rust
		text, err := p.Manifest()
		if err != nil || !strings.Contains(string(text), want[0]) || !strings.Contains(string(text), want[1]) {
			t.Errorf("for %q: %v\n%s", rust, err, text)
		}
	}
}
