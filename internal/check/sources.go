package check

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// BeforeBuild is [Sources] with its good answer kept as long as neither the crates nor the
// trees change.
func BeforeBuild(in Input) error {
	var key bytes.Buffer
	for _, n := range in.Graph.Packages {
		fmt.Fprintln(&key, n.ID)
	}
	for _, t := range in.Plan.Trees() {
		fmt.Fprintln(&key, t.Package, t.Hash)
	}
	passed := filepath.Join(in.Site.Dirs.Cache(), "checked")
	sum := tree.BytesSum(key.Bytes())
	if old, err := os.ReadFile(passed); err == nil && string(old) == sum {
		return nil
	}
	if err := Sources(in); err != nil {
		return err
	}
	return tree.WriteIfChanged(passed, []byte(sum), false)
}

// contender is a crate that wants to be the only one of its kind in a program.
type contender struct {
	who string   // the crate and its owners
	at  evidence // where it does first
}

// natives says which versions of a crate a program has, and why each is native code:
// crate -> version -> why, which is empty where it is not.
type natives map[string]map[string]string

func (n natives) add(crate, version, why string) {
	if n[crate] == nil {
		n[crate] = map[string]string{}
	}
	if why != "" || n[crate][version] == "" {
		n[crate][version] = why
	}
}

// Sources finds what will not go together before anything is compiled: allocators, panic
// handlers, native code at two versions. What it can only suspect is a warning: rustc, and
// the archive's symbols, decide. It reads all sources.
func Sources(in Input) error {
	all, err := in.all()
	if err != nil {
		return err
	}
	contenders, native := map[string][]contender{}, natives{}
	for _, n := range in.Graph.Packages {
		of := map[string][]evidence{}
		for _, m := range all[n.ID] {
			of[m.Kind] = append(of[m.Kind], m)
		}
		for _, kind := range []string{"global_allocator", "panic_handler"} {
			if len(of[kind]) > 0 {
				who := fmt.Sprintf("%s %s (of %s)", n.Name, n.Version, strings.Join(in.Graph.Owners(n.ID), ", "))
				contenders[kind] = append(contenders[kind], contender{who, of[kind][0]})
			}
		}
		if n.Source == "" || !in.Graph.Linked(n.ID) { // of path crates every copy is somebody's own
			continue
		}
		native.add(n.Name, n.Version, "")
		if n.Links != "" {
			native.add(n.Name, n.Version, "links to "+n.Links)
		}
		for _, m := range append(of["no_mangle"], of["export_name"]...) {
			native.add(n.Name, n.Version, "exports C symbols, as in "+m.String())
		}
	}
	tellNativeTwice(native, in.Site.Out)
	return errors.Join(allocators(contenders["global_allocator"], in.Site.Out), panicHandlers(contenders["panic_handler"], in.Site.Out))
}

// allocators: a program has one.
func allocators(list []contender, out *term.Printer) error {
	who, certain := contending(list)
	if certain > 1 {
		return TwoAllocators(who)
	}
	if len(list) > 1 {
		out.Warn("several crates can set the global allocator, and a program has one: %s", who)
	}
	return nil
}

// panicHandlers: that of std is there already.
func panicHandlers(list []contender, out *term.Printer) error {
	who, certain := contending(list)
	if certain > 0 {
		return TwoPanicHandlers(who)
	}
	if len(list) > 0 {
		out.Warn("a panic handler beside that of std makes the build fail, and these crates can have one: %s", who)
	}
	return nil
}

// contending names the crates, and says how many of them are certain.
func contending(list []contender) (who string, certain int) {
	names := make([]string, 0, len(list))
	for _, c := range list {
		names = append(names, fmt.Sprintf("%s at %s", c.who, c.at))
		if c.at.Certain {
			certain++
		}
	}
	sort.Strings(names)
	return strings.Join(names, " and "), certain
}

// tellNativeTwice warns of two versions of a crate with C symbols: they are there
// twice, unless each version has names of its own
// (docs/facts.md#symbols-defined-twice).
func tellNativeTwice(native natives, out *term.Printer) {
	var names []string
	for name, versions := range native {
		for _, why := range versions {
			if len(versions) > 1 && why != "" {
				names = append(names, name)
				break
			}
		}
	}
	sort.Strings(names)
	for _, name := range names {
		var list []string
		for version, why := range native[name] {
			if why != "" {
				version += " (" + why + ")"
			}
			list = append(list, version)
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
