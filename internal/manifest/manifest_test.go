package manifest

import (
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/edit"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

func parse(t *testing.T, src string) *Manifest {
	t.Helper()
	m, err := Parse("Cargo.toml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRlibOnly(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"array", "[lib]\ncrate-type = [\"staticlib\", # why\n \"cdylib\"] # end\nname='x'\n", "[lib]\ncrate-type = [\"rlib\"] # end\nname='x'\n"},
		{"inline table", "lib = { crate-type = [\"cdylib\"], name = \"x\" }\n", "lib = { crate-type = [\"rlib\"], name = \"x\" }\n"},
		{"dotted key", "lib.crate_type=['dylib','rlib']\n", "lib.crate_type=[\"rlib\"]\n"},
		{"rlib stays as it is", "[lib]\ncrate-type = [ \"lib\" ]\n", "[lib]\ncrate-type = [ \"lib\" ]\n"},
		{"proc-macro", "[lib]\nproc-macro = true\ncrate-type = [\"dylib\"]\n", "[lib]\nproc-macro = true\ncrate-type = [\"dylib\"]\n"},
		{"example", "[[example]]\nname='e'\ncrate-type = [\"cdylib\"]\n", "[[example]]\nname='e'\ncrate-type = [\"cdylib\"]\n"},
		{"no end of line", "[lib]\ncrate-type = [\"cdylib\"]", "[lib]\ncrate-type = [\"rlib\"]"},
		{"CRLF", "[lib]\r\ncrate-type = [\"cdylib\"]\r\nname='x'\r\n", "[lib]\r\ncrate-type = [\"rlib\"]\r\nname='x'\r\n"},
	} {
		m := parse(t, c.src)
		if got := string(m.Apply(m.RlibOnly())); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestVersion(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"[package]\nname='a'\nversion = '1.0.0' # v\n", "[package]\nname='a'\nversion = \"1.0.0+foo\" # v\n"},
		{"[package]\nversion.workspace = true\nname='a'\n", "[package]\nversion = \"1.0.0+foo\"\nname='a'\n"},
		{"[package]\nversion = { workspace = true }\n", "[package]\nversion = \"1.0.0+foo\"\n"},
		{"package.version = \"1.0.0\"\n", "package.version = \"1.0.0+foo\"\n"},
	} {
		m := parse(t, c.src)
		if got := string(m.Apply(m.Version("1.0.0+foo"))); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestOwnRoot(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"[package]\nname='a'", "[package]\nname='a'\n\n[workspace]\n"},
		{"[package]\nname='a'\n", "[package]\nname='a'\n\n[workspace]\n"},
		{"[package]\nname='a'\n[workspace.package]\nversion='1.0.0'\n", ""},
		{"[workspace]\nmembers=['a']\n", ""},
	} {
		m := parse(t, c.src)
		want := c.want
		if want == "" {
			want = c.src
		}
		if got := string(m.Apply(m.OwnRoot())); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPaths(t *testing.T) {
	m := parse(t, `
[dependencies]
a = { path = "../a", version = "1" }
b.path = "../b"
[dependencies.c]
path = '../c'
[target.'cfg(unix)'.build-dependencies]
d = { path = "d" }
[workspace.dependencies]
e = { path = "e" }
[patch.crates-io]
f = { path = "f" }
[[bin]]
path = "src/main.rs"
[lib]
path = "lib.rs"
[package.metadata.x.y]
path = "no"
`)
	var got []string
	for _, v := range m.Paths() {
		got = append(got, v.Text)
	}
	if want := "../a ../b ../c d e f"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	src := m.Apply([]edit.Edit{m.Paths()[0].Replace("../../x/a"), m.Paths()[1].Replace(`q"`)})
	again := parse(t, string(src))
	if again.Paths()[0].Text != "../../x/a" || again.Paths()[1].Text != `q"` {
		t.Errorf("after the edit: %v", again.Paths())
	}
}

func TestSyntaxErrorNamesTheLine(t *testing.T) {
	_, err := Parse("rust/Cargo.toml", []byte("[package]\nname = \"a\"\nversion = 1.0.0\n"))
	list := problem.List(err)
	if len(list) != 1 || list[0].File != "rust/Cargo.toml" || list[0].Line != 3 || list[0].Code != problem.Input {
		t.Errorf("got %+v", list)
	}
}

// Whatever parses can be edited, and what comes out still parses.
func FuzzEdit(f *testing.F) {
	for _, s := range []string{
		"[lib]\ncrate-type = [\"staticlib\"]\n", "package.version={workspace=true}\nlib={crate-type=['cdylib']}",
		"[dependencies]\n\"a.b\" = { path = \"x\" }\n", "[package]\nname = \"\"\"x\n\"\"\"\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		m, err := Parse("Cargo.toml", []byte(src))
		if err != nil {
			return
		}
		edits := append(m.RlibOnly(), m.Version("1.2.3+x")...)
		for _, v := range m.Paths() {
			edits = append(edits, v.Replace("../y"))
		}
		out := m.Apply(append(edits, m.OwnRoot()...))
		if _, err := Parse("Cargo.toml", out); err != nil {
			t.Errorf("%q became %q: %v", src, out, err)
		}
	})
}
