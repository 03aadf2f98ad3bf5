package opamfile

import (
	"strings"
	"testing"
)

func TestReplaceSections(t *testing.T) {
	ours := func(name string) bool { return strings.HasPrefix(name, "c/") }
	const one = "extra-source \"c/a\" { src: \"x\" }\n"
	const foreign = "extra-source \"other\" {\n  src: \"y\"\n} # mine\n"
	for _, c := range []struct{ name, src, text, want string }{
		{"none before", "opam-version: \"2.0\"\n", one, "opam-version: \"2.0\"\n" + one},
		{"no end of line", "opam-version: \"2.0\"", one, "opam-version: \"2.0\"\n" + one},
		{"empty file", "", one, one},
		{"replaced in place", "a: 1\nextra-source \"c/b\" {\n src: \"z\"\n}\n# comment\nb: 2\n", one, "a: 1\n" + one + "# comment\nb: 2\n"},
		{"several, and a foreign one", "extra-source \"c/b\" { }\n" + foreign + "extra-source \"c/c\" { }   \na: 1\n", one, one + foreign + "a: 1\n"},
		{"taken out", "a: 1\nextra-source \"c/b\" { }\n", "", "a: 1\n"},
		{"a comment behind", "extra-source \"c/b\" { } # why\na: 1\n", one, one + " # why\na: 1\n"},
		{"CRLF", "a: 1\r\nextra-source \"c/b\" { }\r\nb: 2\r\n", one, "a: 1\r\n" + one + "b: 2\r\n"},
	} {
		edit := func(src string) string {
			f, err := Parse("x.opam", []byte(src))
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			return string(f.ReplaceSections([]byte(src), "extra-source", ours, c.text))
		}
		got := edit(c.src)
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if again := edit(got); again != got {
			t.Errorf("%s: the second time gives %q", c.name, again)
		}
	}
}

func TestPinned(t *testing.T) {
	for depends, want := range map[string]bool{
		`["foo" {= "1"}]`:                 true,
		`["foo" {= "1" & os != "win32"}]`: true,
		`["foo"]`:                         false,
		`["foo" {>= "1"}]`:                false,
		`["foo" {= "1" | = "2"}]`:         false,
		`["bar" {= "1"}]`:                 false,
		`["foo" {= "1"} ("bar" | "foo")]`: false,
		`[("foo" {= version} "bar")]`:     true,
	} {
		f, err := Parse("x.opam", []byte("depends: "+depends))
		if err != nil {
			t.Fatal(err)
		}
		formula, err := f.Depends()
		if err != nil {
			t.Fatal(err)
		}
		if got := formula.Pinned("foo"); got != want {
			t.Errorf("%s: got %v", depends, got)
		}
	}
}

func TestReplaceInList(t *testing.T) {
	const begin, end = "# ours: begin", "# ours: end"
	block := "  # ours: begin\n  \"x\" {>= \"1\"}\n  # ours: end\n"
	for _, c := range []struct{ src, want string }{
		{"depends: [\n  \"dune\" # why\n]\nbuild: []\n", "depends: [\n  \"dune\" # why\n" + block + "]\nbuild: []\n"},
		{"depends: [ \"dune\" \"ocaml\" ]\n", "depends: [ \"dune\" \"ocaml\"\n" + block + "]\n"},
		{"depends: \"dune\"\nbuild: []\n", "depends: [\n  \"dune\"\n" + block + "]\nbuild: []\n"},
		{"build: []\n", "build: []\ndepends: [\n" + block + "]\n"},
		{"depends: [\n  \"a\"\n  # ours: begin\n  \"old\"\n  # ours: end\n  \"b\"\n]\n", "depends: [\n  \"a\"\n" + block + "  \"b\"\n]\n"},
	} {
		src := c.src
		for try := 0; try < 2; try++ { // once is twice
			f, err := Parse("x.opam", []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			src = string(f.ReplaceInList([]byte(src), "depends", begin, end, []string{`"x" {>= "1"}`}))
			if src != c.want {
				t.Errorf("of %q: got %q, want %q", c.src, src, c.want)
			}
		}
		f, err := Parse("x.opam", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if out := string(f.ReplaceInList([]byte(src), "depends", begin, end, nil)); out == src || strings.Contains(out, "ours") {
			t.Errorf("not taken out: %q", out)
		}
	}
}
