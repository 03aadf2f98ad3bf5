package dune

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/edit"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

func TestParse(t *testing.T) {
	src := `; (not this)
(a b #| (nor this
 one) |# "c ) \" d" %{x y}z)
(b (c) "\> a text ("
        "\| of lines"
 d)`
	list, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Line != 2 || list[1].Line != 4 || list[1].Name() != "b" {
		t.Fatalf("%+v", list)
	}
	want := []string{"b", `c ) \" d`, "%{x y}z"}
	if got := list[0].Words(); len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("words %q", got)
	}
	if c, ok := list[1].Field("c"); !ok || !c.IsList || !list[1].Has("d") || list[1].Has("of") {
		t.Errorf("%+v", list[1])
	}
	for _, bad := range []string{"(a", "a)", `("a`} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
	if _, err := Parse([]byte("(* -*- tuareg -*- *)")); !errors.Is(err, ErrOCaml) {
		t.Errorf("OCaml syntax: %v", err)
	}
}

// An edit keeps comments and layout; where the file was in dune's own formatting, it
// still is.
func TestEdits(t *testing.T) {
	addLibrary := func(src []byte, list []Node) []edit.Edit {
		f, ok := list[0].Field("libraries")
		if !ok {
			return []edit.Edit{AddField(src, list[0], "(libraries rust_bindings)")}
		}
		return []edit.Edit{Append(src, f, "rust_bindings")}
	}
	remove := func(n ...int) func([]byte, []Node) []edit.Edit {
		return func(src []byte, list []Node) (edits []edit.Edit) {
			for _, i := range n {
				edits = append(edits, Remove(src, list[i]))
			}
			return edits
		}
	}
	removeField := func(src []byte, list []Node) []edit.Edit {
		f, _ := list[0].Field("foreign_archives")
		return []edit.Edit{Remove(src, f)}
	}
	for _, c := range []struct {
		src, want string
		edits     func([]byte, []Node) []edit.Edit
	}{
		{"(test\n (name t)\n (libraries foo))\n", "(test\n (name t)\n (libraries foo rust_bindings))\n", addLibrary},
		{"(test\n (name t))\n", "(test\n (name t)\n (libraries rust_bindings))\n", addLibrary},
		{"(test\n (name t)\n (libraries))\n", "(test\n (name t)\n (libraries rust_bindings))\n", addLibrary},
		{"(test (name t)\n (libraries foo))\n", "(test (name t)\n (libraries foo rust_bindings))\n", addLibrary},
		{
			"(test\n (name t)\n (libraries aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbb))\n",
			"(test\n (name t)\n (libraries\n  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n  bbbbbbbbbbbbbbbbbbbbbb\n  rust_bindings))\n", addLibrary,
		},
		{
			"(test\n (name t)\n (libraries\n  ; the first\n  foo\n  ; the second\n  bar))\n",
			"(test\n (name t)\n (libraries\n  ; the first\n  foo\n  ; the second\n  bar\n  rust_bindings))\n", addLibrary,
		},
		{"(rule\n (a))\n\n(rule\n (b))\n\n(library\n (name c))\n", "(library\n (name c))\n", remove(0, 1)},
		{"(library\n (name c))\n\n; one\n\n; two\n(rule\n (a))\n\n; three\n(rule\n (b))\n", "(library\n (name c))\n\n; one\n", remove(1, 2)},
		{"(rule\n (a))\n", "", remove(0)},
		{
			"(library\n (name c)\n ; an archive\n (foreign_archives x)\n (flags))\n",
			"(library\n (name c)\n (flags))\n", removeField,
		},
		{"(library\n (name c)\n (foreign_archives x))\n", "(library\n (name c))\n", removeField},
		{"(library (name c) (foreign_archives x) (flags))\n", "(library (name c) (flags))\n", removeField},
	} {
		list, err := Parse([]byte(c.src))
		if err != nil {
			t.Fatal(err)
		}
		got := string(Apply([]byte(c.src), c.edits([]byte(c.src), list)))
		if got != c.want {
			t.Errorf("%s\nbecomes\n%s\nnot\n%s", c.src, got, c.want)
		}
		if formatted(t, c.src) == c.src && formatted(t, got) != got {
			t.Errorf("dune would write\n%sas\n%s", got, formatted(t, got))
		}
	}
}

func formatted(t *testing.T, src string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dune")
	if err := tree.WriteIfChanged(file, []byte(src), false); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("dune", "format-dune-file", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("(a \"\\> b\n\"\\| c\n #| d |# %{e f})"))
	f.Fuzz(func(t *testing.T, src []byte) {
		list, err := Parse(src)
		if err != nil {
			return
		}
		at := 0
		for _, n := range list {
			if n.Start < at || n.End < n.Start || n.End > len(src) {
				t.Fatalf("%q: %+v", src, n)
			}
			at = n.End
			if n.IsList && len(n.List) > 0 {
				if _, err := Parse(edit.Apply(src, []edit.Edit{Append(src, n, "x")})); err != nil {
					t.Fatalf("%q: after an edit: %v", src, err)
				}
			}
		}
	})
}

// What an atom says, as dune reads it: escapes, lines that go on, text in lines.
func TestValue(t *testing.T) {
	for src, want := range map[string]string{
		`a%{b c}d`:                   `a%{b c}d`,
		`"a\"b\\c\n\t\065\x41"`:      "a\"b\\c\n\tAA",
		"\"cp a || \\\n   cp b\"":    "cp a || cp b",
		`"\%{x}"`:                    `%{x}`,
		"\"\\| one \\n\n  \"\\| two": "one \n\ntwo\n",
		"\"\\> one \\n\n \"\\>two\n": "one \\n\ntwo\n",
		`""`:                         "",
		`"\"quoted\""`:               `"quoted"`,
	} {
		list, err := Parse([]byte(src))
		if err != nil || len(list) != 1 || list[0].Value != want {
			t.Errorf("%s: got %v, %v; want %q", src, list, err, want)
		}
	}
}

func TestGenerates(t *testing.T) {
	for project, want := range map[string]bool{
		"(lang dune 2.0)\n(generate_opam_files true)\n":   true,
		"(lang dune 2.0)\n(generate_opam_files)\n":        true,
		"(lang dune 2.0)\n(generate_opam_files false)\n":  false,
		"(lang dune 2.0)\n; (generate_opam_files true)\n": false,
		"(lang dune 2.0)\n":                               false,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "dune-project"), []byte(project), 0o600); err != nil {
			t.Fatal(err)
		}
		for opam, says := range map[string]bool{"": true, "opam-version: \"2.0\"\n": false, "# This file is generated by dune, edit dune-project instead\n": true} {
			file := filepath.Join(dir, "x.opam")
			_ = os.Remove(file)
			if opam != "" {
				if err := os.WriteFile(file, []byte(opam), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := Generates(dir, "x.opam"); got != (want && says) {
				t.Errorf("%q, %q: got %v", project, opam, got)
			}
		}
	}
}
