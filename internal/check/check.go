// Package check makes every check that needs no compilation ([Run], which is the command):
// what the sources show, the Rust that the crates need ([Rust]), and what the opam files
// say. It comes after the resolution, in place of the build. What it finds in sources is
// what rustc or the linker may refuse: a suspicion is a warning, never an error.
package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/opamfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/site"
	"github.com/opam-cargo/opam-cargo/internal/source"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Input is what the checks look at.
type Input struct {
	Site  *site.Site
	Plan  *workspace.Plan
	Graph *graph.Graph

	Crates []source.Candidate // of the lock, as they are here
}

// Run makes all checks: what the sources show, the Rust that the crates need, and what the
// opam files say of them. What discovery, the plan and the resolver refuse, they have
// refused before.
func Run(ctx context.Context, in Input) error {
	out, root := in.Site.Out, in.Site.Root
	for _, t := range in.Plan.Trees() {
		if t.Origin == bindings.Installed {
			workspace.TellProfiles(t, out.Warn, out.Hint)
			t.TellConfigured(out.Warn)
		}
	}
	rustc, err := in.Site.Cargo.Rustc(ctx)
	if err != nil {
		return err
	}
	largest, rustErr := Rust(in.Graph, rustc["release"])
	problems := []error{tellSources(in), rustErr, checkArrival(ctx, in)}
	for _, name := range in.Plan.Packages {
		if p, ok := root.Package(name); ok {
			problems = append(problems, checkTemplate(root, p), checkPins(in.Plan.Bindings, p))
		}
	}
	rust := RustCode{Functions: functions(in.Plan.Trees())}
	for _, b := range in.Plan.Bindings {
		rust.Packages = append(rust.Packages, b.Package)
	}
	TellForgotten(out, FindForgotten(ctx, root.Dir, in.Site.Prefix, rust, root.Context != ""))
	if err := errors.Join(problems...); err != nil {
		return err
	}
	summary := fmt.Sprintf("checked %s and %s", term.Count(len(in.Plan.Bindings), "binding"), term.Count(in.Graph.Owned(), "crate"))
	if largest.RustVersion != "" {
		summary += fmt.Sprintf("; the newest Rust that one asks for is %s (%s %s, of %s)",
			largest.RustVersion, largest.Name, largest.Version, strings.Join(in.Graph.Owners(largest.ID), ", "))
	}
	out.Say("%s", summary)
	return nil
}

// checkTemplate finds extra-sources of crates that only a generated opam file has:
// dune takes them out when it next writes the file.
func checkTemplate(r *bindings.Root, p bindings.Package) error {
	if !dune.Generates(r.Dir, p.Path) {
		return nil
	}
	kept := map[string]bool{}
	template := p.Path + ".template"
	if src, err := os.ReadFile(filepath.Join(r.Dir, template)); err == nil {
		parsed, err := opamfile.Parse(template, src)
		if err != nil {
			return err
		}
		for _, s := range parsed.Sections("extra-source") {
			kept[s.Name] = true
		}
	}
	for _, s := range p.File.Sections("extra-source") {
		if strings.HasSuffix(s.Name, ".crate") && !kept[s.Name] {
			return problem.New(problem.Check, "the extra-source %s is not in %s, so dune will take it out of this generated file", s.Name, template).
				In(p.Name).At(p.Path, s.Line).Hint("write it there: opam-cargo extra-sources --write %s", problem.Word(p.Path))
		}
	}
	return nil
}

// checkPins finds a program that carries the crates of its bindings and lets opam
// choose another release of them, whose crates it does not carry.
func checkPins(list []workspace.Binding, p bindings.Package) error {
	carries := false
	for _, section := range p.File.Sections("extra-source") {
		carries = carries || path.Dir(section.Name) == "rust-bindings/crates"
	}
	if !carries {
		return nil
	}
	depends, err := p.File.Depends()
	if err != nil {
		return err
	}
	var loose []string
	for _, b := range list {
		if b.Origin == bindings.Installed && !depends.Pinned(b.Package) {
			loose = append(loose, b.Package)
		}
	}
	if len(loose) == 0 {
		return nil
	}
	return problem.New(problem.Check, "the package carries the crates of its bindings, but any release of %s may be installed with it; the next one may need others",
		strings.Join(loose, ", ")).
		In(p.Name).At(p.Path, 0).
		Hint("pin what is built from here: depends: [ %q {= \"VERSION\"} ... ]", loose[0]).
		Hint("or let each binding carry its own crates, and take them out here")
}
