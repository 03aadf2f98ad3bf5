package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/opam-cargo/opam-cargo/internal/registrytest"
)

// elsewhere are the pages without commands of their own, and what keeps them true.
var elsewhere = map[string]string{
	"README.md":    "the index: TestLinks of the top directory",
	"decisions.md": "prose about facts.md, whose commands are run",
	"messages.md":  "TestEveryMessageIsExplained",
	"reference.md": "generated from the command line, and compared with it",
}

// mostIdle bounds the blocks that no test runs.
const mostIdle = 3

// TestDocs runs the commands of every page of docs/ (see page) as a reader does: each
// in a home and a switch of its own, with the real opam, dune and cargo. The lab's opam
// repository and a crates registry on 127.0.0.1 stand for the public ones; the packages
// of testdata/docs are in the repository.
func TestDocs(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 5 {
		t.Fatalf("the pages: %v %v", files, err)
	}
	lab := docsLab(t)
	var idle []string
	for _, file := range files {
		if _, ok := elsewhere[filepath.Base(file)]; ok {
			continue
		}
		p, err := readPage(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if p.runs() == 0 {
			t.Errorf("%s has no command that is run", file)
		}
		idle = append(idle, p.idle...)
		t.Run(p.title(), func(t *testing.T) {
			t.Parallel()
			newReader(t, lab, p.title()).read(p)
		})
	}
	if len(idle) > mostIdle {
		t.Errorf("more than %d blocks are not run:\n%s", mostIdle, strings.Join(idle, "\n"))
	}
}

// docsLab is an opam root with the packages of testdata/docs in its repository, and a
// registry with a few real crates.
func docsLab(t *testing.T) *testscript.Env {
	t.Helper()
	tool, work := build(t), t.TempDir()
	crates, err := filepath.Abs("../../_test/cargo")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("OPAM_CARGO_TEST_CRATES", crates)
	env := &testscript.Env{WorkDir: work, Vars: os.Environ()}
	if err := setUp(env, tool); err != nil {
		t.Fatal(err)
	}
	registry := filepath.Join(work, "registry")
	for _, name := range []string{"log-0.4.17", "log-0.4.20", "log-0.4.28", "itoa-1.0.11", "cfg-if-1.0.0", "unicode-ident-1.0.22"} {
		found, err := filepath.Glob(filepath.Join(crates, "registry", "cache", "*", name+".crate"))
		if err != nil || len(found) == 0 {
			t.Fatalf("the crate %s is not there: run make test-crates (%v)", name, err)
		}
		src, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := writeFile(filepath.Join(registry, name+".crate"), string(src)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := registrytest.New(registry, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	env.Setenv("REGISTRY", r.Config())
	bindings, err := filepath.Glob("testdata/docs/*/*.opam")
	if err != nil || len(bindings) == 0 {
		t.Fatalf("the packages of testdata/docs: %v %v", bindings, err)
	}
	for _, file := range bindings {
		if err := publish(env, filepath.Dir(file)); err != nil {
			t.Fatal(err)
		}
	}
	return env
}

// publish puts the package in dir into the repository as its author would: a binding
// with extra-sources for its crates, a program with what init writes.
func publish(env *testscript.Env, dir string) error {
	name := filepath.Base(dir)
	copied := filepath.Join(env.WorkDir, "published", name)
	home := filepath.Join(env.WorkDir, "publisher")
	if err := errors.Join(os.MkdirAll(filepath.Dir(copied), 0o755), writeFile(filepath.Join(home, "config.toml"), env.Getenv("REGISTRY"))); err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-r", dir, copied).CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %w: %s", err, out)
	}
	args := []string{"extra-sources", "--root", copied, "--write", name + ".opam"}
	if _, err := os.Stat(filepath.Join(dir, "rust")); err != nil {
		args = []string{"init", "--root", copied}
	}
	prepare := exec.Command(env.Getenv("TOOL"), args...)
	prepare.Env = append(os.Environ(), "CARGO_HOME="+home)
	if out, err := prepare.CombinedOutput(); err != nil {
		return fmt.Errorf("opam-cargo %s: %w: %s", args[0], err, out)
	}
	return addPackage(env.Getenv("REPO"), copied, name+".1.0", "")
}

// reader is somebody who reads a page: a home directory, a switch, and a shell.
type reader struct {
	*testing.T
	home string
	vars []string
}

func newReader(t *testing.T, lab *testscript.Env, name string) *reader {
	t.Helper()
	home := filepath.Join(lab.WorkDir, "home", name)
	sources, err := filepath.Abs("testdata/docs")
	if err != nil {
		t.Fatal(err)
	}
	vars := slices.DeleteFunc(withoutSwitch(lab.Vars, "switch"), func(v string) bool { return strings.HasPrefix(v, "OPAMCLI=") })
	r := &reader{T: t, home: home, vars: append(vars, "HOME="+home, "CARGO_HOME="+filepath.Join(home, ".cargo"),
		"OPAMUTF8=always", "STATE="+filepath.Join(home, ".state"), "DOCS="+sources, "CRATES="+filepath.Join(lab.WorkDir, "registry"))}
	if err := writeFile(filepath.Join(home, ".cargo", "config.toml"), lab.Getenv("REGISTRY")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(home, ".state"), 0o755); err != nil {
		t.Fatal(err)
	}
	script := "opam update >&2 && opam switch create " + name + " --packages ocaml-system && eval $(opam env --switch=" + name + " --set-switch) && cd ~"
	if out, code := r.run(script); code != 0 {
		t.Fatalf("a switch for the page: %s", out)
	}
	return r
}

// read does what the page says, in order.
func (r *reader) read(p *page) {
	for _, s := range p.steps {
		where := fmt.Sprintf("%s:%d", p.name, s.line)
		if s.file != "" {
			if err := r.write(&s); err != nil {
				r.Fatalf("%s: %v", where, err)
			}
			continue
		}
		start := time.Now()
		got, code := r.run(s.command)
		r.Logf("%s: %.1f s: $ %s\n%s", where, time.Since(start).Seconds(), s.command, got)
		if code != s.code {
			r.Fatalf("%s: exit code %d, the page says %d", where, code, s.code)
		}
		if !s.matches(got) {
			r.Fatalf("%s: the page says:\n%s", where, strings.Join(s.want, "\n"))
		}
	}
}

// write makes a file of the page, or appends to it, where the shell is.
func (r *reader) write(s *step) error {
	cwd, err := os.ReadFile(filepath.Join(r.home, ".state", "cwd"))
	if err != nil {
		return err
	}
	name := filepath.Join(strings.TrimSpace(string(cwd)), filepath.FromSlash(s.file))
	content := s.content
	if s.add {
		old, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		content = string(old) + content
	}
	return writeFile(name, content)
}

// run runs commands in the shell, which keeps its directory and exported variables
// from one to the next, and gives what they print and their exit code.
func (r *reader) run(commands string) (string, int) {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	const script = `[ -e "$STATE/env" ] && . "$STATE/env" && cd "$(cat "$STATE/cwd")"
trap 'code=$?; export -p >"$STATE/env"; pwd >"$STATE/cwd"; exit $code' EXIT
set -o pipefail
eval "$1"`
	cmd := exec.CommandContext(ctx, "bash", "-c", script, "bash", commands)
	cmd.Dir = r.home
	cmd.Env = r.vars
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.Fatalf("bash: %v", err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestCommandsOfReadmes wants the commands that README.md and CONTRIBUTING.md show, which
// are too long to be run here, to be there: targets of make, and tests.
func TestCommandsOfReadmes(t *testing.T) {
	command := regexp.MustCompile("(?m)^    (?:\\$ )?((?:make|go test|git clone) .*)$|`(make [a-z-]+)`")
	n := 0
	for _, file := range []string{"../../README.md", "../../CONTRIBUTING.md"} {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range command.FindAllStringSubmatch(string(src), -1) {
			line, _, _ := strings.Cut(m[1]+m[2], "#")
			n++
			var cmd *exec.Cmd
			switch words := strings.Fields(line); words[0] {
			case "make":
				cmd = exec.Command("sh", "-c", strings.Replace(line, "make", "make -n", 1))
			case "git":
				continue
			default: // go test PACKAGE -run TEST/PART
				test, part, _ := strings.Cut(words[len(words)-1], "/")
				cmd = exec.Command("sh", "-c", `go test `+words[2]+` -list '^`+test+`$' | grep -x `+test+` && [ -z "`+part+`" -o -e testdata/script/`+part+`.txtar ]`)
			}
			cmd.Dir = "../.."
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %v\n%s", file, line, err, out)
			}
		}
	}
	if n < 8 {
		t.Errorf("only %d commands found", n)
	}
}
