package faults

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDamaged damages each file of the workspace in turn, as a full disk, a loss of power and
// a failing disk do: the next build heals it, and gives the same archive. Of cargo's own
// target directory, cargo decides.
func TestDamaged(t *testing.T) {
	w := world{dir: t.TempDir(), tool: build(t), cargo: filepath.Join(toolchain(t), "cargo")}
	write(t, w.dir, map[string]string{
		"pack.opam":                          "opam-version: \"2.0\"\n",
		"prefix/.opam-switch/packages/.keep": "",
		"tmp/.keep":                          "",
		"rust/Cargo.toml":                    "[package]\nname = \"own\"\nversion = \"0.1.0\"\n[lib]\ncrate-type = [\"staticlib\"]\n",
		"rust/src/lib.rs":                    "mod more;\n#[no_mangle] pub extern \"C\" fn own() -> i32 { more::one() }\n",
		"rust/src/more.rs":                   "pub fn one() -> i32 { 1 }\n",
	})
	archive, ws := filepath.Join(w.dir, "rust-bindings", "librust_bindings.a"), filepath.Join(w.dir, "_build", ".opam-cargo")
	made := func(what string) []byte {
		if out, err := w.command("build", "--root", w.dir, "--prefix", "prefix").CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", what, err, out)
			return nil
		}
		content, err := os.ReadFile(archive)
		if err != nil {
			t.Error(err)
		}
		return content
	}
	want := made("at first")
	var files []string
	err := filepath.WalkDir(ws, func(file string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && !strings.Contains(file, "/target/") && e.Name() != ".lock" {
			files = append(files, file)
		}
		return err
	})
	if err != nil || len(files) < 12 {
		t.Fatalf("%v of %q", err, files)
	}
	tried := 0
	for _, file := range files {
		for how, damage := range map[string]func([]byte) []byte{
			"empty": func([]byte) []byte { return nil }, "cut": func(b []byte) []byte { return b[:len(b)/2] },
			"garbage": func([]byte) []byte { return []byte("\xff\x00{\"garbage") },
		} {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, damage(content), 0o644); err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "last.json") { // else there would be nothing to do
				if err := os.Remove(filepath.Join(ws, "out", "last.json")); err != nil {
					t.Fatal(err)
				}
			}
			if tried++; !bytes.Equal(made(how+" "+file), want) {
				t.Errorf("%s %s: another archive", how, file)
			}
		}
	}
	t.Log(tried, "damages")
}
