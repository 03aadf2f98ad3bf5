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

// However a version is written, inherited or left out, it becomes the given one, and all
// else stays.
func TestVersion(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"[package]\nname = \"x\"\nversion = \"0.1.0\" # mine\n", "[package]\nname = \"x\"\nversion = \"1.0.0+p\" # mine\n"},
		{"[package]\nversion.workspace = true\nname = \"x\"\n", "[package]\nversion = \"1.0.0+p\"\nname = \"x\"\n"},
		{"[package]\nname = \"x\"\nversion = { workspace = true }\n", "[package]\nname = \"x\"\nversion = \"1.0.0+p\"\n"},
		{"[package]\nname = \"x\"\nversion . workspace = true\n", "[package]\nname = \"x\"\nversion = \"1.0.0+p\"\n"},
		{"[package]\nname = \"x\"\n\"version\".'workspace' = true\n", "[package]\nname = \"x\"\nversion = \"1.0.0+p\"\n"},
		{"package.name = \"x\"\npackage.version.workspace = true\n", "package.name = \"x\"\npackage.version = \"1.0.0+p\"\n"},
		{"package = { name = \"x\", version.workspace = true }\n", "package = { name = \"x\", version = \"1.0.0+p\" }\n"},
		{
			"[package]\nname = \"x\" # it\nedition = \"2021\"\n[package.version] # the version is\nworkspace = true # the workspace's\n[lib]\n",
			"[package]\nname = \"x\"\nversion = \"1.0.0+p\" # it\nedition = \"2021\"\n # the workspace's\n[lib]\n",
		},
		{"[ package . \"version\" ]\nworkspace = true\n[package]\nname = \"x\"\n", "\n[package]\nname = \"x\"\nversion = \"1.0.0+p\"\n"},
		{"package.name = \"x\"\n[package.version]\nworkspace = true\n", "package.name = \"x\"\npackage.version = \"1.0.0+p\"\n\n"},
		{"[package]\nname = \"x\"\n[lib]\n", "[package]\nname = \"x\"\nversion = \"1.0.0+p\"\n[lib]\n"},
		{"package = { name = \"x\" }\n", "package = { name = \"x\", version = \"1.0.0+p\" }\n"},
		{"[package]\nversion = { workspace = true }\n", "[package]\nversion = \"1.0.0+p\"\n"},
		{"package.version = '0.1.0'\n", "package.version = \"1.0.0+p\"\n"},
		{"[package]\nname = \"x\"\n[package.version]\n", "[package]\nname = \"x\"\n[package.version]\n"}, // cargo refuses it
		{"[workspace.package]\nversion = \"0.1.0\"\nname = \"no\"\n", "[workspace.package]\nversion = \"0.1.0\"\nname = \"no\"\n"},
	} {
		m := parse(t, c.src)
		if got := string(m.Apply(m.Version("1.0.0+p"))); got != c.want {
			t.Errorf("%q became %q", c.src, got)
		}
	}
}

// Whatever parses can be edited, and what comes out still parses.
func FuzzEdit(f *testing.F) {
	for _, s := range []string{
		"[lib]\ncrate-type = [\"staticlib\"]\n", "package.version={workspace=true}\nlib={crate-type=['cdylib']}",
		"[package]\nname='x'\n[package.version]\nworkspace=true\n[[x]]\n", "package.name = 'x'\n[ package.'version' ] # [\nworkspace=true", "[dependencies]\n\"a.b\" = { path = \"x\" }\n", "[package]\nname = \"\"\"x\n\"\"\"\n",
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
		again, err := Parse("Cargo.toml", out)
		if err != nil {
			t.Fatalf("%q became %q: %v", src, out, err)
		}
		name, _ := Lookup(m.Tree, "package", "name")
		if _, named := name.(string); named && !again.Has("package", "version") {
			t.Errorf("%q became %q, without a version", src, out)
		}
	})
}
