package problem

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"testing"
)

// TestWord lets a shell read the words.
func TestWord(t *testing.T) {
	for _, text := range []string{"", "a/b.c", "~", "~root/x", "1.0~beta", "two words", "it's", "$HOME", "*", "a;b", "#", "-x", "a\nb", `\`, "é"} {
		out, err := exec.Command("sh", "-c", "printf %s "+Word(text)).Output()
		if err != nil || string(out) != text {
			t.Errorf("%q is the word %s, which sh reads as %q, %v", text, Word(text), out, err)
		}
	}
	if Word("1.0~beta") != "1.0~beta" {
		t.Error("a word that needs no quotes has some")
	}
}

func texts(err error) string {
	var lines []string
	for _, e := range List(err) {
		lines = append(lines, fmt.Sprintf("%d %s", e.Code, e.Error()))
	}
	return strings.Join(lines, "|")
}

// Nothing of what is joined is lost, however it is wrapped.
func TestList(t *testing.T) {
	a := New(Input, "a is wrong").In("foo").Hint("mend a")
	b := New(Check, "b is wrong").At("b", 3)
	gone := &fs.PathError{Op: "open", Path: "c", Err: fs.ErrNotExist}
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{a, "3 foo: a is wrong"},
		{errors.Join(a, b), "3 foo: a is wrong|1 b:3: b is wrong"},
		{fmt.Errorf("read it: %w", a), "3 foo: read it: a is wrong"},
		{fmt.Errorf("read it: %w", errors.Join(a, b)), "3 foo: read it: a is wrong|1 b:3: read it: b is wrong"},
		{fmt.Errorf("all: %w", fmt.Errorf("read it: %w", errors.Join(a, b))), "3 foo: all: read it: a is wrong|1 b:3: all: read it: b is wrong"},
		{errors.Join(errors.Join(a), fmt.Errorf("once more: %w", errors.Join(b, gone))), "3 foo: a is wrong|1 b:3: once more: b is wrong|3 once more: open c: file does not exist"},
		{errors.Join(a, errors.New("a bug")), "3 foo: a is wrong|70 a bug"},
		{fmt.Errorf("write it: %w", gone), "3 write it: open c: file does not exist"},
		{errors.Join(gone, nil, gone), "3 open c: file does not exist|3 open c: file does not exist"},
		{fmt.Errorf("run it: %w", &exec.Error{Name: "x", Err: exec.ErrNotFound}), "3 run it: exec: \"x\": executable file not found in $PATH"},
		{fmt.Errorf("run it: %w", errors.Join(context.Canceled, a)), "130 interrupted|3 foo: run it: a is wrong"},
		{fmt.Errorf("a bug in %w", errors.New("it")), "70 a bug in it"},
	} {
		if got := texts(c.err); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if list := List(fmt.Errorf("read it: %w", errors.Join(b, a))); len(list) != 2 || len(list[1].Hints) != 1 || a.Text != "a is wrong" {
		t.Errorf("got %+v, and %q", list, a.Text)
	}
	for _, c := range []struct {
		err  error
		want Code
	}{
		{nil, OK},
		{errors.Join(b, fmt.Errorf("x: %w", errors.Join(New(Build, "c"), New(Resolve, "d")))), Resolve},
		{errors.Join(b, New(Usage, "u")), Check},
		{errors.Join(errors.New("a bug"), a), Input},
	} {
		if got := ExitCode(c.err); got != c.want {
			t.Errorf("%v: exit code %d, want %d", c.err, got, c.want)
		}
	}
}
