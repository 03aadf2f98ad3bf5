package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A page of the documentation is a script, read from top to bottom:
//
//   - a block ```console has commands, which begin with "$ ", and what they print. A line
//     "..." or "[...]" stands for any lines, "..." in a line for any text, and the line
//     "[exit code N]" says that the command before it fails. A command that nothing
//     follows may print anything;
//   - any other block after the line "`FILE`:" is that file; after "Add to `FILE`:" it is
//     appended to it;
//   - a comment "<!-- run" has commands that a reader need not see, such as those that
//     make what the page supposes;
//   - a block ```console not run: REASON is for readers only.
type page struct {
	name  string
	steps []step
	idle  []string // why blocks are not run
}

// step is a command, or a file to write.
type step struct {
	line    int
	command string
	hidden  bool
	want    []string // lines of output
	code    int

	file    string
	content string
	add     bool
}

var (
	fileLine = regexp.MustCompile("^(Add to )?`([^`\\s]+)`:$")
	exitLine = regexp.MustCompile(`^\[exit code ([0-9]+)\]$`)
)

func readPage(file string) (*page, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p := &page{name: file}
	lines := strings.Split(string(src), "\n")
	before := "" // the last line of text
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if !strings.HasPrefix(line, "```") && !strings.HasPrefix(line, "<!-- run") {
			if strings.HasPrefix(line, "    $ ") {
				return nil, fmt.Errorf("%s:%d: a command outside of a ```console block is not run", file, i+1)
			}
			if strings.TrimSpace(line) != "" {
				before = line
			}
			continue
		}
		start, end := i+1, "```"
		if line == "<!-- run" {
			end = "-->"
		}
		for i++; i < len(lines) && lines[i] != end; i++ {
		}
		if i == len(lines) {
			return nil, fmt.Errorf("%s:%d: the block has no end", file, start)
		}
		block := lines[start:i]
		switch info := strings.TrimPrefix(line, "```"); {
		case end == "-->":
			p.steps = append(p.steps, step{line: start + 1, command: strings.Join(block, "\n"), hidden: true})
		case info == "console":
			if err := p.console(block, start+1); err != nil {
				return nil, err
			}
		case strings.HasPrefix(info, "console not run: "):
			p.idle = append(p.idle, fmt.Sprintf("%s:%d: %s", file, start, strings.TrimPrefix(info, "console ")))
		case strings.HasPrefix(info, "console"):
			return nil, fmt.Errorf("%s:%d: write ```console, or ```console not run: REASON", file, start)
		default:
			if m := fileLine.FindStringSubmatch(before); m != nil {
				p.steps = append(p.steps, step{line: start, file: m[2], content: strings.Join(block, "\n") + "\n", add: m[1] != ""})
			}
		}
		before = ""
	}
	return p, nil
}

func (p *page) console(block []string, line int) error {
	for i, text := range block {
		if command, ok := strings.CutPrefix(text, "$ "); ok {
			p.steps = append(p.steps, step{line: line + i, command: command})
			continue
		}
		if i == 0 {
			return fmt.Errorf("%s:%d: a console block begins with \"$ \"", p.name, line)
		}
		last := &p.steps[len(p.steps)-1]
		if m := exitLine.FindStringSubmatch(text); m != nil {
			last.code, _ = strconv.Atoi(m[1]) // it is a number
		} else if strings.HasSuffix(last.command, "\\") && last.want == nil {
			last.command += "\n" + text
		} else {
			last.want = append(last.want, text)
		}
	}
	return nil
}

// title is the name of the page's file, and of its switch.
func (p *page) title() string { return strings.TrimSuffix(filepath.Base(p.name), ".md") }

// runs counts the commands that readers see.
func (p *page) runs() int {
	n := 0
	for _, s := range p.steps {
		if s.command != "" && !s.hidden {
			n++
		}
	}
	return n
}

// matches compares what a command printed with the page.
func (s *step) matches(got string) bool {
	if len(s.want) == 0 {
		return true
	}
	var b strings.Builder
	b.WriteString("^")
	for _, line := range s.want {
		if line = strings.TrimRight(line, " "); line == "..." || line == "[...]" {
			b.WriteString("(?:.*\n)*?")
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, ".*") + " *\n")
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String()).MatchString(strings.TrimRight(got, "\n") + "\n")
}

func TestPage(t *testing.T) {
	file := t.TempDir() + "/page.md"
	if err := os.WriteFile(file, []byte("# A page\n\n`bin/x`:\n\n```ocaml\nlet x = 1\n```\n\nAdd to `bin/x`:\n\n```ocaml\nlet y = 2\n```\n\n"+
		"<!-- run\nmkdir a\nmkdir b\n-->\n\n```console\n$ ls\na\n...\n$ false\n[exit code 1]\n```\n\n```console not run: no network\n$ curl\n```\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := readPage(file)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, s := range p.steps {
		got += fmt.Sprintf("%d %q %q %d %q %v\n", s.line, s.command, s.want, s.code, s.file+" "+s.content, s.add)
	}
	want := `5 "" [] 0 "bin/x let x = 1\n" false
11 "" [] 0 "bin/x let y = 2\n" true
16 "mkdir a\nmkdir b" [] 0 " " false
21 "ls" ["a" "..."] 0 " " false
24 "false" [] 1 " " false
`
	if got != want || len(p.idle) != 1 || p.runs() != 2 {
		t.Errorf("the page is\n%s%d commands, %d blocks are not run", got, p.runs(), len(p.idle))
	}
	for text, want := range map[string]bool{"a\nb\n": true, "a\n": true, "b\na\n": false, "": false} {
		if s := p.steps[3]; s.matches(text) != want {
			t.Errorf("%q and %q: %v", s.want, text, !want)
		}
	}
	s := step{want: []string{"built ... (2... MB)"}}
	if !s.matches("built x.a (22.0 MB)  \n") || s.matches("built (22.0 MB)\nmore") {
		t.Error("... in a line")
	}
}
