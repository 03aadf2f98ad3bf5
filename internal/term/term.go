// Package term is the only place that talks to the user: messages go to
// standard error as "opam-cargo: error: ...", without a capital or a final
// period, and each error that a user can cause is followed by a hint. Quiet,
// verbose and colour are decided here, once.
package term

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// Level says how much is told.
type Level int

// The levels of -q, of neither, and of -v.
const (
	Quiet Level = iota
	Normal
	Verbose
)

// Printer writes messages. It is safe for use by several goroutines.
type Printer struct {
	mu    sync.Mutex
	w     io.Writer
	level Level
	color bool
	inBar bool // the cursor stands in a line of progress
	kept  *[]Message
}

// Message is a warning with its hints.
type Message struct {
	Text  string   `json:"message"`
	Hints []string `json:"hints,omitempty"`
}

// Keep also collects the warnings from now on in a list, whatever is printed of them.
func (p *Printer) Keep(list *[]Message) { p.kept = list }

// New returns a Printer on w. color is "auto", "always" or "never"; auto means
// a terminal and no NO_COLOR.
func New(w io.Writer, level Level, color string) *Printer {
	return &Printer{w: w, level: level, color: useColor(w, color)}
}

func useColor(w io.Writer, color string) bool {
	switch color {
	case "always":
		return true
	case "never":
		return false
	}
	return os.Getenv("NO_COLOR") == "" && isTerminal(w)
}

// Color tells whether colours are on, for the programs that are run.
func (p *Printer) Color() bool { return p.color }

// Verbose tells whether -v was given.
func (p *Printer) Verbose() bool { return p.level >= Verbose }

// Problems prints every problem in err, with its hints.
func (p *Printer) Problems(err error) {
	for _, e := range problem.List(err) {
		if e.Code == problem.Internal {
			p.line("31", "internal error", e.Error())
			p.line("36", "hint", "this is a bug of opam-cargo; please report it with the output of the same command with -v")
			continue
		}
		p.line("31", "error", e.Error())
		if e.Detail != "" {
			p.block(e.Detail)
		}
		for _, h := range e.Hints {
			p.line("36", "hint", h)
		}
	}
}

// Warn prints a warning, unless -q.
func (p *Printer) Warn(format string, args ...any) {
	if p.kept != nil {
		p.mu.Lock()
		*p.kept = append(*p.kept, Message{Text: fmt.Sprintf(format, args...)})
		p.mu.Unlock()
	}
	if p.level > Quiet {
		p.line("33", "warning", fmt.Sprintf(format, args...))
	}
}

// Hint prints a hint that belongs to a warning, unless -q.
func (p *Printer) Hint(format string, args ...any) {
	if p.kept != nil && len(*p.kept) > 0 {
		p.mu.Lock()
		last := &(*p.kept)[len(*p.kept)-1]
		last.Hints = append(last.Hints, fmt.Sprintf(format, args...))
		p.mu.Unlock()
	}
	if p.level > Quiet {
		p.line("36", "hint", fmt.Sprintf(format, args...))
	}
}

// Say prints what was done, unless -q.
func (p *Printer) Say(format string, args ...any) {
	if p.level > Quiet {
		p.note(format, args...)
	}
}

// Detail prints a decision, with -v only.
func (p *Printer) Detail(format string, args ...any) {
	if p.level >= Verbose {
		p.note(format, args...)
	}
}

// Tell prints how the work went: on a terminal, where somebody waits for it, or with -v.
func (p *Printer) Tell(format string, args ...any) {
	if p.Live() || p.Verbose() {
		p.note(format, args...)
	}
}

// Table prints the lines that belong to a warning, unless -q.
func (p *Printer) Table(text string) {
	if p.level > Quiet {
		p.block(strings.TrimRight(text, "\n"))
	}
}

// Pass prints another program's own text, of which the colours are left.
func (p *Printer) Pass(text string) {
	text, _ = visible(text, colored, true)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	io.WriteString(p.w, text)
}

// Through passes another program's own text on as it comes.
func (p *Printer) Through() io.Writer { return &writer{to: through{p}, kind: colored} }

type through struct{ to *Printer }

func (t through) Write(b []byte) (int, error) {
	t.to.Pass(string(b))
	return len(b), nil
}

func (p *Printer) block(text string) {
	text, _ = visible(text, colored, true)
	p.raw(indent(text))
}

func (p *Printer) note(format string, args ...any) {
	p.raw("opam-cargo: " + Line(fmt.Sprintf(format, args...)))
}

func (p *Printer) line(color, kind, text string) {
	if p.color {
		kind = "\x1b[1;" + color + "m" + kind + "\x1b[0m"
	}
	p.raw("opam-cargo: " + kind + ": " + Line(text))
}

func (p *Printer) raw(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintln(p.w, line)
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}

// Count is a number of things, as in "1 crate" and "2 crates".
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// Megabytes shows a size in bytes.
func Megabytes(n int64) string { return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB" }
