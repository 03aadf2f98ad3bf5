package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/requirement"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// claim is a path of requirements to a crate with a links key.
type claim struct {
	steps []cargo.Step // from the crate up; the umbrella crate left out
	pkg   string       // the opam package that the path begins in
}

// crate and requirement are the path's end.
func (c claim) crate() string { return c.steps[0].Name }
func (c claim) req() string   { return c.steps[0].Req }

func (c claim) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", c.pkg)
	for i := len(c.steps) - 1; i >= 0; i-- {
		s := c.steps[i]
		b.WriteString(s.Name)
		if s.Req != "" {
			b.WriteString(" " + s.Req)
		}
		if s.Version != "" {
			b.WriteString(" (" + s.Version + ")")
		}
		if i > 0 {
			b.WriteString(" -> ")
		}
	}
	return b.String()
}

// newClaim is what cargo's words say of one of the two; trees are those that are staged,
// by the opam package.
func newClaim(said cargo.Claim, trees []*bindings.Tree) claim {
	var c claim
	for _, step := range said.Steps {
		if step.Name == workspace.Umbrella {
			continue
		}
		c.steps = append(c.steps, step)
		if rest, ok := strings.CutPrefix(step.Place, "bindings/"); ok {
			c.pkg, _, _ = strings.Cut(rest, "/")
		}
	}
	if c.pkg == "" && len(c.steps) > 0 {
		c.pkg = treeWith(trees, c.crate())
	}
	return c
}

// linksConflict explains two crates that claim one native library: whose they are, by
// which paths of requirements they come in, and whether one version could serve both. nil
// where cargo's words are about something else.
func linksConflict(words string, trees []*bindings.Tree) error {
	claims, key := cargo.LinksConflict(words)
	if claims == nil {
		return nil
	}
	a, b := newClaim(claims[0], trees), newClaim(claims[1], trees)
	if len(a.steps) == 0 || len(b.steps) == 0 {
		return nil
	}
	if b.pkg+" "+b.crate() < a.pkg+" "+a.crate() {
		a, b = b, a
	}
	what := fmt.Sprintf("the crates %s (of %s) and %s (of %s) both claim", a.crate(), a.pkg, b.crate(), b.pkg)
	if a.crate() == b.crate() {
		what = fmt.Sprintf("two versions of the crate %s, one of %s and one of %s, claim", a.crate(), a.pkg, b.pkg)
	}
	return problem.New(problem.Resolve, "%s the native library %s, and a program can have it only once", what, key).
		Quote(a.String()+"\n"+b.String()+"\n\n"+words).Hint("%s", agreement(a, b)).
		Hint("see which releases there are: opam list --all-versions %s", strings.Join(slices.Compact([]string{a.pkg, b.pkg}), " "))
}

// agreement says what could make the two claims one.
func agreement(a, b claim) string {
	if a.crate() != b.crate() && a.pkg == b.pkg {
		return fmt.Sprintf("they are different crates: a release of %s must give one of them up", a.pkg)
	}
	if a.crate() != b.crate() {
		return fmt.Sprintf("they are different crates: a release of %s or of %s must give its own up for the other's", a.pkg, b.pkg)
	}
	ra, errA := requirement.Parse(a.req())
	rb, errB := requirement.Parse(b.req())
	both := ra.And(rb)
	switch {
	case errA != nil || errB != nil:
		return fmt.Sprintf("take releases of %s and %s that agree on one version of %s, or ask their authors", a.pkg, b.pkg, a.crate())
	case both.Empty():
		return fmt.Sprintf("no version of %s is both %s and %s: take a release of %s that accepts %s, or one of %s that accepts %s, or ask "+
			"their authors",
			a.crate(), a.req(), b.req(), a.pkg, b.req(), b.pkg, a.req())
	case both.End == "":
		return fmt.Sprintf("both would accept %s %s or later, which is not here: opam-cargo lock, where there is a network, finds it",
			a.crate(), both.Min)
	}
	return fmt.Sprintf("both would accept a %s from %s to below %s, which is not here: opam-cargo lock, where there is a network, finds it",
		a.crate(), both.Min, both.End)
}

// treeWith is the opam package whose tree has a crate.
func treeWith(trees []*bindings.Tree, crate string) string {
	for _, t := range trees {
		for _, c := range t.Crates {
			if c.Name == crate {
				return t.Package
			}
		}
	}
	return "?"
}
