package term

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// hostile are texts of a tree, with what is printed of each in a message.
var hostile = map[string]string{
	"plain é 漢 \U0001f600":  "plain é 漢 \U0001f600",
	"a\x1b[2Jb":             `a\x1b[2Jb`,
	"a\x1b[31mred":          `a\x1b[31mred`,
	"a\x1b]0;title\x07b":    `a\x1b]0;title\x07b`,
	"a\rb":                  `a\x0db`,
	"a\nopam-cargo: done":   `a\x0aopam-cargo: done`,
	"a\x00\x08\x7fb":        `a\x00\x08\x7fb`,
	"a\u009b2Jb":            `a\x9b2Jb`,
	"a\x9b2Jb":              `a\x9b2Jb`,
	"a\xff\xc3":             `a\xff\xc3`,
	"a\u202egpj.exe":        `a\u202egpj.exe`,
	"a\u2066b\u2069\u200fc": `a\u2066b\u2069\u200fc`,
	"a\u200bb\ufeff\u00ad":  `a\u200bb\ufeff\u00ad`,
	"a\u2028b\u2029":        `a\u2028b\u2029`,
	"a\U000e0041b":          `a\U000e0041b`,
	"a\vb\fc":               `a\x0bb\x0cc`,
	"a\tb":                  "a\tb",
}

// Every way to say something prints visible text.
func TestVisible(t *testing.T) {
	for text, want := range hostile {
		var b bytes.Buffer
		p := New(&b, Verbose, "never")
		for name, say := range map[string]func(){
			"say": func() { p.Say("%s", text) }, "warn": func() { p.Warn("%s", text) }, "hint": func() { p.Hint("%s", text) },
			"detail": func() { p.Detail("%s", text) }, "tell": func() { p.Tell("%s", text) },
			"problem":      func() { p.Problems(problem.New(problem.Input, "%s", text)) },
			"package":      func() { p.Problems(problem.New(problem.Input, "x").In(text)) },
			"file":         func() { p.Problems(problem.New(problem.Input, "x").At(text, 1)) },
			"problem hint": func() { p.Problems(problem.New(problem.Input, "x").Hint("%s", text)) },
		} {
			b.Reset()
			say()
			if got := b.String(); !strings.Contains(got, want) || !safe(got, "") {
				t.Errorf("%s of %q prints %q", name, text, got)
			}
		}
		for name, say := range map[string]func(){
			"quote": func() { p.Problems(problem.New(problem.Build, "x").Quote(text + "\nmore")) },
			"table": func() { p.Table(text + "\nmore") }, "pass": func() { p.Pass(text + "\nmore") },
			"through": func() {
				w := p.Through()
				for i := range []byte(text) { // in the smallest pieces
					_, _ = w.Write([]byte(text)[i : i+1])
				}
				_, _ = w.Write([]byte("\nmore"))
			},
			"result": func() { _, _ = Writer(&b).Write([]byte(text + "\nmore")) },
		} {
			b.Reset()
			say()
			got := strings.ReplaceAll(strings.ReplaceAll(b.String(), "\x1b[31m", ""), "\f", "")
			if !safe(got, "") || !strings.Contains(got, "more") {
				t.Errorf("%s of %q prints %q", name, text, got)
			}
		}
	}
}

// safe tells whether a text is lines of what is visible.
func safe(text, but string) bool {
	for _, r := range text {
		if r != '\n' && r != '\t' && !strings.ContainsRune(but, r) && Line(string(r)) != string(r) {
			return false
		}
	}
	return utf8.ValidString(text)
}

// Another program's colours stay, its ends of lines too, and nothing else of its control.
func TestPass(t *testing.T) {
	for text, want := range map[string]string{
		"\x1b[1m\x1b[38;5;9merror\x1b[0m\n":      "\x1b[1m\x1b[38;5;9merror\x1b[0m\n",
		"a\r\nb\rc\n":                            "a\r\nb\\x0dc\n",
		"\x1b[2K\x1b[1Ax\x1b[":                   `\x1b[2K\x1b[1Ax\x1b[`,
		"\x1b[" + strings.Repeat("1;", 20) + "m": `\x1b[` + strings.Repeat("1;", 20) + "m",
	} {
		var b bytes.Buffer
		New(&b, Normal, "never").Pass(text)
		if b.String() != want {
			t.Errorf("%q is passed as %q", text, b.String())
		}
	}
}

func FuzzVisible(f *testing.F) {
	for text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, k := range []kind{oneLine, lines, colored} {
			shown, rest := visible(text, k, true)
			but := map[kind]string{oneLine: "", lines: "\f\r", colored: "\f\r\x1b"}[k]
			if rest != "" || !safe(shown, but) {
				t.Errorf("%q is shown as %q", text, shown)
			}
			var b bytes.Buffer
			w := &writer{to: &b, kind: k}
			for i := range []byte(text) {
				if _, err := w.Write([]byte(text)[i : i+1]); err != nil {
					t.Fatal(err)
				}
			}
			if !strings.HasPrefix(shown, b.String()) {
				t.Errorf("in pieces %q is shown as %q", text, b.String())
			}
		}
	})
}
