package opamcrates

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/opamfile"
	"github.com/opam-cargo/opam-cargo/internal/requirement"
)

// Requirement is one that a crate has on another.
type Requirement struct {
	Crate string
	Req   string // in cargo's terms
}

// Depend is the opam formula of a requirement: a package with its constraints, or where
// the requirement spans ranges a disjunction, the newest first. known are the
// semver-compatible ranges of the crate that there are packages for; a range that is
// not among them is left out. It is empty where none of them will do.
func Depend(r Requirement, known []string) (string, error) {
	want, err := requirement.Parse(r.Req)
	if err != nil {
		return "", fmt.Errorf("the requirement on %s: %w", r.Crate, err)
	}
	known = slices.Clone(known)
	sort.Slice(known, func(i, j int) bool { return requirement.Compare(first(known[i]), first(known[j])) > 0 })
	var choices []string
	for _, compat := range known {
		if text, ok := within(want, compat); ok {
			choices = append(choices, strings.TrimSpace(opamfile.Quote(rangeName(r.Crate, compat))+" "+text))
		}
	}
	if len(choices) > 1 {
		return "(" + strings.Join(choices, " | ") + ")", nil
	}
	return strings.Join(choices, ""), nil
}

// lowest makes of a release the lowest of its pre-releases.
const lowest = "-0"

// within is the constraint that want puts on the versions of a range; ok tells whether
// it leaves any.
func within(want requirement.Range, compat string) (text string, ok bool) {
	low, end := first(compat)+lowest, after(compat)+lowest // its pre-releases belong to it
	if want.End != "" && !IsPre(want.End) {
		want.End += lowest // nor are those of the end wanted
	}
	both := want.And(requirement.Range{Min: low, End: end})
	if both.Empty() {
		return "", false
	}
	var parts []string
	if requirement.Compare(both.Min, low) > 0 {
		parts = append(parts, ">= "+opamfile.Quote(Version(both.Min)))
	}
	if both.End != "" && requirement.Compare(both.End, end) < 0 {
		upper := Version(both.End)
		if release, ok := strings.CutSuffix(both.End, lowest); ok {
			upper = Version(release) + "~"
		}
		parts = append(parts, "< "+opamfile.Quote(upper))
	}
	if len(parts) == 0 {
		return "", true
	}
	return "{" + strings.Join(parts, " & ") + "}", true
}

// first is the lowest release of a range.
func first(compat string) string {
	return compat + strings.Repeat(".0", 2-strings.Count(compat, "."))
}

// after is the lowest release beyond a range.
func after(compat string) string {
	parts := strings.Split(compat, ".")
	n, err := strconv.Atoi(parts[len(parts)-1])
	if err != nil { // ranges come from checked versions
		return ""
	}
	parts[len(parts)-1] = strconv.Itoa(n + 1)
	return first(strings.Join(parts, "."))
}
