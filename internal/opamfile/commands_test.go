package opamfile

import (
	"fmt"
	"testing"
)

func TestCommands(t *testing.T) {
	for _, test := range []struct{ src, want string }{
		{`name: "x"`, `[]`},
		{`install: []`, `[]`},
		{`install: [[]]`, `[]`},
		{`install: ["opam-cargo" "install"]`, `[["opam-cargo" "install"]]`},
		{`install: [["opam-cargo" "install" "rust"]]`, `[["opam-cargo" "install" "rust"]]`},
		{`install: [[make] [make "PREFIX=%{prefix}%" "install" {os = "linux"}] {dev}]`,
			`[["%{make}%"] ["%{make}%" "PREFIX=%{prefix}%" "install"]]`},
		{`install: [["a"] {with-test} ["b" _:name]]`, `[["a"] ["b" "%{_:name}%"]]`},
		{`install: ["a" {dev} b] {dev}`, `[["a" "%{b}%"]]`},
		{`install: make`, `[["%{make}%"]]`},
	} {
		got, err := mustParse(t, test.src).Commands("install")
		if text := fmt.Sprintf("%q", got); err != nil || text != test.want {
			t.Errorf("%s\n got %s %v\nwant %s", test.src, text, err, test.want)
		}
	}
}

func TestBadCommands(t *testing.T) {
	for src, want := range map[string]string{
		"install: [\n[\"a\" 1]]":  "x.opam:2: an argument in `install` is a string or a variable, not `1`",
		`install: [["a" ["b"]]]`:  "x.opam:1: an argument in `install` is a string or a variable, not `[\"b\"]`",
		`install: ("a")`:          "x.opam:1: an argument in `install` is a string or a variable, not `(\"a\")`",
		`install: ["a" | "b" {}]`: "x.opam:1: an argument in `install` is a string or a variable, not `\"a\" | \"b\" {}`",
	} {
		if _, err := mustParse(t, src).Commands("install"); err == nil || err.Error() != want {
			t.Errorf("%s: %v", src, err)
		}
	}
}
