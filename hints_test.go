package main

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// hinted is a line of opam-cargo's that ends with a command to run.
var hinted = regexp.MustCompile(`^opam-cargo: .*: ((?:opam-cargo|cargo|dune|git|mv) [a-z.-].*)$`)

// hints follows what the last run, which was COMMAND, told to do: each command that ends
// one of its lines, apart from the others, in a copy of the directory that is left. It
// must not fail with a message that led to it, nor lead back to COMMAND; what is another
// program's must run, and then COMMAND must not say the same again.
// Usage: hints COUNT COMMAND ..., with the number of commands that there are to follow.
func hints(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: hints COUNT COMMAND ...")
	}
	said := ts.ReadFile("stderr")
	var found [][2]string // a command, and the error that led to it
	cause := ""
	for _, line := range strings.Split(said, "\n") {
		if strings.HasPrefix(line, "opam-cargo: error: ") {
			cause = line
		}
		if m := hinted.FindStringSubmatch(line); m != nil {
			found = append(found, [2]string{m[1], cause})
		}
	}
	if fmt.Sprint(len(found)) != args[0] {
		ts.Fatalf("%d commands are hinted, not %s:\n%s", len(found), args[0], said)
	}
	asked := strings.Join(args[1:], " ")
	for i, f := range found {
		command, cause := f[0], f[1]
		copied := ts.Getenv("WORK") + fmt.Sprintf("/hint-%d", i)
		ts.Check(ts.Exec("sh", "-c", `rm -rf "$1" && cp -a . "$1"`, "sh", copied))
		run := func(command string) (string, int) {
			err := ts.Exec("sh", "-c", `cd "$1" && eval "$2"`, "sh", copied, command)
			var exit *exec.ExitError
			switch {
			case errors.As(err, &exit):
				return ts.ReadFile("stderr"), exit.ExitCode()
			case err != nil:
				ts.Fatalf("%s: %v", command, err)
			}
			return ts.ReadFile("stderr"), 0
		}
		answer, code := run(command)
		if !strings.HasPrefix(command, "opam-cargo ") {
			if code != 0 {
				ts.Fatalf("the hint %q fails:\n%s", command, answer)
			}
			answer, code = run(asked)
		}
		if code == 0 {
			continue
		}
		for _, line := range strings.Split(answer, "\n") {
			if line != "" && line == cause {
				ts.Fatalf("the hint %q does not lead on: %s", command, line)
			}
			if strings.HasPrefix(line, "opam-cargo: hint: ") && strings.HasSuffix(line, ": "+asked) {
				ts.Fatalf("the hint %q leads back: %s", command, line)
			}
		}
	}
}
