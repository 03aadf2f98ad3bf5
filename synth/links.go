package synth

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/requirement"
)

// What cargo's resolver says of two packages with one links key (FACTS F4): two paths
// of requirements, each from a package up to the umbrella crate.
var (
	noVersionOf  = regexp.MustCompile("failed to select a version for `([^`]+)`\\.")
	linksTo      = regexp.MustCompile("package `([^`]+)` links to the native library `([^`]+)`, but it conflicts with a previous package")
	otherPackage = regexp.MustCompile("^package `([^ `]+) v([^ `]+)(?: \\(([^)]*)\\))?`$")
	requiredBy   = regexp.MustCompile("^\\.\\.\\. required by package `([^ `]+) v([^ `]+)(?: \\(([^)]*)\\))?`")
	satisfies    = regexp.MustCompile("^\\.\\.\\. which satisfies (?:[a-z]+ )?dependency `([^` ]+)(?: = \"([^\"]*)\")?`.* of package `([^ `]+) v([^ `]+)(?: \\(([^)]*)\\))?`")
	meets        = regexp.MustCompile("^versions that meet the requirements `([^`]*)`")
)

// claim is one path of requirements to a crate with a links key.
type claim struct {
	steps []claimStep // from the crate up; the umbrella crate left out
	pkg   string      // the opam package that the path begins in
}

type claimStep struct{ name, version, req string }

// crate and requirement are the path's end.
func (c claim) crate() string { return c.steps[0].name }
func (c claim) req() string   { return c.steps[0].req }

func (c claim) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", c.pkg)
	for i := len(c.steps) - 1; i >= 0; i-- {
		s := c.steps[i]
		b.WriteString(s.name)
		if s.req != "" {
			b.WriteString(" " + s.req)
		}
		if s.version != "" {
			b.WriteString(" (" + s.version + ")")
		}
		if i > 0 {
			b.WriteString(" -> ")
		}
	}
	return b.String()
}

// add goes one package further up the path.
func (c *claim) add(req, name, version, place string) {
	if len(c.steps) > 0 && c.steps[len(c.steps)-1].req == "" {
		c.steps[len(c.steps)-1].req = req
	}
	if name == "rust-bindings" {
		return
	}
	c.steps = append(c.steps, claimStep{name: name, version: version})
	if rest, ok := strings.CutPrefix(place, "bindings/"); ok {
		c.pkg, _, _ = strings.Cut(rest, "/")
	}
}

// readClaims reads the two paths out of cargo's words, and the links key; nil where
// the words are about something else.
func readClaims(words string) (claims []claim, key string) {
	var reqs []string // of "versions that meet the requirements", by claim
	for _, line := range strings.Split(words, "\n") {
		line = strings.TrimSpace(line)
		if m := noVersionOf.FindStringSubmatch(line); m != nil {
			claims, reqs = []claim{{steps: []claimStep{{name: m[1]}}}}, nil
			continue
		}
		if len(claims) == 0 {
			continue
		}
		last := &claims[len(claims)-1]
		if m := linksTo.FindStringSubmatch(line); m != nil {
			key = m[2]
		} else if m := otherPackage.FindStringSubmatch(line); m != nil && key != "" && len(claims) == 1 {
			claims = append(claims, claim{})
			claims[1].add("", m[1], m[2], m[3])
		} else if m := requiredBy.FindStringSubmatch(line); m != nil {
			last.add("", m[1], m[2], m[3])
		} else if m := satisfies.FindStringSubmatch(line); m != nil {
			last.add(m[2], m[3], m[4], m[5])
		} else if m := meets.FindStringSubmatch(line); m != nil {
			reqs = append(reqs, m[1])
		}
	}
	if key == "" || len(claims) != 2 {
		return nil, ""
	}
	if len(reqs) > 0 {
		claims[0].steps[0].req = reqs[0]
	}
	return claims, key
}

// linksVerdict explains two crates that claim one native library: whose they are, by
// which paths of requirements they come in, and whether one version could serve both.
func (s *State) linksVerdict(words string) error {
	claims, key := readClaims(words)
	if claims == nil {
		return nil
	}
	for i := range claims {
		if claims[i].pkg == "" {
			claims[i].pkg = s.treeWith(claims[i].crate())
		}
	}
	a, b := claims[0], claims[1]
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
		return fmt.Sprintf("no version of %s is both %s and %s: take a release of %s that accepts %s, or one of %s that accepts %s, or ask their authors", a.crate(), a.req(), b.req(), a.pkg, b.req(), b.pkg, a.req())
	case both.End == "":
		return fmt.Sprintf("both would accept %s %s or later, which is not here: opam-cargo lock, where there is a network, finds it", a.crate(), both.Min)
	}
	return fmt.Sprintf("both would accept a %s from %s to below %s, which is not here: opam-cargo lock, where there is a network, finds it", a.crate(), both.Min, both.End)
}

// treeWith is the opam package whose tree has a crate.
func (s *State) treeWith(crate string) string {
	for _, t := range s.Plan.Trees() {
		for _, c := range t.Crates {
			if c.Name == crate {
				return t.Package
			}
		}
	}
	return "?"
}
