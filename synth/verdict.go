package synth

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// What cargo and rustc say of conflicts that only the whole program has, and that no
// binding's own build shows (FACTS F4).
var (
	needsRustc     = regexp.MustCompile("package `([^ `]+) v([^ `]+)[^`]*` cannot be built because it requires rustc ([0-9.]+)|(?m)^ +([^@ ]+)@([^ ]+) requires rustc ([0-9.]+)")
	twoAllocators  = regexp.MustCompile("the `#\\[global_allocator\\]` in ([A-Za-z0-9_]+) conflicts with global allocator in: ([A-Za-z0-9_]+)")
	twoLangItems   = regexp.MustCompile("duplicate lang item.*`panic_impl`")
	crateOfMessage = regexp.MustCompile("crate `([A-Za-z0-9_]+)`")
)

// verdict explains a failed build that is no fault of one crate: which crates, of
// which opam packages, do not go together. nil: it is something else.
func (s *State) verdict(ctx context.Context, said string, out *output) error {
	if m := needsRustc.FindAllStringSubmatch(said, -1); m != nil {
		return s.tooNew(ctx, m)
	}
	if out == nil {
		return nil
	}
	for _, text := range out.errors {
		if m := twoAllocators.FindStringSubmatch(text); m != nil {
			return twoAllocatorsProblem(s.libOwner(m[1]) + " and " + s.libOwner(m[2]))
		}
		if twoLangItems.MatchString(text) {
			var who []string
			for _, m := range crateOfMessage.FindAllStringSubmatch(text, -1) {
				if owner := s.libOwner(m[1]); !strings.Contains(strings.Join(who, "|"), owner) && m[1] != "std" && m[1] != "rust_bindings" {
					who = append(who, owner)
				}
			}
			return panicHandlerProblem(strings.Join(who, " and "))
		}
	}
	return nil
}

// tooNew names the crates that need a newer rustc, and for whom.
func (s *State) tooNew(ctx context.Context, matches [][]string) error {
	rustc, err := s.Cargo.Rustc(ctx)
	if err != nil {
		return err
	}
	problems := make([]error, 0, len(matches))
	for _, m := range matches {
		name, version, needs := m[1]+m[4], m[2]+m[5], m[3]+m[6]
		pkg := ""
		for _, n := range s.Graph.Packages {
			if n.Name == name && n.Version == version {
				pkg = strings.Join(s.Graph.Owners(n.ID), ", ")
			}
		}
		problems = append(problems, tooNewProblem(name, version, needs, rustc["release"], pkg))
	}
	return errors.Join(problems...)
}

func tooNewProblem(name, version, needs, rustc, pkg string) error {
	return problem.New(problem.Check, "the crate %s %s needs rustc %s or later, and this is rustc %s", name, version, needs, rustc).In(pkg).
		Hint("install a newer Rust (rustup update stable, or the distribution's newer package)").
		Hint("or have an older release of the crate: opam-cargo lock --upgrade %s, after setting a bound in the manifest that asks for it", name)
}

// libOwner is a library's crate with the opam packages that need it.
func (s *State) libOwner(lib string) string {
	for _, n := range s.Graph.Packages {
		if n.Lib == lib || strings.ReplaceAll(n.Name, "-", "_") == lib {
			if of := s.Graph.Owners(n.ID); len(of) > 0 {
				return n.Name + " " + n.Version + " (of " + strings.Join(of, ", ") + ")"
			}
		}
	}
	for _, l := range s.Plan.Links { // rustc knows a link by the umbrella crate's key
		if strings.ReplaceAll(l.Key, "-", "_") == lib {
			return l.Crate + " " + l.Version + " (of " + l.Package + ")"
		}
	}
	return lib
}
