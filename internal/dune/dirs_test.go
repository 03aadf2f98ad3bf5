package dune

import (
	"strings"
	"testing"
)

// Where dune looks, by the stanzas of a directory; agreed with dune 2.9 and 3.17.
func TestSubdirs(t *testing.T) {
	for _, c := range []struct{ stanzas, looks, not string }{
		{``, "a a.b", ".git _build x.t"},
		{`(dirs :standard \ rust)`, "a", "rust _x"},
		{`(dirs :standard _kept \ a b)`, "c _kept", "a b _x"},
		{`(dirs a b)`, "a b", "c"},
		{`(dirs)`, "", "a"},
		{`(dirs (:standard \ (a b)))`, "c", "a b"},
		{`(dirs (or a (not :standard)))`, "a _x", "b"},
		{`(dirs (and a* (not ab)))`, "a ac", "ab b"},
		{`(dirs :standard .* \ .git)`, "a .x", ".git _x"},
		{`(dirs *)`, "a _x", ".x"},
		{`(dirs **)`, "a .x", ""},
		{`(dirs {a,b}?)`, "a1 b2", "a c1"},
		{`(dirs "a b")`, "", "a b"},
		{`(data_only_dirs data d*)`, "a", "data d1"},
		{`(dirs a b) (data_only_dirs b)`, "a", "b c"},
		{`(ignored_subdirs (a b))`, "c", "a b"},
		{`(vendored_dirs v)`, "v a", ""},
		{`(data_only_dirs rust) (subdir rust (dirs :standard \ target))`, "target", "rust"},
	} {
		nodes, err := Parse([]byte(c.stanzas))
		if err != nil {
			t.Fatal(err)
		}
		s := SubdirsOf(nodes)
		for _, name := range strings.Fields(c.looks) {
			if !s.Look(name) {
				t.Errorf("%s: does not look into %s", c.stanzas, name)
			}
		}
		for _, name := range strings.Fields(c.not) {
			if s.Look(name) {
				t.Errorf("%s: looks into %s", c.stanzas, name)
			}
		}
	}
}

func TestSubdirsBelow(t *testing.T) {
	nodes, err := Parse([]byte("(subdir a (dirs x))\n(subdir b/c (dirs y))\n(subdir ./a (data_only_dirs x))"))
	if err != nil {
		t.Fatal(err)
	}
	s := SubdirsOf(nodes)
	if a := SubdirsOf(s.Below("a")); a.Look("x") || a.Look("y") {
		t.Error("a looks into x, which is data, or into y")
	}
	b := SubdirsOf(s.Below("b"))
	if c := SubdirsOf(b.Below("c")); !b.Look("any") || c.Look("x") || !c.Look("y") {
		t.Error("b/c does not look into y only")
	}
	if len(s.Below("c")) != 0 {
		t.Error("c has stanzas")
	}
}
