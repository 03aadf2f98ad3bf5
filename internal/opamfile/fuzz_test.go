package opamfile

import (
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// FuzzParse: no input makes the parser panic, what it accepts can be printed
// and read again, and offsets stay inside the file.
func FuzzParse(f *testing.F) {
	f.Add(sample)
	for _, test := range valueTests {
		f.Add("x: " + test.src)
	}
	for _, test := range errorTests {
		f.Add(test.src)
	}
	for _, test := range selectTests {
		f.Add("depends: " + test.depends)
	}
	f.Fuzz(func(t *testing.T, src string) {
		file, err := Parse("x.opam", []byte(src))
		if err != nil {
			for _, e := range problem.List(err) {
				if e.Code != problem.Input || e.Line < 1 {
					t.Fatalf("%#v", e)
				}
			}
			return
		}
		checkRoundTrip(t, file)
		checkOffsets(t, []byte(src), file)
		if _, err := file.Commands("build"); err != nil && problem.ExitCode(err) != problem.Input {
			t.Fatal(err)
		}
		formula, err := file.Depends()
		if err != nil {
			return
		}
		checkSelect(t, formula)
	})
}
