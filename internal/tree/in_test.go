package tree

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Nothing that is named by others leads out of the directory that it is written to.
func TestIn(t *testing.T) {
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, name) }
	if err := errors.Join(os.MkdirAll(at("d/e"), 0o755), os.WriteFile(at("file"), nil, 0o644), os.Symlink("/", at("out")), os.Symlink("..", at("d/up")),
		os.Symlink("e", at("d/in")), os.Symlink("nothing", at("dangling"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x", "d", "d/x", "d/e/f/g", "new/x", "out", "d/up", "file", "dangling", "...", "d/..x", "a b\n"} {
		if got, err := In(root, name); err != nil || got != at(name) {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
	for _, name := range []string{
		"", ".", "..", "../x", "../../x", "/", "/x", "d/../x", "d/../../x", "d/..", "d/", "./x", "d//x", "d/./x", "\xff",
		"out/x", "out/tmp/x", "d/up/x", "d/in/x", "d/in/y/z", "file/x", "dangling/x",
	} {
		if got, err := In(root, name); !errors.Is(err, ErrOut) {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}
