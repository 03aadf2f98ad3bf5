package synth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// precheck finds what will not go together before anything is compiled: allocators,
// panic handlers, native code at two versions. What it can only suspect is a warning:
// rustc, and the archive's symbols, decide. It reads all sources, so its good answer
// is kept as long as neither the crates nor the trees change.
func (s *State) precheck() error {
	var key bytes.Buffer
	for _, n := range s.Graph.Packages {
		fmt.Fprintln(&key, n.ID)
	}
	for _, t := range s.Plan.Trees() {
		fmt.Fprintln(&key, t.Package, t.Hash)
	}
	passed := filepath.Join(s.Dirs.Cache(), "checked")
	sum := tree.BytesSum(key.Bytes())
	if old, err := os.ReadFile(passed); err == nil && string(old) == sum {
		return nil
	}
	if err := s.checkSources(); err != nil {
		return err
	}
	return tree.WriteIfChanged(passed, []byte(sum), false)
}

// contender is a crate that wants to be the only one of its kind in a program.
type contender struct {
	who   string // the crate and its owners
	marks []mark // where it does
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

func (s *State) checkSources() error {
	marksOf, err := s.allMarks()
	if err != nil {
		return err
	}
	contenders, native := map[string][]contender{}, natives{}
	for _, n := range s.Graph.Packages {
		of := map[string][]mark{}
		for _, m := range marksOf[n.ID] {
			of[m.Kind] = append(of[m.Kind], m)
		}
		for _, kind := range []string{"global_allocator", "panic_handler"} {
			if len(of[kind]) > 0 {
				who := fmt.Sprintf("%s %s (of %s)", n.Name, n.Version, strings.Join(s.Graph.Owners(n.ID), ", "))
				contenders[kind] = append(contenders[kind], contender{who, of[kind]})
			}
		}
		if n.Source == "" || !s.Graph.Linked(n.ID) { // of path crates every copy is somebody's own
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
	s.tellNativeTwice(native)
	return errors.Join(s.checkAllocators(contenders["global_allocator"]), s.checkPanicHandlers(contenders["panic_handler"]))
}

// checkAllocators: a program has one.
func (s *State) checkAllocators(list []contender) error {
	who, certain := contending(list)
	if certain > 1 {
		return twoAllocatorsProblem(who)
	}
	if len(list) > 1 {
		s.Term.Warn("several crates can set the global allocator, and a program has one: %s", who)
	}
	return nil
}

// checkPanicHandlers: that of std is there already.
func (s *State) checkPanicHandlers(list []contender) error {
	who, certain := contending(list)
	if certain > 0 {
		return panicHandlerProblem(who)
	}
	if len(list) > 0 {
		s.Term.Warn("a panic handler beside that of std makes the build fail, and these crates can have one: %s", who)
	}
	return nil
}

// contending names the crates, and says how many of them are certain.
func contending(list []contender) (who string, certain int) {
	names := make([]string, 0, len(list))
	for _, c := range list {
		names = append(names, fmt.Sprintf("%s at %s", c.who, c.marks[0]))
		if c.marks[0].Certain {
			certain++
		}
	}
	sort.Strings(names)
	return strings.Join(names, " and "), certain
}

// tellNativeTwice warns of two versions of a crate with C symbols: they are there
// twice, unless each version has names of its own (FACTS T7).
func (s *State) tellNativeTwice(native natives) {
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
		s.Term.Warn("the crate %s is there in several versions, and has C symbols, which may then be there twice: %s", name, strings.Join(list, ", "))
		s.Term.Hint("who wants which: opam-cargo why %s", name)
	}
}

func twoAllocatorsProblem(who string) error {
	return problem.New(problem.Check, "two crates set the global allocator of the program: %s", who).
		Hint("a program has one allocator: the bindings must leave it to the program, or make it an optional feature (see [bindings.PACKAGE] features in rust-bindings/settings.toml)")
}

func panicHandlerProblem(who string) error {
	return problem.New(problem.Check, "a crate brings a panic handler of its own, and the program has one already: %s", who).
		Hint("a no_std crate with #[panic_handler] is for programs without std; its author can put the handler behind a feature that is off by default")
}

// checkRust compares the rust-version of every crate with the rustc that there is, and
// returns the crate that asks for the most.
func (s *State) checkRust(ctx context.Context) (largest graph.Node, err error) {
	rustc, err := s.Cargo.Rustc(ctx)
	if err != nil {
		return largest, err
	}
	var problems []error
	for _, n := range s.Graph.Packages {
		if n.RustVersion == "" || len(s.Graph.Owners(n.ID)) == 0 {
			continue
		}
		if largest.RustVersion == "" || !cargo.AtLeast(largest.RustVersion, n.RustVersion) {
			largest = n
		}
		if !cargo.AtLeast(rustc["release"], n.RustVersion) {
			problems = append(problems, tooNewProblem(n.Name, n.Version, n.RustVersion, rustc["release"], strings.Join(s.Graph.Owners(n.ID), ", ")))
		}
	}
	return largest, errors.Join(problems...)
}
