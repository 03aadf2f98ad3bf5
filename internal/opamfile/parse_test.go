package opamfile

import (
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

func mustParse(t testing.TB, src string) *File {
	t.Helper()
	f, err := Parse("x.opam", []byte(src))
	if err != nil {
		t.Fatalf("Parse(%q): %v", src, err)
	}
	return f
}

// Values, as the tree that opam's own parser gives them.
var valueTests = []struct{ src, want string }{
	{`"a"`, `"a"`},
	{`""`, `""`},
	{`""""""`, `""`},
	{`"""a "quoted" b"""`, `"a \034quoted\034 b"`},
	{"\"\"\"\n two\"\"\"", `"\010 two"`},
	{`"\"\\\n\t\r\b\ \'\065\x4a\x4A"`, `"\034\092\010\009\013\008 'AJJ"`},
	{"\"one \\\n   two\"", `"one two"`},
	{"\"one \\\r\n\t two\"", `"one two"`},
	{`"%{prefix}%/bin"`, `"%{prefix}%/bin"`},
	{"\"a\r\nb\rc\"", `"a\010b\013c"`},
	{`"é"`, `"\195\169"`},
	{`-1_000`, `-1000`},
	{`007`, `7`},
	{`true`, `true`},
	{`true-ish`, `(ident true-ish)`},
	{`1a`, `(ident 1a)`},
	{`_:depends`, `(ident _:depends)`},
	{`foo+bar:installed`, `(ident foo+bar:installed)`},
	{`[]`, `(list)`},
	{`()`, `(group)`},
	{`["a" b 1]`, `(list "a" (ident b) 1)`},
	{`[a -1 -b_c]`, `(list (ident a) -1 (ident -b_c))`},
	{`[5-3 b+_1]`, `(list 5 -3 (ident b+_) 1)`},
	{`"a" {>= "1"} {build}`, `(option (option "a" (filter (prefix-relop >= "1"))) (filter (ident build)))`},
	{`"a" {}`, `(option "a" (filter))`},
	{`a ~ "1"`, `(relop >= (ident a) "1")`},
	{`a<"1"`, `(relop < (ident a) "1")`},
	{`a!="1"`, `(relop != (ident a) "1")`},
	{`a = b {c}`, `(option (relop = (ident a) (ident b)) (filter (ident c)))`},
	{`[a = b = c]`, `(list (relop = (ident a) (ident b)) (prefix-relop = (ident c)))`},
	{`[(a) = c]`, `(list (group (ident a)) (prefix-relop = (ident c)))`},
	{`a | b & c`, `(logop | (ident a) (logop & (ident b) (ident c)))`},
	{`a & b | c`, `(logop | (logop & (ident a) (ident b)) (ident c))`},
	{`a | b | c`, `(logop | (logop | (ident a) (ident b)) (ident c))`},
	{`a & b {c}`, `(logop & (ident a) (option (ident b) (filter (ident c))))`},
	{`!a & b`, `(logop & (pfxop ! (ident a)) (ident b))`},
	{`!a {b}`, `(pfxop ! (option (ident a) (filter (ident b))))`},
	{`!a = b`, `(pfxop ! (relop = (ident a) (ident b)))`},
	{`! = b`, `(pfxop ! (prefix-relop = (ident b)))`},
	{`!= b`, `(prefix-relop != (ident b))`},
	{`?a & !?b`, `(logop & (pfxop ? (ident a)) (pfxop ! (pfxop ? (ident b))))`},
	{`A += "x"`, `(env += (ident A) "x")`},
	{`A =+ "x"`, `(env =+ (ident A) "x")`},
	{`A =+= "x"`, `(env =+= (ident A) "x")`},
	{`A := "x"`, `(env := (ident A) "x")`},
	{`A =: "x"`, `(env =: (ident A) "x")`},
	{`A = "x"`, `(relop = (ident A) "x")`},
	{"# one\n a # two", `(ident a)`},
	{"(* one (* \" *)\n *) a (**)", `(ident a)`},
	{"a\r\n", `(ident a)`},
}

func TestValues(t *testing.T) {
	for _, test := range valueTests {
		f := mustParse(t, "x: "+test.src)
		if len(f.Items) != 1 {
			t.Errorf("%s: %d items", test.src, len(f.Items))
			continue
		}
		if got := dumpValue(f.Items[0].Value); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.src, got, test.want)
		}
		checkRoundTrip(t, f)
	}
}

// checkRoundTrip prints and parses again: the tree stays, and so does the print.
func checkRoundTrip(t testing.TB, f *File) {
	t.Helper()
	printed := f.String()
	again, err := Parse("printed", []byte(printed))
	if err != nil {
		t.Fatalf("the print does not parse: %v\n%s", err, printed)
	}
	if got, want := dump(again, nil), dump(f, nil); got != want {
		t.Fatalf("the print parses to another tree\n got %s\nwant %s", got, want)
	}
	if again.String() != printed {
		t.Fatalf("the print is no fixed point\n got %s\nwant %s", again, printed)
	}
}

const sample = `opam-version: "2.0"
# a comment
depends: [
  "ocaml" {>= "4.14"} # why
  "foo"
]
url { src: "u" }
extra-source "a.tar.gz" {
  src: "https://example.org/a"
  checksum: ["md5=1" "sha256=2"]
}
extra-source "b" {
} # after
x-last: """
text"""`

// Offsets locate items byte for byte, so that an edit leaves the rest alone.
func TestPositions(t *testing.T) {
	f := mustParse(t, sample)
	sections := f.Sections("extra-source")
	if len(sections) != 2 || sections[0].Name != "a.tar.gz" || sections[1].Name != "b" {
		t.Fatalf("extra-source sections: %+v", sections)
	}
	if got := sample[sections[1].Start:sections[1].End]; got != "extra-source \"b\" {\n}" || sections[1].Line != 12 {
		t.Errorf("second section: %q at line %d", got, sections[1].Line)
	}
	if src, ok := sections[0].StringField("src"); !ok || src != "https://example.org/a" {
		t.Errorf("src: %q", src)
	}
	sums, _ := sections[0].Field("checksum")
	if len(sums.Args) != 2 || sums.Args[1].Text != "sha256=2" || sums.Args[1].Line != 10 {
		t.Errorf("checksum: %+v", sums)
	}
	if url := f.Sections("url"); len(url) != 1 || url[0].Named {
		t.Errorf("url: %+v", url)
	}
	if v, ok := f.StringField("x-last"); !ok || v != "\ntext" {
		t.Errorf("x-last: %q", v)
	}
	for name, want := range map[string]bool{"opam-version": true, "depends": false, "src": false} {
		if _, ok := f.StringField(name); ok != want {
			t.Errorf("StringField(%q) = %v", name, ok)
		}
	}
	checkOffsets(t, []byte(sample), f)
	checkRoundTrip(t, f)
}

// checkOffsets parses each item again from its own bytes alone.
func checkOffsets(t testing.TB, src []byte, f *File) {
	t.Helper()
	for _, item := range f.Items {
		part := src[item.Start:item.End]
		again, err := Parse("part", part)
		if err != nil {
			t.Fatalf("item %q: %v", part, err)
		}
		if got, want := dump(again, nil), dump(&File{Items: []Item{item}}, nil); got != want {
			t.Fatalf("item %q\n got %s\nwant %s", part, got, want)
		}
		if line := 1 + strings.Count(string(src[:item.Start]), "\n"); item.Line != line {
			t.Fatalf("item %q: line %d, not %d", part, item.Line, line)
		}
		if item.Section == nil {
			v := item.Value
			again, err := Parse("value", append([]byte("x: "), src[v.Start:v.End]...))
			if err != nil || dumpValue(again.Items[0].Value) != dumpValue(v) {
				t.Fatalf("value %q: %v", src[v.Start:v.End], err)
			}
		}
	}
}

// Malformed files, and the message of each problem. opam's own parser refuses
// them too: see TestOracleRefuses.
var errorTests = []struct {
	src  string
	want []string
}{
	{"a: \"x\n\ny", []string{"x.opam:1: unterminated string"}},
	{"a: 1\nb: \"\"\"x\"\"\n\n", []string{"x.opam:2: unterminated string"}},
	{"a: \"x\\", []string{"x.opam:1: unterminated string"}},
	{"\n(* (* *)", []string{"x.opam:2: unterminated comment"}},
	{"a: \"\n\\q\"", []string{`x.opam:2: illegal escape sequence \q`}},
	{`a: "\256"`, []string{`x.opam:1: illegal escape sequence \2`}},
	{`a: "\xg0"`, []string{`x.opam:1: illegal escape sequence \x`}},
	{"a: \"\\06\x10\"", []string{`x.opam:1: illegal escape sequence \0`}},
	{"a: 1\n\n$", []string{"x.opam:3: unexpected character '$'"}},
	{"a: 1\rb: 2", []string{`x.opam:1: unexpected character '\r'`}},
	{"a: [+]", []string{"x.opam:1: unexpected character '+'"}},
	{"a: b =:= c", []string{`x.opam:1: "=:=" is not an operator`}},
	{"a: _", []string{"x.opam:1: _ is not an integer, or too large"}},
	{"a: 4611686018427387904", []string{"x.opam:1: 4611686018427387904 is not an integer, or too large"}},
	{"a", []string{"x.opam:1: expected `:` or `{` after `a` at the end of the file"}},
	{"a \"b\" \"c\"", []string{"x.opam:1: expected `{`, not `\"c\"`"}},
	{"a:\n", []string{"x.opam:2: expected a value at the end of the file"}},
	{"a: [\n\"b\"\n", []string{"x.opam:1: no `]` closes this `[`"}},
	{"a: [\n\"b\"\n)", []string{"x.opam:3: expected a value, not `)`"}},
	{"a: \"b\" {\n", []string{"x.opam:1: no `}` closes this `{`"}},
	{"\na {\n b: 1\n", []string{"x.opam:2: no `}` ends this section"}},
	{"a: 1\n}", []string{"x.opam:2: expected the name of a field or section, not `}`"}},
	{"a: b = c = d", []string{"x.opam:1: expected the name of a field or section, not `=`"}},
	{"a: b \"" + strings.Repeat("x", 99) + "\"", []string{"x.opam:1: expected the name of a field or section, not `\"" + strings.Repeat("x", 39) + "...`"}},
	{"a: & b", []string{"x.opam:1: expected a value, not `&`"}},
	{"a: b |", []string{"x.opam:1: expected a value at the end of the file"}},
	{"a: (b) = [c]", []string{"x.opam:1: expected the name of a field or section, not `=`"}},
	{"a: b = [c]", []string{"x.opam:1: expected a value, not `[`"}},
	{"a:b", []string{"x.opam:1: expected `:` or `{` after `a:b` at the end of the file"}},
	{"true: 1", []string{"x.opam:1: expected the name of a field or section, not `true`"}},
	{"a: \"1\"\nopam-version: \"2.1\"", []string{"x.opam:2: opam-version must be the first field"}},
	{"opam-version: \"2.1\"\nopam-version: \"2.0\"", []string{"x.opam:2: opam-version is given twice"}},
	// Several are told at once, and parsing goes on at the next field.
	{"a: [\nb: 1 ]\nok: 1\nc: &\nd: 2\n", []string{
		"x.opam:2: expected a value, not `:`",
		"x.opam:4: expected a value, not `&`",
	}},
	{"a: \"\\q\"\nb: $\nc: \"", []string{
		`x.opam:1: illegal escape sequence \q`,
		"x.opam:2: unexpected character '$'",
		"x.opam:3: unterminated string",
	}},
}

func TestErrors(t *testing.T) {
	for _, test := range errorTests {
		f, err := Parse("x.opam", []byte(test.src))
		if err == nil {
			t.Errorf("%q is accepted: %s", test.src, f)
			continue
		}
		if code := problem.ExitCode(err); code != problem.Input {
			t.Errorf("%q: exit code %d", test.src, code)
		}
		var got []string
		for _, e := range problem.List(err) {
			got = append(got, e.Error())
		}
		if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
			t.Errorf("%q\n got %q\nwant %q", test.src, got, test.want)
		}
	}
}

// An opam-version of 2.0 may come late, and a file may be empty.
func TestAccepted(t *testing.T) {
	for _, src := range []string{"", "\n# no newline", "a: 1\nopam-version: \"2.0\"", `opam-version: "3"`, "a { b { c: 1 } }"} {
		checkRoundTrip(t, mustParse(t, src))
	}
}

// Deep nesting is an error, not a crash. Long chains are fine.
func TestDepth(t *testing.T) {
	const many = 200_000
	for _, unit := range []string{"[", "(", "!", "a {", "[(", "a|("} {
		_, err := Parse("x.opam", []byte("x: "+strings.Repeat(unit, many)))
		if err == nil || !strings.Contains(err.Error(), "nested deeper than 500 levels") {
			t.Errorf("%q: %v", unit, err)
		}
	}
	_, err := Parse("x.opam", []byte(strings.Repeat("a { ", many)))
	if err == nil || !strings.Contains(err.Error(), "nested deeper") {
		t.Errorf("sections: %v", err)
	}
	_, err = Parse("x.opam", []byte("x: a"+strings.Repeat("{}", many)))
	if err == nil || !strings.Contains(err.Error(), "more than 100 filters") {
		t.Errorf("filters: %v", err)
	}
	checkRoundTrip(t, mustParse(t, "x: ["+strings.Repeat("[", 400)+strings.Repeat("]", 400)+"]"))
	f := mustParse(t, "x: a"+strings.Repeat(" & a", many))
	if len(f.Items[0].Value.Args) != many+1 {
		t.Errorf("%d operands", len(f.Items[0].Value.Args))
	}
}
