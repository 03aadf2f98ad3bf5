package term

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
)

// Live tells whether the messages go to a terminal that wants progress: another
// program's progress may then pass through.
func (p *Printer) Live() bool {
	return p.level >= Normal && isTerminal(p.w)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Progress returns a function to be told how much of some work is done. It shows that
// in a line of its own, on a terminal, and only once the work has taken a second; the
// line goes away when all is done, and before a message. It is safe for use by several
// goroutines.
func (p *Printer) Progress(what string) func(done, total int) {
	if !p.Live() {
		return func(int, int) {}
	}
	return p.bar(what, time.Now().Add(time.Second))
}

// bar is [Printer.Progress] from the time next on.
func (p *Printer) bar(what string, next time.Time) func(done, total int) {
	return func(done, total int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if done == total {
			p.clear()
			return
		}
		if now := time.Now(); now.After(next) {
			next = now.Add(100 * time.Millisecond)
			p.clear()
			fmt.Fprintf(p.w, "opam-cargo: %s %d/%d", what, done, total)
			p.inBar = true
		}
	}
}

// clear takes a line of progress away. The caller holds the lock.
func (p *Printer) clear() {
	if p.inBar {
		io.WriteString(p.w, "\r\x1b[K")
		p.inBar = false
	}
}

// CargoProgress takes what a cargo says, and passes its progress to a terminal; that it
// waits for another one is said in any case. The rest is for whoever explains a failure.
func (p *Printer) CargoProgress() io.Writer {
	return &progressLines{to: p, live: p.Live()}
}

type progressLines struct {
	to   *Printer
	live bool
	line []byte // without its end yet
}

func (l *progressLines) Write(b []byte) (int, error) {
	for _, c := range b {
		if l.line = append(l.line, c); c != '\n' {
			continue
		}
		line := string(l.line)
		if lock, found := cargo.Blocked(line); found && !l.live {
			l.to.Say("cargo waits for another cargo, which has the lock on the %s", lock)
		} else if l.live && cargo.Progress(line) {
			l.to.Pass(line)
		}
		l.line = l.line[:0]
	}
	return len(b), nil
}
