package tree

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Links are followed as the system does: what matters is where the way leads, through other
// links too, not the letters of the path.
func TestEscapes(t *testing.T) {
	for name, tt := range map[string]struct {
		links map[string]string // of the tree, which has the directories d/e/f and the file d/file
		out   string            // the links that lead out
	}{
		"a file beside it":              {map[string]string{"d/l": "file"}, ""},
		"up and down again":             {map[string]string{"d/e/l": "../file"}, ""},
		"by way of a directory":         {map[string]string{"l": "d/e/../file"}, ""},
		"nowhere, inside":               {map[string]string{"l": "d/nothing/here"}, ""},
		"to the top":                    {map[string]string{"d/l": ".."}, ""},
		"a circle":                      {map[string]string{"a": "b", "b": "a"}, ""},
		"itself":                        {map[string]string{"a": "a"}, ""},
		"absolute":                      {map[string]string{"l": "/etc/passwd"}, "l"},
		"absolute, back into the tree":  {map[string]string{"l": "/"}, "l"},
		"straight out":                  {map[string]string{"d/l": "../../x"}, "d/l"},
		"out, and nothing there":        {map[string]string{"l": "../nothing-here"}, "l"},
		"out and in again":              {map[string]string{"l": "../TREE/d/file"}, "l"},
		"through a link to a directory": {map[string]string{"d/e/f/k": "../../..", "l": "d/e/f/k/../x"}, "l"},
		"through two":                   {map[string]string{"k": "d", "d/m": "e", "l": "k/m/../../../x"}, "l"},
		"through a link that is out":    {map[string]string{"k": "..", "l": "k/x"}, "k l"},
		"by letters out, in fact not":   {map[string]string{"k": "d/e/f", "l": "k/../../file"}, ""},
		"with a slash at its end":       {map[string]string{"l": "../"}, "l"},
		"many slashes and dots":         {map[string]string{"d/l": ".//./..//..//x"}, "d/l"},
	} {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "TREE")
			if err := os.MkdirAll(filepath.Join(root, "d", "e", "f"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "d", "file"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			for link, to := range tt.links {
				if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
					t.Fatal(err)
				}
			}
			list, err := List(root, nil)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, e := range Escapes(root, list) {
				out = append(out, e.Path)
			}
			if got := strings.Join(out, " "); got != tt.out {
				t.Errorf("%q lead out, want %q", got, tt.out)
			}
		})
	}
}

// What is no regular file is not opened, and nothing is read without a bound.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(os.WriteFile(at("file"), []byte("12345678"), 0o644), syscall.Mkfifo(at("pipe"), 0o644), os.Mkdir(at("dir"), 0o755),
		os.Symlink("/dev/zero", at("zero")), os.Symlink("pipe", at("topipe")), os.Symlink("file", at("tofile")), os.Symlink("loop", at("loop"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"file", "tofile"} {
		if text, err := Read(at(name), 8); err != nil || string(text) != "12345678" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		if _, err := Read(at(name), 7); err == nil || !strings.Contains(err.Error(), "at most 7") {
			t.Errorf("%s, too large: %v", name, err)
		}
	}
	done := make(chan bool)
	go func() {
		for _, name := range []string{"pipe", "topipe", "zero", "dir"} {
			if _, err := Read(at(name), 1<<20); !errors.Is(err, ErrNotRegular) {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := FileSum(at(name)); !errors.Is(err, ErrNotRegular) {
				t.Errorf("the sum of %s: %v", name, err)
			}
		}
		done <- true
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it waits")
	}
	if _, err := Read(at("loop"), 8); err == nil {
		t.Error("a link to itself is read")
	}
	if _, err := Read(at("none"), 8); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
}
