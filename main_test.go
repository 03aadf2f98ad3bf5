package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/opam-cargo/opam-cargo/internal/registrytest"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/internal/wrapper"
)

// TestMain registers the real program, under all its names.
func TestMain(m *testing.M) {
	commands := map[string]func() int{"opam-cargo": run}
	for _, name := range wrapper.Names() {
		commands[name] = run
	}
	os.Exit(testscript.RunMain(m, commands))
}

// TestScript runs testdata/script/*.txtar: one behaviour of the command line
// each, with the real cargo and a switch made of files.
func TestScript(t *testing.T) {
	home, cargoBin := rustHome(t)
	sources, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	cmds := registrytest.Commands(t)
	cmds["status"] = status
	cmds["hints"] = hints
	cmds["bind"] = bind
	cmds["listed"] = listed
	cmds["valid"] = valid(sources)
	cmds["cyclonedx"] = cyclonedx
	cmds["old"] = old(sources)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("RUSTUP_HOME", home)
			env.Setenv("PATH", env.Getenv("PATH")+string(os.PathListSeparator)+cargoBin)
			env.Setenv("CARGO_HOME", filepath.Join(env.WorkDir, "no-cargo-home"))
			env.Setenv("PREFIX", filepath.Join(env.WorkDir, "prefix"))
			env.Setenv("OCAMLPATH", filepath.Join(env.WorkDir, "prefix", "lib"))
			if err := bring(env); err != nil {
				return err
			}
			keepTranscript(env)
			return os.MkdirAll(filepath.Join(env.WorkDir, "home"), 0o755)
		},
		Cmds: cmds,
	})
}

// status runs a command and wants this exit code: status 3 opam-cargo build. What
// opam-cargo says goes into the script's transcript; see keepTranscript.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND ...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = strconv.Itoa(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
	if strings.Contains(strings.Join(args, " "), "opam-cargo ") {
		t := ts.Value(transcriptKey{}).(*transcript)
		t.add(args[1:], got, ts.ReadFile("stderr"), ts.Getenv("WORK"))
	}
}

// valid compares JSON, of a file or of the last command's stdout, with a schema that
// the documentation has: valid plan stdout.
func valid(sources string) func(ts *testscript.TestScript, neg bool, args []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: valid SCHEMA FILE")
		}
		schema, err := jsonschema.NewCompiler().Compile(filepath.Join(sources, "docs", "schema", args[0]+".schema.json"))
		ts.Check(err)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[1])))
		ts.Check(err)
		ts.Check(schema.Validate(value))
	}
}

// cyclonedx compares JSON with CycloneDX's own schema, which its Go module has:
// cyclonedx FILE.
func cyclonedx(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: cyclonedx FILE")
	}
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	ts.Check(err)
	compiler := jsonschema.NewCompiler()
	for name, file := range map[string]string{"spdx.schema.json": "spdx.schema.json", "jsf-0.82.schema.json": "jsf-0.82.schemax.json", "bom-1.6.schema.json": "bom-1.6.schema.json"} {
		src, err := os.Open(filepath.Join(strings.TrimSpace(string(dir)), "schema", file))
		ts.Check(err)
		value, err := jsonschema.UnmarshalJSON(src)
		ts.Check(errors.Join(err, src.Close()))
		ts.Check(compiler.AddResource("http://cyclonedx.org/schema/"+name, value))
	}
	schema, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	ts.Check(err)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(schema.Validate(value))
}

// listed writes the checksum files of all vendored crates below a directory as cargo
// vendor does, with the sum of each file: listed DIR.
func listed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: listed DIR")
	}
	const name = ".cargo-checksum.json"
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != name {
			return err
		}
		var content struct {
			Package *string           `json:"package"`
			Files   map[string]string `json:"files"`
		}
		src, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(src, &content) != nil {
			return err
		}
		list, err := tree.List(filepath.Dir(file), nil)
		if err := errors.Join(err, tree.Sum(filepath.Dir(file), list)); err != nil {
			return err
		}
		content.Files = map[string]string{}
		for _, e := range list {
			if e.Path != name && e.Link == "" {
				content.Files[e.Path] = e.Sum
			}
		}
		text, err := json.Marshal(content)
		return errors.Join(err, os.WriteFile(file, text, 0o644))
	}))
}

// bind does by hand what opam does to install a binding package of the script:
// bind DIR builds DIR/NAME.opam by dune -p, installs it into $PREFIX, and its Rust
// tree with opam-cargo.
func bind(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: bind DIR")
	}
	const script = `set -e
cd "$1"; name=$(basename *.opam .opam)
dune build -p "$name" @install
dune install --prefix "$PREFIX" "$name" 2>/dev/null
mkdir -p "$PREFIX/.opam-switch/packages/$name.1"
cp "$name.opam" "$PREFIX/.opam-switch/packages/$name.1/opam"
if grep -q '^install:' "$name.opam"; then OPAM_PACKAGE_NAME=$name opam-cargo install --prefix "$PREFIX"; fi
rm -rf _build`
	ts.Check(ts.Exec("sh", "-c", script, "bind", args[0]))
}

// old brings what a release wrote, which testdata keeps, to the script's directory; in its
// files, @WORK@ is that directory: old 0.1.0.
func old(sources string) func(ts *testscript.TestScript, neg bool, args []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: old RELEASE")
		}
		dir := filepath.Join(sources, "testdata", args[0])
		ts.Check(filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(dir, file)
			if err != nil {
				return err
			}
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			to := ts.MkAbs(rel)
			content = bytes.ReplaceAll(content, []byte("@WORK@"), []byte(ts.Getenv("WORK")))
			return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, content, 0o644))
		}))
	}
}

// rustHome finds rustup's home and the directory of the cargo program, so that
// they work under another HOME.
func rustHome(t *testing.T) (home, bin string) {
	t.Helper()
	cargo, err := exec.LookPath("cargo")
	if err != nil {
		t.Fatal("the tests need cargo: run make setup")
	}
	home = os.Getenv("RUSTUP_HOME")
	if home == "" {
		home = filepath.Join(os.Getenv("HOME"), ".rustup")
	}
	return home, filepath.Dir(cargo)
}

// brought is what some scripts need and make test brings to _test: the variable by which
// they name it, its directory, a file that tells whether it is there, and what brings it.
var brought = []struct{ variable, dir, file, by string }{
	{"TEST_CARGO", "cargo", "registry/cache", "test-crates"}, // a cargo home with the crates of script/test-crates
	{"DUNE3", "dune3/bin", "dune", "test-dune"},              // a dune 3, where the machine's own is older
	{"SCCACHE", "sccache/bin", "sccache", "test-sccache"},
}

// bring tells a script where those are. One that names what is not there is skipped, or
// fails in CI.
func bring(env *testscript.Env) error {
	script := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
	text, err := os.ReadFile(filepath.Join("testdata", "script", script+".txtar"))
	if err != nil {
		return err
	}
	for _, b := range brought {
		dir, err := filepath.Abs(filepath.Join("_test", b.dir))
		if err != nil {
			return err
		}
		env.Setenv(b.variable, dir)
		if _, err := os.Stat(filepath.Join(dir, b.file)); err == nil || !strings.Contains(string(text), "$"+b.variable) {
			continue
		}
		missing := fmt.Sprintf("it needs %s, which is not there: run make %s", filepath.Join(dir, b.file), b.by)
		if os.Getenv("CI") == "true" {
			return errors.New(missing)
		}
		env.T().Skip("SKIPPED: " + missing)
	}
	return nil
}
