package site

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/lock"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// A directory that is no link, of this user, made at this place, is believed; all others
// are set aside, and what links lead to is as it was.
func TestOwn(t *testing.T) {
	write := func(file, text string) error {
		return errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644))
	}
	relink := func(top, victim, rel string) error {
		name := filepath.Join(top, rel)
		return errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.RemoveAll(name), os.Symlink(victim, name))
	}
	kinds := map[string]struct {
		plant func(top, victim string) error
		why   string // empty: believed
	}{
		"ours":            {func(string, string) error { return nil }, ""},
		"ours, used":      {func(top, _ string) error { return write(filepath.Join(top, "target", "release", "x"), "x") }, ""},
		"links in tools":  {func(top, victim string) error { return relink(top, victim, "tools/rustc") }, ""},
		"links in a tree": {func(top, victim string) error { return relink(top, victim, "bindings/foo/src/x") }, ""},
		"a file":          {func(top, _ string) error { return errors.Join(os.RemoveAll(top), write(top, "x")) }, "it is no directory"},
		"a link":          {func(top, victim string) error { return relink(top, victim, "") }, "it is a symbolic link"},
		"a link to one": {func(top, _ string) error {
			return errors.Join(os.Rename(top, top+".real"), os.Symlink(top+".real", top))
		}, "it is a symbolic link"},
		"no mark": {func(top, _ string) error { return os.Remove(filepath.Join(top, mark)) }, "nothing says"},
		"a mark that is a link": {func(top, _ string) error {
			return errors.Join(os.Rename(filepath.Join(top, mark), filepath.Join(top, "x")), os.Symlink("x", filepath.Join(top, mark)))
		}, "nothing says"},
		"an empty mark":  {func(top, _ string) error { return write(filepath.Join(top, mark), "") }, "made elsewhere"},
		"a mark cut off": {func(top, _ string) error { return write(filepath.Join(top, mark), `{"user":0,"pa`) }, "made elsewhere"},
		"a huge mark":    {func(top, _ string) error { return write(filepath.Join(top, mark), strings.Repeat(" ", 1<<17)) }, "nothing says"},
		"another's mark": {func(top, _ string) error {
			its := here(top)
			its.User++
			text, _ := json.Marshal(its)
			return write(filepath.Join(top, mark), string(text))
		}, "by another user"},
		"another place's": {func(top, _ string) error {
			its := here(top)
			its.Path = "/elsewhere/_build/.opam-cargo"
			text, _ := json.Marshal(its)
			return write(filepath.Join(top, mark), string(text))
		}, "made elsewhere"},
	}
	for _, rel := range []string{
		"target", "target/release", "target/release/deps", "target.other/debug", "bindings", "bindings/foo", "crates", "crates/a-1.0.0",
		"sources", "out", "cache", "cargo-home", "cargo-home/registry", "tools", "at", "at/sub", "at/sub/target", "each", "each/foo", ".lock", "Cargo.lock",
	} {
		kinds["a link as "+rel] = struct {
			plant func(top, victim string) error
			why   string
		}{func(top, victim string) error { return relink(top, victim, rel) }, "is a symbolic link"}
	}
	if os.Getuid() == 0 {
		kinds["another user's"] = struct {
			plant func(top, victim string) error
			why   string
		}{func(top, _ string) error { return os.Lchown(top, 4711, 4711) }, "another user"}
	}
	for kind, c := range kinds {
		dir := t.TempDir()
		top, victim := filepath.Join(dir, "_build", ".opam-cargo"), filepath.Join(dir, "victim")
		if err := errors.Join(own(top, nil), write(filepath.Join(victim, "file"), "precious"), c.plant(top, victim)); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		said := ""
		if err := own(top, func(_, why string) { said = why }); err != nil || !strings.Contains(said, c.why) || (said == "") != (c.why == "") {
			t.Errorf("%s: said %q, error %v", kind, said, err)
		}
		if why := foreign(top); why != "" || tree.Exists(top+".aside") != (c.why != "") {
			t.Errorf("%s: it is left as %q", kind, why)
		}
		if text, err := os.ReadFile(filepath.Join(victim, "file")); err != nil || string(text) != "precious" {
			t.Errorf("%s: what a link leads to was changed: %v", kind, err)
		}
	}
}

// Runs that begin at once make one directory, and set the foreign one aside once.
func TestOwnAtOnce(t *testing.T) {
	for _, planted := range []bool{false, true} {
		top := filepath.Join(t.TempDir(), "_build", ".opam-cargo")
		if planted {
			if err := os.MkdirAll(filepath.Join(top, "target"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan error)
		for range 16 {
			go func() { done <- own(top, func(string, string) {}) }()
		}
		for range 16 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if foreign(top) != "" || tree.Exists(top+".aside") != planted || tree.Exists(top+".aside-2") {
			t.Errorf("planted %v: several were made", planted)
		}
	}
}

// One in which a run works stays where it is until the run has ended; what a killed run
// left beside it goes.
func TestOwnBusy(t *testing.T) {
	top := filepath.Join(t.TempDir(), "_build", ".opam-cargo")
	left := top + ".new-1"
	err := errors.Join(os.MkdirAll(top, 0o755), os.MkdirAll(left, 0o755), os.WriteFile(filepath.Join(left, mark), nil, 0o644),
		os.WriteFile(filepath.Join(left, ".opam-cargo-1"), nil, 0o644))
	if err != nil {
		t.Fatal(err)
	}
	held, err := lock.Take(context.Background(), lock.Request{Dir: top})
	if err != nil {
		t.Fatal(err)
	}
	if err := own(top, nil); err == nil || tree.Exists(top+".aside") {
		t.Errorf("it is set aside while a run works in it: %v", err)
	}
	held.Release()
	if err := own(top, func(string, string) {}); err != nil || !tree.Exists(top+".aside") {
		t.Errorf("it is not set aside: %v", err)
	}
	if tree.Exists(left) {
		t.Error("what a killed run left is there")
	}
}
