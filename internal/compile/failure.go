package compile

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/archive"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/check"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// failure explains a build that failed: which opam packages do not go together, or which
// one owns the crate that failed. The compiler's own words the user has seen by now. said
// is what cargo wrote on standard error.
func (in Input) failure(ctx context.Context, out *output, said string) error {
	g := in.Resolution.Graph
	if err := in.verdict(ctx, out, said); err != nil {
		return err
	}
	failed := out.failed
	if name, version, dir, ok := cargo.FailedPackage(said); ok && len(failed) == 0 {
		failed = []string{manifestOf(g, name, version, dir)}
	}
	for _, manifest := range failed {
		n := g.At(manifest)
		if n == nil || len(g.Owners(n.ID)) == 0 {
			continue
		}
		dir := filepath.Dir(manifest)
		for _, t := range in.Plan.Trees() {
			if t.Package == g.Binding(*n) {
				e := problem.New(problem.Build, "its Rust code does not build (the error is above)").In(t.Package).At(t.Shown, 0).
					Hint("the source that was compiled is in %s", dir)
				return in.firstResolver(e, g.Owners(n.ID))
			}
		}
		e := problem.New(problem.Build, "its crate %s %s does not build (the error is above)", n.Name, n.Version).
			In(strings.Join(g.Owners(n.ID), ", ")).
			Hint("the source that was compiled is in %s", dir).
			Hint("which of its crates want it: opam-cargo why %s", n.Name)
		return in.firstResolver(e, g.Owners(n.ID))
	}
	return problem.New(problem.Build, "cargo failed (its error is above)").
		Hint("the workspace that was built is in %s; see every step with -v", in.Site.Dirs.W)
}

// firstResolver adds what may be behind a failure in the crates of a tree that cargo's
// first resolver was to resolve (docs/binding-authors.md#features-and-resolvers).
func (in Input) firstResolver(e *problem.Error, owners []string) error {
	for _, t := range in.Plan.Trees() {
		if t.Resolver() == "1" && slices.Contains(owners, t.Package) {
			e.Hint("%s is a tree of cargo's resolver 1, which gives a crate also the features that build scripts and other platforms ask for; "+
				"a program has resolver 2: name the features in [dependencies], and try with resolver = \"2\" in %s", t.Package, t.ShownAt(t.Top, "Cargo.toml"))
		}
	}
	return e
}

// manifestOf is the manifest of a package as cargo names it: dir is a path crate's
// directory. Empty where there is none.
func manifestOf(g *graph.Graph, name, version, dir string) string {
	if dir != "" {
		return filepath.Join(dir, "Cargo.toml")
	}
	if n := g.Find(name, version); n != nil {
		return n.Manifest
	}
	return ""
}

// verdict explains a failed build that is no fault of one crate, and that no binding's own
// build shows: which crates, of which opam packages, do not go together. nil: it is
// something else.
func (in Input) verdict(ctx context.Context, out *output, said string) error {
	g := in.Resolution.Graph
	if list := cargo.TooOld(said); len(list) > 0 {
		rustc, err := in.Site.Cargo.Rustc(ctx)
		if err != nil {
			return err
		}
		return tooNew(g, list, rustc["release"])
	}
	for _, text := range out.errors {
		if cargo.CannotMerge(text) {
			return in.definedTwice(out.rlibs)
		}
		if a, b, ok := cargo.TwoAllocators(text); ok {
			return check.TwoAllocators(in.contender(a, "global_allocator") + " and " + in.contender(b, "global_allocator"))
		}
		if libs, ok := cargo.TwoPanicHandlers(text); ok {
			var who []string
			for _, lib := range libs {
				owner := in.contender(lib, "panic_handler")
				if !strings.Contains(strings.Join(who, "|"), owner) && lib != "std" && lib != "rust_bindings" {
					who = append(who, owner)
				}
			}
			return check.TwoPanicHandlers(strings.Join(who, " and "))
		}
	}
	return nil
}

// tooNew names the crates that need a newer rustc, and for whom.
func tooNew(g *graph.Graph, list []cargo.Needs, release string) error {
	problems := make([]error, 0, len(list))
	for _, c := range list {
		pkg := ""
		if n := g.Find(c.Name, c.Version); n != nil {
			pkg = strings.Join(g.Owners(n.ID), ", ")
		}
		problems = append(problems, check.TooNew(c.Name, c.Version, c.Rustc, release, pkg))
	}
	return errors.Join(problems...)
}

// definedTwice finds what link-time optimisation could not merge, and does not name: a C
// symbol of two crates. nil: there is none.
func (in Input) definedTwice(rlibs []Rlib) error {
	g := in.Resolution.Graph
	by := map[string]*graph.Node{}
	for _, r := range rlibs {
		n := g.At(r.Manifest)
		if n == nil || !g.Linked(n.ID) {
			continue
		}
		a, err := archive.Open(r.File)
		if err != nil {
			continue // cargo's own words are there
		}
		for _, symbol := range order.Keys(a.Index()) {
			if archive.Mangled(symbol) || archive.Std(symbol) {
				continue
			}
			if other := by[symbol]; other != nil && other.ID != n.ID {
				a.Close()
				return check.Twice(g, []string{symbol}, other, n)
			}
			by[symbol] = n
		}
		a.Close()
	}
	return nil
}

// contender is a library's crate with its opam packages, and where its sources have the
// attribute that rustc speaks of.
func (in Input) contender(lib, kind string) string {
	g := in.Resolution.Graph
	text, n := libOwner(g, in.Plan.Links, lib)
	if n != nil {
		text += check.Where(check.Input{Site: in.Site, Plan: in.Plan, Graph: g}, n, kind)
	}
	return text
}

// libOwner is a library's crate with the opam packages that need it.
func libOwner(g *graph.Graph, links []workspace.Link, lib string) (string, *graph.Node) {
	for i, n := range g.Packages {
		if n.Lib == lib || strings.ReplaceAll(n.Name, "-", "_") == lib {
			if of := g.Owners(n.ID); len(of) > 0 {
				return n.Name + " " + n.Version + " (of " + strings.Join(of, ", ") + ")", &g.Packages[i]
			}
		}
	}
	for _, l := range links { // rustc knows a link by the umbrella crate's key
		if strings.ReplaceAll(l.Key, "-", "_") == lib {
			return l.Crate + " " + l.Version + " (of " + l.Package + ")", g.Find(l.Crate, l.Version)
		}
	}
	return lib, nil
}
