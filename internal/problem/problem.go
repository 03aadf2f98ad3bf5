// Package problem is the form of every error that a user can cause: which opam
// package, which file and line, what is wrong, what to do, and the exit code.
// The core returns problems; only the command line prints them and exits.
package problem

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Code is a process exit code, as tabled in docs/messages.md.
type Code int

// The exit codes of the command line.
const (
	OK          Code = 0
	Check       Code = 1   // a check fails, or a difference was found
	Usage       Code = 2   // the command line is wrong
	Input       Code = 3   // a binding, opam's data, the prefix or cargo is missing or malformed
	Resolve     Code = 4   // the resolver says no, crates are missing, the lock drifted
	Build       Code = 5   // cargo or rustc failed
	Internal    Code = 70  // a bug of this tool
	Interrupted Code = 130 // Ctrl-C
)

// Error is one problem. Every field but Code and Text may be empty.
type Error struct {
	Code    Code
	Package string   // the opam package that has the problem
	File    string   // the file to look at
	Line    int      // its line, counted from 1; 0 where there is none
	Text    string   // what is wrong: no capital, no final period
	Detail  string   // another program's own words, printed untouched below
	Hints   []string // what to do: a command to run or a file to edit
	Err     error    // the cause, appended to Text
}

// New returns a problem with a formatted text. %w works as in fmt.Errorf.
func New(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Text: err.Error(), Err: errors.Unwrap(err)}
}

// In names the opam package.
func (e *Error) In(pkg string) *Error { e.Package = pkg; return e }

// At names the file and its line (0 where there is none).
func (e *Error) At(file string, line int) *Error { e.File, e.Line = file, line; return e }

// Hint adds a formatted hint.
func (e *Error) Hint(format string, args ...any) *Error {
	e.Hints = append(e.Hints, fmt.Sprintf(format, args...))
	return e
}

// plain is a word that a shell takes as it is; a tilde at its start would be a home.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./+=:@%,-][A-Za-z0-9_./+=:@%,~-]*$`)

// Word is text as one word of a shell, for a command in a hint.
func Word(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// Quote attaches another program's output, to be printed as it is.
func (e *Error) Quote(output string) *Error { e.Detail = strings.TrimRight(output, "\n"); return e }

// Error gives one line: package, file, line and text.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Package != "" {
		b.WriteString(e.Package + ": ")
	}
	if e.File != "" {
		b.WriteString(e.File + ":")
		if e.Line > 0 {
			fmt.Fprintf(&b, "%d:", e.Line)
		}
		b.WriteString(" ")
	}
	b.WriteString(e.Text)
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// List flattens err into its problems, in order: those that are joined, also below what
// wraps them, which then stands before each. An error that holds none comes out as one,
// of the user's system or an internal one.
func List(err error) []*Error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok { //nolint:errorlint // wrapped ones come below, with what wraps them
		return []*Error{e}
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var list []*Error
		for _, e := range many.Unwrap() {
			list = append(list, List(e)...)
		}
		return list
	}
	inner := errors.Unwrap(err)
	if inner == nil || !holds(inner) {
		return []*Error{unexplained(err)}
	}
	list := List(inner)
	for i, e := range list {
		outer := *e
		outer.Text = strings.Replace(err.Error(), inner.Error(), e.Text, 1)
		if e.Code == Interrupted {
			outer.Text = e.Text
		}
		list[i] = &outer
	}
	return list
}

// holds tells whether there is a problem in err, or several errors are.
func holds(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if _, ok := err.(interface{ Unwrap() []error }); ok {
			return true
		}
		if _, ok := err.(*Error); ok { //nolint:errorlint // each of the chain is looked at
			return true
		}
	}
	return false
}

// unexplained is the problem of an error that nobody has made one of.
func unexplained(err error) *Error {
	if errors.Is(err, context.Canceled) {
		return &Error{Code: Interrupted, Text: "interrupted", Err: err}
	}
	if e := fromOS(err); e != nil {
		return e
	}
	return &Error{Code: Internal, Text: err.Error(), Err: err}
}

// ExitCode is the code for err: of several problems the smallest above 2, since
// the earlier steps of the pipeline have the smaller codes.
func ExitCode(err error) Code {
	code := OK
	for _, e := range List(err) {
		switch {
		case code == OK:
			code = e.Code
		case code <= Usage && e.Code > Usage:
			code = e.Code
		case e.Code > Usage && e.Code < code:
			code = e.Code
		}
	}
	return code
}
