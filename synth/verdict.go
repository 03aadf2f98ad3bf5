package synth

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// What cargo and rustc say of conflicts that only the whole program has, and that no
// binding's own build shows (FACTS F4).
var (
	needsRustc     = regexp.MustCompile("package `([^ `]+) v([^ `]+)[^`]*` cannot be built because it requires rustc ([0-9.]+)|(?m)^ +([^@ ]+)@([^ ]+) requires rustc ([0-9.]+)")
	twoAllocators  = regexp.MustCompile("the `#\\[global_allocator\\]` in ([A-Za-z0-9_]+) conflicts with global allocator in: ([A-Za-z0-9_]+)")
	twoLangItems   = regexp.MustCompile("duplicate lang item.*`panic_impl`")
	crateOfMessage = regexp.MustCompile("crate `([A-Za-z0-9_]+)`")
	nativeLibrary  = regexp.MustCompile("package `([A-Za-z0-9_-]+)`?[^\n]*links to the native library `([^`]+)`, but it conflicts with a previous package")
)

// verdict explains a failed build that is no fault of one crate: which crates, of
// which opam packages, do not go together. nil: it is something else.
func (s *State) verdict(said string, out *output) error {
	if m := needsRustc.FindAllStringSubmatch(said, -1); m != nil {
		return s.tooNew(m)
	}
	if out == nil {
		return nil
	}
	for _, text := range out.errors {
		if m := twoAllocators.FindStringSubmatch(text); m != nil {
			return problem.New(problem.Check, "two crates set the global allocator of the program: %s and %s", s.libOwner(m[1]), s.libOwner(m[2])).
				Hint("a program has one allocator: the bindings must leave it to the program, or make it an optional feature (see [bindings.PACKAGE] features in rust-bindings/settings.toml)")
		}
		if twoLangItems.MatchString(text) {
			var who []string
			for _, m := range crateOfMessage.FindAllStringSubmatch(text, -1) {
				if owner := s.libOwner(m[1]); !strings.Contains(strings.Join(who, "|"), owner) && m[1] != "std" && m[1] != "rust_bindings" {
					who = append(who, owner)
				}
			}
			return problem.New(problem.Check, "a crate brings a panic handler of its own, and the program has one already: %s", strings.Join(who, " and ")).
				Hint("a no_std crate with #[panic_handler] is for programs without std; its author can put the handler behind a feature that is off by default")
		}
	}
	return nil
}

// tooNew names the crates that need a newer rustc, and for whom.
func (s *State) tooNew(matches [][]string) error {
	problems := make([]error, 0, len(matches))
	owners := s.Graph.owners(s.Dirs)
	for _, m := range matches {
		name, version, rustc := m[1]+m[4], m[2]+m[5], m[3]+m[6]
		pkg := ""
		for _, n := range s.Graph.Packages {
			if n.Name == name && n.Version == version {
				pkg = strings.Join(owners[n.ID], ", ")
			}
		}
		problems = append(problems, problem.New(problem.Check, "the crate %s %s needs rustc %s or later, and this is cargo %s", name, version, rustc, s.Cargo.Version).In(pkg).
			Hint("install a newer Rust (rustup update stable, or the distribution's newer package)").
			Hint("or have an older release of the crate: opam-cargo lock --upgrade %s, after setting a bound in the manifest that asks for it", name))
	}
	return errors.Join(problems...)
}

// linksVerdict explains two crates that claim one native library, where the
// resolver's words are about that.
func (s *State) linksVerdict(words string) error {
	m := nativeLibrary.FindStringSubmatch(words)
	if m == nil {
		return nil
	}
	var packages []string
	for _, t := range s.Plan.Trees() {
		carries := slices.ContainsFunc(t.Crates, func(c bindings.Crate) bool { return c.Name == m[1] })
		if carries || strings.Contains(words, "(bindings/"+t.Package+")") || strings.Contains(words, "(bindings/"+t.Package+"/") {
			packages = append(packages, t.Package)
		}
	}
	return problem.New(problem.Resolve, "two crates of %s claim the native library %s, and a program can have it only once", strings.Join(packages, ", "), m[2]).
		Quote(words).
		Hint("the paths of requirements are above; the bindings must agree on one version of the crate that links %s: take releases of them that do, or ask their authors", m[2])
}

// libOwner is a library's crate with the opam packages that need it.
func (s *State) libOwner(lib string) string {
	owners := s.Graph.owners(s.Dirs)
	for _, n := range s.Graph.Packages {
		if n.Lib == lib || strings.ReplaceAll(n.Name, "-", "_") == lib {
			if of := owners[n.ID]; len(of) > 0 {
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
