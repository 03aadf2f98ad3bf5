package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/term"
)

func commandLineOf() []string { return strings.Fields("opam-cargo") }

// Flags may stand anywhere before a --, and --help asks for the help of what is there.
func TestArrange(t *testing.T) {
	a := &app{term: term.New(io.Discard, term.Quiet, "never")}
	c := a.commandLine(nil)
	for line, want := range map[string]string{
		"":                               "",
		"--help":                         "help",
		"-h":                             "help",
		"--version":                      "--version",
		"build":                          "build",
		"-v build --each":                "-v build --each",
		"--color never build":            "--color never build",
		"--color=never build":            "--color=never build",
		"why log":                        "why -- log",
		"why log --prefix x -q":          "why --prefix x -q -- log",
		"why log --prefix=x":             "why --prefix=x -- log",
		"lock a --upgrade b":             "lock --upgrade -- a b",
		"lock a -- --upgrade":            "lock -- a --upgrade",
		"build -j4":                      "build -j 4",
		"build -j 4 -o=x":                "build -j 4 -o=x",
		"build -json":                    "build -j son", // a flag has two dashes
		"plan -json":                     "plan -json",   // or is known with one
		"why log -j":                     "why -j",
		"build --rustflags --help":       "build --rustflags --help",
		"build --help":                   "help build",
		"why log --help":                 "help why",
		"--help why":                     "help why",
		"--help nosuch":                  "help nosuch",
		"help nosuch":                    "help -- nosuch",
		"help help":                      "help -- help",
		"nosuch --some x":                "nosuch --some -- x",
		"build --nosuch -q":              "build --nosuch -q",
		"install -":                      "install -- -",
		"install -- -x":                  "install -- -x",
		"install --crate a --crate=b c":  "install --crate a --crate=b -- c",
		"--color":                        "--color",
		"--prefix x build":               "--prefix x -- build",
		"repository --lock a DIR -q --":  "repository --lock a -q -- DIR",
		"repository DIR --lock a --lock": "repository --lock a --lock",
	} {
		got := arrange(c, append(commandLineOf(), strings.Fields(line)...))
		if strings.Join(got[1:], " ") != want {
			t.Errorf("%q becomes %q, not %q", line, got[1:], want)
		}
	}
}

// The help fits a terminal, and names every command once among those of more, or those
// that an author needs.
func TestHelp(t *testing.T) {
	help := func(args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if code := Run(context.Background(), append(commandLineOf(), args...), &stdout, &stderr); code != 0 || stderr.Len() > 0 {
			t.Fatalf("%q ends with %d: %s", args, code, &stderr)
		}
		lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
		for _, line := range lines {
			if len(line) > 80 {
				t.Errorf("%q: wider than a terminal: %s", args, line)
			}
		}
		most := 24
		if len(args) > 0 && args[len(args)-1] == "options" {
			most = 60
		}
		if len(lines) > most {
			t.Errorf("%q: %d lines", args, len(lines))
		}
		if strings.Contains(stdout.String(), "(default: false)") || strings.ContainsRune(stdout.String(), 0) {
			t.Errorf("%q:\n%s", args, &stdout)
		}
		return stdout.String()
	}
	all := help()
	if again := help("--help"); again != all || help("help", "help") != all || help("-h") != all {
		t.Error("the help differs by the way in which it is asked for")
	}
	a := &app{term: term.New(io.Discard, term.Quiet, "never")}
	for _, c := range a.commandLine(nil).Commands {
		if c.Hidden {
			help(c.Name, "--help")
			continue
		}
		n := 0
		for _, g := range groups {
			for _, line := range g.Lines {
				for _, name := range append(strings.Split(line.Text, ", "), strings.Fields(line.Term)...) {
					if name == c.Name {
						n++
					}
				}
			}
		}
		if n == 0 {
			t.Errorf("the help does not have the command %s", c.Name)
		}
		if c.Name == "help" {
			continue
		}
		text := help("help", c.Name)
		same := text == help(c.Name, "-h") && text == help("--help", c.Name)
		if !same || !strings.HasPrefix(text, "Usage: opam-cargo "+c.Name+" ") {
			t.Errorf("the help of %s:\n%s", c.Name, text)
		}
	}
	text := help("help", "options")
	for _, want := range []string{"--prefix DIR", "130  interrupted", "OPAM_CARGO_PATH"} {
		if !strings.Contains(text, want) {
			t.Errorf("the help of options has no %s:\n%s", want, text)
		}
	}
}

// What cargo's users write is understood, and none of it is a command here.
func TestCargoWords(t *testing.T) {
	a := &app{term: term.New(io.Discard, term.Quiet, "never")}
	c := a.commandLine(nil)
	for word, here := range cargoWords {
		if c.Command(word) != nil {
			t.Errorf("%s is a command", word)
		}
		for _, args := range [][]string{{word}, {word, "--flag", "x"}, {"help", word}, {word, "--help"}} {
			var stderr bytes.Buffer
			code := Run(context.Background(), append(commandLineOf(), args...), io.Discard, &stderr)
			if code != 2 || !strings.Contains(stderr.String(), here) {
				t.Errorf("%q ends with %d: %s", args, code, &stderr)
			}
		}
	}
	for word, want := range map[string]string{
		"biuld": "build", "sorces": "", "extrasources": "extra-sources", "xyzzy": "", "lcok": "lock", "b": "",
	} {
		var names []string
		for _, command := range c.Commands {
			names = append(names, command.Name)
		}
		if got := nearest(word, names); got != want {
			t.Errorf("nearest to %s is %q, not %q", word, got, want)
		}
	}
}
