package term

import (
	"io"
	"os"
	"testing"
	"time"
)

// TestProgress runs on a pipe that is taken for a terminal: what a terminal would show,
// and that a message takes the line away.
func TestProgress(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &Printer{w: w, level: Normal}
	p.bar("unpacking crates", time.Now().Add(time.Hour))(1, 3) // it is not worth it yet
	show := p.bar("unpacking crates", time.Now())
	show(1, 3)
	p.Say("hello")
	time.Sleep(150 * time.Millisecond)
	show(2, 3)
	show(3, 3)
	w.Close()
	got, err := io.ReadAll(r)
	if want := "opam-cargo: unpacking crates 1/3\r\x1b[Kopam-cargo: hello\nopam-cargo: unpacking crates 2/3\r\x1b[K"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
