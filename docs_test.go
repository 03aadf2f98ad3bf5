package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/cli"
)

// The reference page says what the command line takes today.
func TestReference(t *testing.T) {
	page, err := os.ReadFile("docs/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := cli.Run(context.Background(), []string{"opam-cargo", "generate", "reference"}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	if stdout.String() != string(page) {
		t.Error("docs/reference.md is not what the command line says; write it anew: go run . generate reference >docs/reference.md")
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]*)(#[^)\s]*)?\)`)

// TestLinks wants each link of the documentation to lead to a file that is there, and to
// a heading of it; and each page of docs/ in the index.
func TestLinks(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	linked := map[string]bool{}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(src), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			to := file
			if m[1] != "" {
				to = filepath.Join(filepath.Dir(file), m[1])
			}
			if filepath.Base(file) == "README.md" && filepath.Dir(file) == "docs" {
				linked[to] = true
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: the link %s leads nowhere", file, m[1])
			} else if m[2] != "" && !hasHeading(t, to, m[2][1:]) {
				t.Errorf("%s: there is no heading for %s%s", file, m[1], m[2])
			}
		}
	}
	for _, file := range files {
		if filepath.Dir(file) == "docs" && filepath.Base(file) != "README.md" && !linked[file] {
			t.Errorf("docs/README.md does not list %s", filepath.Base(file))
		}
	}
}

var notInAnchor = regexp.MustCompile(`[^a-z0-9 _-]`)

// hasHeading says whether the page has a heading that a link to the anchor leads to.
func hasHeading(t *testing.T, file, anchor string) bool {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(src), "\n") {
		title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if ok && strings.HasPrefix(line, "#") && strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(title), ""), " ", "-") == anchor {
			return true
		}
	}
	return false
}

var (
	citation  = regexp.MustCompile(`docs/([a-z-]+\.md)(?:#([a-z0-9_-]+))?`)
	elsewhere = regexp.MustCompile(`\b(?:FA` + `CTS|DE` + `SIGN|HO` + `USE)\b`)
)

// TestCitations wants what the sources, scripts and pages cite to be there: the page
// of docs/, and its heading; and nothing cited that is not in the repository.
func TestCitations(t *testing.T) {
	n := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") && name != ".github" || strings.HasPrefix(name, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		ext := filepath.Ext(path)
		isProgram := ext == "" && filepath.Dir(path) != "script" && path != "Makefile"
		if !d.Type().IsRegular() || isProgram || ext == ".json" || ext == ".gz" {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(src), "\n") {
			if m := elsewhere.FindString(line); m != "" {
				t.Errorf("%s:%d cites %s, which is not in the repository", path, i+1, m)
			}
			for _, m := range citation.FindAllStringSubmatch(line, -1) {
				page := filepath.Join("docs", m[1])
				if _, err := os.Stat(page); err != nil {
					t.Errorf("%s:%d cites %s, which is not there", path, i+1, m[0])
				} else if m[2] != "" && !hasHeading(t, page, m[2]) {
					t.Errorf("%s:%d cites %s, and there is no such heading", path, i+1, m[0])
				}
				n++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 30 {
		t.Errorf("only %d citations found", n)
	}
}

// TestLinkersWords lets each linker that is here fail, as a program that forgot the word,
// lacks the archive or has two makes it, and wants its words on the page of messages.
func TestLinkersWords(t *testing.T) {
	page, err := os.ReadFile("docs/messages.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.c": "int foo_val(void); int main(void) { return foo_val(); }",
		"one.c":  "int foo_val(void) { return 1; }", "two.c": "int foo_val(void) { return 2; }",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	words := regexp.MustCompile(`(?m)(?:undefined|multiple|duplicate|cannot|unable|library not)\b.*?(?:foo_val|-?l?rust_bindings)'?`)
	tried := 0
	for _, cc := range []string{"gcc", "clang"} {
		for _, ld := range []string{"bfd", "gold", "lld", "mold"} {
			ok := exec.Command(cc, "-fuse-ld="+ld, "-o", "ok", "main.c", "one.c")
			if ok.Dir = dir; ok.Run() != nil {
				continue // it is not here
			}
			for _, args := range [][]string{{"main.c"}, {"main.c", "one.c", "-lrust_bindings"}, {"main.c", "one.c", "two.c"}} {
				cmd := exec.Command(cc, append([]string{"-fuse-ld=" + ld, "-o", "bad"}, args...)...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "LC_ALL=C")
				out, err := cmd.CombinedOutput()
				said := words.FindString(string(out))
				if ld == "mold" && len(args) == 3 && said != "" && strings.HasPrefix(said, "duplicate symbol") {
					said = "duplicate symbol: foo_val" // with the files in between
				}
				if err == nil || said == "" || !strings.Contains(string(page), said) {
					t.Errorf("%s -fuse-ld=%s %q: %v: docs/messages.md does not have %q of\n%s", cc, ld, args, err, said, out)
				}
				tried++
			}
		}
	}
	if tried == 0 {
		t.Skip("no linker that a C compiler finds by name")
	}
}

var guard = regexp.MustCompile("`(?:([a-z0-9/]+) )?(Test[A-Za-z0-9]+)(?:/([a-z0-9_]+))?`")

// TestPromises wants each test that CONTRIBUTING names beside a promise.
func TestPromises(t *testing.T) {
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| promise | test |")
	table, _, _ = strings.Cut(table, "\n\n")
	found := 0
	for _, m := range guard.FindAllStringSubmatch(table, -1) {
		found++
		dir, name, script := m[1], m[2], m[3]
		tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, file := range tests {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(src)
		}
		if !strings.Contains(all.String(), "\nfunc "+name+"(t ") {
			t.Errorf("%s: there is no such test", m[0])
		}
		scripts := "testdata"
		if dir == "" {
			scripts = filepath.Join("testdata", "script")
		}
		if _, err := os.Stat(filepath.Join(dir, scripts, script+".txtar")); script != "" && err != nil {
			t.Errorf("%s: %v", m[0], err)
		}
	}
	if found < 20 {
		t.Errorf("only %d tests are named", found)
	}
}
