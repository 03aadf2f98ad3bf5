package realtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otiai10/copy"

	"github.com/opam-cargo/opam-cargo/internal/opamfile"
)

// stepLimit ends what takes too long to wait for in a table.
const stepLimit = 15 * time.Minute

// A row is what came of one package.
type row struct {
	repository, pkg string
	understood      string // yes, or why not
	byHand          int
	lines           string
	saved           string
	installed       string
	built           string
	own             string // the package's own OCaml code, by dune
}

// TestReal moves each of the checkouts and tells what came of it. It fails only where
// the tool ends otherwise than by its own words: what it understands is for the reader
// to judge.
func TestReal(t *testing.T) {
	dirs := filepath.SplitList(os.Getenv("OPAM_CARGO_REAL"))
	if len(dirs) == 0 {
		t.Skip("OPAM_CARGO_REAL lists no checkouts")
	}
	w := newWorld(t)
	var rows []row
	for _, dir := range dirs {
		rows = append(rows, w.move(dir)...)
		t.Log("\n" + table(rows[len(rows)-1:]))
	}
	t.Log("\n" + table(rows))
	t.Log("\n" + w.together(rows))
}

// together builds one program with all packages that can be in one, and says what keeps
// the others out.
func (w *world) together(rows []row) string {
	var in []string
	var out strings.Builder
	for _, r := range rows {
		if !strings.HasPrefix(r.built, "yes") {
			continue
		}
		if answer := w.program("together", append(slices.Clone(in), r.pkg)); answer == "yes" {
			in = append(in, r.pkg)
		} else {
			fmt.Fprintf(&out, "not with %s: %s\n", r.pkg, answer)
		}
	}
	return fmt.Sprintf("one program with %s builds and runs\n%s", strings.Join(in, ", "), out.String())
}

// A world is where it happens: the tool, a switch on paper, directories.
type world struct {
	t      *testing.T
	dir    string
	prefix string
	env    []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "opam-cargo"), "github.com/opam-cargo/opam-cargo")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	prefix := filepath.Join(dir, "prefix")
	if err := os.MkdirAll(filepath.Join(prefix, ".opam-switch", "packages"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return &world{t: t, dir: dir, prefix: prefix, env: append(os.Environ(), "OPAM_SWITCH_PREFIX="+prefix)}
}

// run gives what a command says, and its exit code; -1 where it took too long.
func (w *world) run(dir string, command ...string) (said string, code int) {
	ctx, cancel := context.WithTimeout(context.Background(), stepLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, w.env
	cmd.WaitDelay = 10 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "it takes longer than " + stepLimit.String(), -1
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		return err.Error(), -1
	}
	if command[0] == "opam-cargo" && (code > 5 || strings.Contains(out.String(), "internal error")) {
		w.t.Errorf("%s: %s ends with %d:\n%s", dir, strings.Join(command, " "), code, out.String())
	}
	return out.String(), code
}

// move does all that is done with one checkout.
func (w *world) move(checkout string) []row {
	name := filepath.Base(checkout)
	to := filepath.Join(w.dir, "real", name)
	err := copy.Copy(checkout, to, copy.Options{
		OnSymlink:     func(string) copy.SymlinkAction { return copy.Shallow },
		Skip:          func(_ fs.FileInfo, src, _ string) (bool, error) { return filepath.Base(src) == ".git", nil },
		PreserveTimes: true,
	})
	if err != nil {
		return []row{{repository: name, understood: err.Error()}}
	}
	w.run(to, "sh", "-c", "git init -q . && git add -Af . && git -c user.name=x -c user.email=x@example.org commit -qm x")
	root := projectOf(to)
	packages, _ := filepath.Glob(filepath.Join(root, "*.opam"))
	if len(packages) == 0 { // init makes one, called as the directory is
		packages = []string{filepath.Join(root, strings.ToLower(regexp.MustCompile(`[^A-Za-z0-9_-]`).ReplaceAllString(filepath.Base(root), "-"))+".opam")}
	}
	var rows []row
	var refused []row
	for _, file := range packages {
		r := row{repository: name, pkg: strings.TrimSuffix(filepath.Base(file), ".opam")}
		w.convert(root, &r)
		if r.understood == "yes" {
			w.install(root, &r)
			rows = append(rows, r)
		} else {
			refused = append(refused, r)
		}
	}
	if len(rows) == 0 { // one line is enough
		return refused[:1]
	}
	return rows
}

// projectOf is the nearest directory below a checkout that has a dune project.
func projectOf(checkout string) string {
	for _, pattern := range []string{"", "*", "*/*", "*/*/*"} {
		for _, file := range []string{"dune-project", "*.opam"} {
			if found, _ := filepath.Glob(filepath.Join(checkout, pattern, file)); len(found) > 0 {
				return filepath.Dir(found[0])
			}
		}
	}
	return checkout
}

var (
	changed = regexp.MustCompile(`changed: (\d+) lines?`)
	without = regexp.MustCompile(`can do without (\d+) files?, (\S+ MB)`)
	problem = regexp.MustCompile(`(?m)^opam-cargo: error: (.*)$`)
	missing = regexp.MustCompile(`Library "([^"]+)" not found`)
)

// convert moves a package with init.
func (w *world) convert(root string, r *row) {
	said, code := w.run(root, "opam-cargo", "init", "--from-vendor", "--write", "--package", r.pkg)
	r.understood = "yes"
	m := changed.FindStringSubmatch(said)
	if code != 0 || m == nil {
		r.understood = "no: " + firstOf(problem, said)
		return
	}
	r.lines = m[1]
	r.byHand = strings.Count(said, "opam-cargo: to do by hand: ")
	if m := without.FindStringSubmatch(said); m != nil {
		r.saved = m[1] + " files, " + m[2]
	}
	for _, line := range strings.Split(said, "\n") { // what has to be done
		if _, command, ok := strings.Cut(line, "commit it: "); ok && strings.HasPrefix(command, "cargo generate-lockfile") {
			w.run(root, "sh", "-c", command)
		}
	}
	r.own = w.own(root, r.pkg)
}

// own builds the package's own OCaml code, and its tests, as far as its libraries are here.
func (w *world) own(root, pkg string) string {
	said, code := w.run(root, "dune", "build")
	if code == 0 {
		if _, code := w.run(root, "dune", "test"); code == 0 {
			return "builds, tests pass"
		}
		return "builds"
	}
	m := missing.FindStringSubmatch(said)
	if m == nil {
		return "no: " + lastError(said)
	}
	if _, code := w.run(root, "dune", "build", "-p", pkg, "@install"); code == 0 {
		return "installs; the rest needs " + m[1]
	}
	return "needs " + m[1]
}

// install does what opam would do with the install: field, and builds a program.
func (w *world) install(root string, r *row) {
	name := filepath.Join(root, r.pkg+".opam")
	w.run(root, "dune", "build", r.pkg+".opam")
	src, err := os.ReadFile(name)
	if template, err2 := os.ReadFile(name + ".template"); err2 == nil && !bytes.Contains(src, []byte("opam-cargo")) {
		src = append(src, template...)
	}
	if err != nil {
		r.installed = err.Error()
		return
	}
	file, err := opamfile.Parse(name, src)
	if err != nil {
		r.installed = err.Error()
		return
	}
	commands, err := file.Commands("install")
	if err != nil || len(commands) == 0 {
		r.installed = "a program"
		if r.own == "builds, tests pass" {
			r.built = "itself"
		}
		return
	}
	command := append(slices.Clone(commands[len(commands)-1]), "--prefix", w.prefix, "--package", r.pkg)
	said, code := w.run(root, command...)
	if code != 0 {
		r.installed = "no: " + firstOf(problem, said)
		return
	}
	r.installed = "yes"
	dir := filepath.Join(w.prefix, ".opam-switch", "packages", r.pkg+".1")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "opam"), src, 0o600)); err != nil {
		w.t.Fatal(err)
	}
	begun := time.Now()
	if r.built = w.program(r.pkg, []string{r.pkg}); r.built == "yes" {
		r.built += fmt.Sprintf(", %.0f s", time.Since(begun).Seconds())
	}
}

// program builds and runs a program that has these bindings in its cone.
func (w *world) program(name string, packages []string) string {
	dir := filepath.Join(w.dir, "programs", name)
	files := map[string]string{
		"pack.opam":    "opam-version: \"2.0\"\ndepends: [ \"" + strings.Join(packages, "\" \"") + "\" ]\n",
		"dune-project": "(lang dune 2.9)\n(name pack)\n",
		"bin/dune":     "(executable\n (name main)\n (libraries threads.posix))\n",
		"bin/main.ml":  "let () = print_endline \"linked\"\n",
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			w.t.Fatal(err)
		}
	}
	if said, code := w.run(dir, "opam-cargo", "init", "--executable"); code != 0 {
		return "no: " + firstOf(problem, said)
	}
	for _, step := range []string{"lock", "fetch"} { // as the documentation says
		if said, code := w.run(dir, "opam-cargo", step); code != 0 {
			return "no: " + firstOf(problem, said)
		}
	}
	if said, code := w.run(dir, "dune", "build", "./bin/main.exe"); code != 0 {
		return "no: " + lastError(said)
	}
	if said, code := w.run(dir, "./_build/default/bin/main.exe"); code != 0 || !strings.Contains(said, "linked") {
		return "it does not run: " + said
	}
	return "yes"
}

func firstOf(pattern *regexp.Regexp, said string) string {
	if m := pattern.FindStringSubmatch(said); m != nil {
		return m[1]
	}
	return lastError(said)
}

// lastError is the line of a program's output that tells most.
func lastError(said string) string {
	for _, mark := range []string{"opam-cargo: error: ", "error: ", "error[", "Error: ", "undefined reference"} {
		for _, line := range strings.Split(said, "\n") {
			if strings.Contains(line, mark) {
				return strings.TrimSpace(line)
			}
		}
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	return lines[len(lines)-1]
}

// table prints rows as Markdown.
func table(rows []row) string {
	var b strings.Builder
	b.WriteString("| repository | package | understood | by hand | lines changed | saved | installed | built, ran | its own OCaml code |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range rows {
		cells := []string{r.repository, r.pkg, r.understood, fmt.Sprint(r.byHand), r.lines, r.saved, r.installed, r.built, r.own}
		for i, c := range cells {
			if len(c) > 140 {
				c = c[:140] + "..."
			}
			cells[i] = strings.ReplaceAll(c, "|", "/")
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	return b.String()
}
