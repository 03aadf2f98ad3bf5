package opamfile

import "testing"

func TestAddToList(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"a: 1\n", "a: 1\nx: [\"n\"]\n"},
		{"x: []\n", "x: [\"n\"]\n"},
		{"x: \"o\" {build}\n", "x: [\n  \"o\" {build}\n  \"n\"\n]\n"},
		{"x: [ \"o\" {build} ] # why\n", "x: [ \"o\" {build} \"n\" ] # why\n"},
		{"x: [\n  \"o\" # why\n  # end\n]\n", "x: [\n  \"o\" # why\n  \"n\"\n  # end\n]\n"},
		{"x: [\"o\"\n   \"p\"]\n", "x: [\"o\"\n   \"p\"\n   \"n\"]\n"},
	} {
		check(t, c.src, c.want, func(f *File, src []byte) []byte { return f.AddToList(src, "x", `"n"`) })
	}
	// One command becomes the first of a list of commands.
	for _, c := range []struct{ src, want string }{
		{"x: [make]\n", "x: [\n  [make]\n  [\"n\"]\n]\n"},
		{"x: [make] {os = \"linux\"}\n", "x: [\n  [make] {os = \"linux\"}\n  [\"n\"]\n]\n"},
		{"x: [[make] {a}]\n", "x: [[make] {a} [\"n\"]]\n"},
	} {
		check(t, c.src, c.want, func(f *File, src []byte) []byte { return f.AddToList(src, "x", `["n"]`) })
	}
}

func TestAddCondition(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"", "x: c\n"},
		{"x: a\n", "x: a & c\n"},
		{"x: a & b\n", "x: a & b & c\n"},
		{"x: a | b # why\n", "x: (a | b) & c # why\n"},
	} {
		check(t, c.src, c.want, func(f *File, src []byte) []byte { return f.AddCondition(src, "x", "c") })
	}
}

func check(t *testing.T, src, want string, do func(*File, []byte) []byte) {
	t.Helper()
	const head = "opam-version: \"2.0\"\n"
	f, err := Parse("x.opam", []byte(head+src))
	if err != nil {
		t.Fatal(err)
	}
	got := do(f, []byte(head+src))
	if string(got) != head+want {
		t.Errorf("%q becomes\n%s\nnot\n%s", src, got, head+want)
	}
	if _, err := Parse("x.opam", got); err != nil {
		t.Errorf("%q: %v", src, err)
	}
}
