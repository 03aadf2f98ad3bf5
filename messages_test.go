package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// A transcript is what opam-cargo says in a script to the runs whose exit code the
// script wants with `status`: the command, the code, and its own lines; not cargo's
// words, which differ between its versions. It is compared with the golden file
// testdata/messages/SCRIPT.txt, so that the wording of all messages can be read, and
// its changes reviewed, as a whole. OPAM_CARGO_TEST_UPDATE=1 writes the files anew.
type transcript struct{ text strings.Builder }

type transcriptKey struct{}

func (t *transcript) add(command []string, code, stderr, work string) {
	var b strings.Builder
	fmt.Fprintf(&b, "$ %s\n", strings.Join(command, " "))
	for _, line := range strings.Split(stderr, "\n") {
		if strings.HasPrefix(line, "opam-cargo: ") {
			b.WriteString(line + "\n")
		}
	}
	fmt.Fprintf(&b, "[exit code %s]\n\n", code)
	t.text.WriteString(neutral(b.String(), work))
}

// neutral takes out what differs between machines and runs.
func neutral(text, work string) string {
	text = strings.ReplaceAll(text, work, "$WORK")
	for _, r := range [][2]string{
		{`\b(cargo|rustc|Rust|std) 1\.[0-9]+\.[0-9]+[-a-z0-9.]*`, "$1 1.NN.N"},
		{`127\.0\.0\.1(:[0-9]+|-[0-9a-f]{16})`, "127.0.0.1"},
		{`(registry/cache/)-[0-9a-f]{16}`, "${1}127.0.0.1"}, // the index is a git repository
		{`[0-9]+\.[0-9] MB`, "N MB"},
		{`[0-9a-f]{64}`, "SHA256"},
		{` of [0-9]+ files`, " of N files"}, // cargo's vendoring differs between versions
		{`-[0-9]{6,}`, "-N"},                // temporary files
	} {
		text = regexp.MustCompile(r[0]).ReplaceAllString(text, r[1])
	}
	return text
}

func keepTranscript(env *testscript.Env) {
	t := &transcript{}
	env.Values[transcriptKey{}] = t
	script := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
	golden, err := filepath.Abs(filepath.Join("testdata", "messages", script+".txt"))
	if err != nil {
		env.T().Fatal(err)
	}
	env.Defer(func() {
		got := t.text.String()
		if os.Getenv("OPAM_CARGO_TEST_UPDATE") != "" && got != "" {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				env.T().Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil && !os.IsNotExist(err) {
			env.T().Fatal(err)
		}
		failed := env.T().(interface{ Failed() bool }).Failed() // and so ended early
		if got != string(want) && (!failed || !strings.HasPrefix(string(want), got)) {
			env.T().Fatal(fmt.Sprintf("the messages are not those of %s (write it anew with OPAM_CARGO_TEST_UPDATE=1):\n%s", golden, got))
		}
	})
}

// said finds the format of every problem and warning in the sources.
func said(t *testing.T) map[string]string {
	t.Helper()
	formats := map[string]string{} // format -> where
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != "." && strings.ContainsAny(d.Name()[:1], "._") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			at := -1
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "bad" && len(call.Args) > 2 {
				at = 2 // of the opam file parser
			} else if ok && id.Name == "warn" {
				at = 0
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				f = &ast.SelectorExpr{X: &ast.Ident{}, Sel: &ast.Ident{}}
			}
			if pkg, ok := f.X.(*ast.Ident); ok && pkg.Name == "problem" && f.Sel.Name == "New" {
				at = 1
			} else if f.Sel.Name == "Warn" || f.Sel.Name == "warn" {
				at = 0
			}
			if at < 0 || len(call.Args) <= at {
				return true
			}
			if text, ok := literal(call.Args[at]); ok && strings.ContainsAny(verb.ReplaceAllString(text, ""), "abcdefghijklmnopqrstuvwxyz") {
				formats[text] = set.Position(call.Args[at].Pos()).String()
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return formats
}

// literal is the text of a string, or of several that are added.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, ok := literal(e.X)
		right, alsoOK := literal(e.Y)
		return left + right, ok && alsoOK
	}
	return "", false
}

var verb = regexp.MustCompile(`%[+#]?[a-z]`)

// TestEveryMessage wants each problem and warning of the sources in a golden file, but
// for those of testdata/messages/untold, which says why not.
func TestEveryMessage(t *testing.T) {
	files, err := filepath.Glob("testdata/messages/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	untold, err := os.ReadFile("testdata/messages/untold")
	if err != nil {
		t.Fatal(err)
	}
	excused := map[string]bool{}
	for _, line := range strings.Split(string(untold), "\n") {
		if format, _, ok := strings.Cut(line, "\t"); ok {
			excused[format] = true
		}
	}
	formats := said(t)
	if len(formats) < 100 {
		t.Fatalf("only %d messages found in the sources", len(formats))
	}
	for _, format := range sorted(formats) {
		pattern := verb.ReplaceAllString(regexp.QuoteMeta(format), ".*")
		told := regexp.MustCompile("(?m)^opam-cargo: (?:error|warning): .*" + pattern).MatchString(all.String())
		switch {
		case !told && !excused[format]:
			t.Errorf("%s: no test shows the message: %s", formats[format], format)
		case told && excused[format]:
			t.Errorf("testdata/messages/untold has a message that is shown: %s", format)
		}
		delete(excused, format)
	}
	for format := range excused {
		t.Errorf("testdata/messages/untold has a message that is not in the sources: %s", format)
	}
}

// TestEveryMessageIsExplained wants each problem and warning in docs/messages.md, whose
// entries in backquotes have ... in place of what varies.
func TestEveryMessageIsExplained(t *testing.T) {
	text, err := os.ReadFile("docs/messages.md")
	if err != nil {
		t.Fatal(err)
	}
	var entries []*regexp.Regexp
	used := map[*regexp.Regexp]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !ok || !strings.HasPrefix(line, "| `") || !strings.Contains(cell, " ") {
			continue
		}
		for _, m := range codeSpan.FindAllStringSubmatch(cell, -1) {
			entries = append(entries, regexp.MustCompile("(?s)^(?:.* )?"+strings.ReplaceAll(regexp.QuoteMeta(m[1]+m[2]), `\.\.\.`, ".*")))
		}
	}
	formats := said(t)
	for _, format := range sorted(formats) {
		found := false
		for _, e := range entries {
			if e.MatchString(format) {
				found, used[e] = true, true
			}
		}
		if !found {
			t.Errorf("%s: docs/messages.md does not explain: %s", formats[format], format)
		}
	}
	for _, e := range entries {
		if !used[e] {
			t.Errorf("docs/messages.md explains what nothing says: %s", e)
		}
	}
}

// codeSpan is code in Markdown: in two backquotes where it has some itself.
var codeSpan = regexp.MustCompile("`` (.+?) ``|`([^`]+)`")

func sorted(m map[string]string) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	sort.Strings(list)
	return list
}
