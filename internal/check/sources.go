package check

import (
	"fmt"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/term"
)

// natives says which versions of a crate are native code, and why: crate -> version -> why.
type natives map[string]map[string]string

func (n natives) add(crate, version, why string) {
	if n[crate] == nil {
		n[crate] = map[string]string{}
	}
	n[crate][version] = why
}

// tellSources tells what may not go together: allocators, panic handlers, native code at
// two versions. Nothing of it is certain before it is compiled and linked, since
// attributes, macros and features decide: rustc, and the symbols of what is linked, judge.
// It reads all sources.
func tellSources(in Input) error {
	all, err := in.all()
	if err != nil {
		return err
	}
	contenders, native := map[string][]string{}, natives{}
	for _, n := range in.Graph.Packages {
		of := map[string][]evidence{}
		for _, m := range all[n.ID] {
			of[m.Kind] = append(of[m.Kind], m)
		}
		for _, kind := range []string{"global_allocator", "panic_handler"} {
			if len(of[kind]) > 0 {
				contenders[kind] = append(contenders[kind], fmt.Sprintf("%s %s (of %s) at %s", n.Name, n.Version, strings.Join(in.Graph.Owners(n.ID), ", "), of[kind][0]))
			}
		}
		if n.Source == "" || !in.Graph.Linked(n.ID) { // of path crates every copy is somebody's own
			continue
		}
		if n.Links != "" {
			native.add(n.Name, n.Version, "links to "+n.Links)
		}
		for _, m := range append(of["no_mangle"], of["export_name"]...) {
			native.add(n.Name, n.Version, "exports C symbols, as in "+m.String())
		}
	}
	tellNativeTwice(native, in.Site.Out)
	if list := contenders["global_allocator"]; len(list) > 1 {
		sort.Strings(list)
		in.Site.Out.Warn("several crates may set the global allocator, and a program has one: %s", strings.Join(list, " and "))
	}
	if list := contenders["panic_handler"]; len(list) > 0 {
		sort.Strings(list)
		in.Site.Out.Warn("these crates may have a panic handler, and one beside that of std makes the build fail: %s", strings.Join(list, " and "))
	}
	return nil
}

// tellNativeTwice warns of two versions of a crate with C symbols: they are there
// twice, unless each version has names of its own
// (docs/facts.md#symbols-defined-twice).
func tellNativeTwice(native natives, out *term.Printer) {
	var names []string
	for name, versions := range native {
		if len(versions) > 1 {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		var list []string
		for version, why := range native[name] {
			list = append(list, version+" ("+why+")")
		}
		sort.Strings(list)
		out.Warn("the crate %s is there in several versions, and has C symbols, which may then be there twice: %s", name,
			strings.Join(list, ", "))
		out.Hint("who wants which: opam-cargo why %s", name)
	}
}

// TwoAllocators is the problem of the crates who, each of which sets the allocator.
func TwoAllocators(who string) error {
	return problem.New(problem.Check, "two crates set the global allocator of the program: %s", who).
		Hint("a program has one allocator: the bindings must leave it to the program, or make it an optional feature (see [bindings.PACKAGE] " +
			"features in rust-bindings/settings.toml)")
}

// TwoPanicHandlers is the problem of the crates who, which bring panic handlers.
func TwoPanicHandlers(who string) error {
	return problem.New(problem.Check, "a crate brings a panic handler of its own, and the program has one already: %s", who).
		Hint("a no_std crate with #[panic_handler] is for programs without std; its author can put the handler behind a feature that is off " +
			"by default")
}
