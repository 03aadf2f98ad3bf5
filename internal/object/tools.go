package object

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
)

// Tools finds the programs that link an object. What they can do is known when they have
// done it: the result is read and compared ([Link]).
type Tools struct {
	Getenv func(name string) string
	Target string // Rust's triple where it is not the host's
}

// linkers are the linkers to try, in order: the one that the C compiler uses, GNU's, and
// whatever else there may be. gold refuses -r with --gc-sections, and older releases of
// mold and lld do.
func (t Tools) linkers(ctx context.Context) []string {
	names := t.names()
	cc := t.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	if words := strings.Fields(cc); t.Target == "" && len(words) > 0 {
		out, err := exec.CommandContext(ctx, words[0], append(words[1:], "-print-prog-name=ld")...).Output()
		if name := strings.TrimSpace(string(out)); err == nil && name != "" {
			names = append([]string{name}, names...)
		}
	}
	return found(names)
}

func (t Tools) names() []string {
	names := []string{"ld.bfd", "ld", "ld.lld"}
	if t.Target != "" {
		gnu := gnuTriple(t.Target)
		names = append([]string{gnu + "-ld.bfd", gnu + "-ld"}, names...)
	}
	return names
}

// Here are the programs on PATH that could link an object, by which a later build sees that
// there are others.
func Here(target string) []string {
	t := Tools{Target: target}
	return append(found(t.names()), t.objcopies()...)
}

// objcopies are the programs to try that make symbols local.
func (t Tools) objcopies() []string {
	names := []string{"objcopy", "llvm-objcopy"}
	if t.Target != "" {
		names = append([]string{gnuTriple(t.Target) + "-objcopy"}, names...)
	}
	return found(names)
}

// found are the programs that are there, each once.
func found(names []string) []string {
	var list []string
	seen := map[string]bool{}
	for _, name := range names {
		path, err := exec.LookPath(name)
		if errors.Is(err, exec.ErrDot) || err != nil || seen[path] {
			continue
		}
		seen[path] = true
		list = append(list, path)
	}
	return list
}

// gnuTriple is what GNU's programs call a target of Rust's: without the vendor.
func gnuTriple(target string) string {
	parts := strings.Split(target, "-")
	if len(parts) == 4 {
		return parts[0] + "-" + parts[2] + "-" + parts[3]
	}
	return target
}

// Versions are what the linkers and the programs that make symbols local say of themselves,
// in the order in which they are tried.
func (t Tools) Versions(ctx context.Context) (linkers, objcopies []string) {
	for _, path := range t.linkers(ctx) {
		linkers = append(linkers, version(ctx, path))
	}
	for _, path := range t.objcopies() {
		objcopies = append(objcopies, version(ctx, path))
	}
	return linkers, objcopies
}

// version is the first line that a program says of itself.
func version(ctx context.Context, path string) string {
	out, err := exec.CommandContext(ctx, path, "--version").CombinedOutput()
	if err != nil {
		out, _ = exec.CommandContext(ctx, path, "-v").CombinedOutput() // macOS
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	for _, line := range lines {
		if text := strings.TrimSpace(string(line)); text != "" && strings.ContainsAny(text, "0123456789") {
			return text
		}
	}
	return strings.TrimSpace(string(lines[0]))
}
