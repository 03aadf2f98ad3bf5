// Package e2e tests the tool as its users meet it: packages of a local opam
// repository, installed by the real opam with its sandbox on.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/registrytest"
)

func TestMain(m *testing.M) { os.Exit(testscript.RunMain(m, nil)) }

// TestScript runs testdata/*.txtar. Their commands: opam-add DIR NAME.VERSION
// puts the package of a directory into the repository, example NAME... version 1.0
// of packages in examples/, release DIR the tool itself as a tarball with its sources,
// which it leaves in DIR; opam is the real one. A condition: [rustc:1.NN] holds for that
// rustc and later ones.
func TestScript(t *testing.T) {
	tool := build(t)
	crates, err := filepath.Abs("../../_test/cargo")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(crates, "registry", "cache")); err != nil {
		t.Fatalf("the tests' crates are not there: run make test-crates (%v)", err)
	}
	t.Setenv("OPAM_CARGO_TEST_CRATES", crates)
	cmds := registrytest.Commands(t)
	cmds["opam"] = opam
	cmds["opam-add"] = opamAdd
	cmds["example"] = example
	cmds["release"] = release
	testscript.Run(t, testscript.Params{
		Dir:       "testdata",
		Setup:     func(env *testscript.Env) error { return setUp(env, tool) },
		Cmds:      cmds,
		Condition: rustcFrom,
	})
}

// rustcFrom is the condition rustc:1.NN.
func rustcFrom(condition string) (bool, error) {
	min, ok := strings.CutPrefix(condition, "rustc:")
	if !ok {
		return false, fmt.Errorf("unknown condition %s", condition)
	}
	version, err := output("rustc", "--version")
	return cargo.AtLeast(strings.TrimPrefix(version, "rustc "), min), err
}

// build makes the program as users have it.
func build(t *testing.T) string {
	t.Helper()
	tool := filepath.Join(t.TempDir(), "opam-cargo", "opam-cargo")
	cmd := exec.Command("go", "build", "-o", tool, "../..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return tool
}

func opam(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("opam", args...)
	if neg && err == nil {
		ts.Fatalf("opam did not fail")
	}
	if !neg {
		ts.Check(err)
	}
}

func opamAdd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: opam-add DIR NAME.VERSION [FILE]")
	}
	extra := ""
	if len(args) == 3 {
		extra = ts.ReadFile(args[2])
	}
	ts.Check(addPackage(ts.Getenv("REPO"), ts.MkAbs(args[0]), args[1], extra))
	update(ts)
}

func example(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: example NAME...")
	}
	for _, name := range args {
		dir, err := filepath.Abs(filepath.Join("../../examples", name))
		ts.Check(err)
		ts.Check(addPackage(ts.Getenv("REPO"), dir, name+".1.0", ""))
	}
	update(ts)
}

// release puts the tool's release in place of the program that was built for the other
// scripts, with the packages of the project's own repository.
func release(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: release DIR")
	}
	dir := ts.MkAbs(args[0])
	out, err := exec.Command("../../script/dist", dir, "here").CombinedOutput()
	if err != nil {
		ts.Check(fmt.Errorf("script/dist: %w\n%s", err, out))
	}
	archives, err := filepath.Glob(filepath.Join(dir, "opam-cargo-*.tar.gz"))
	ts.Check(err)
	ts.Check(addRelease(ts.Getenv("REPO"), archives[0]))
	update(ts)
}

// update makes opam read the repository again.
func update(ts *testscript.TestScript) {
	out, err := exec.Command("env", "OPAMROOT="+ts.Getenv("OPAMROOT"), "OPAMROOTISOK=1", "HOME="+ts.Getenv("HOME"), "opam", "update").CombinedOutput()
	if err != nil {
		ts.Check(fmt.Errorf("opam update: %w\n%s", err, out))
	}
}
