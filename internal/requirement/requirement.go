// Package requirement reads cargo's version requirements, such as ">=1.2, <1.5" or
// "~0.3", as ranges of versions: https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html.
package requirement

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/semver"
)

// Range is all that a requirement allows: the versions from Min up to, but not
// including, End. An empty End is no bound. Of pre-releases cargo allows only those
// of a version that the requirement itself names; see [Range.Has].
type Range struct {
	Min, End string
	pre      []string // major.minor.patch whose pre-releases are allowed
}

var comparator = regexp.MustCompile(`^(=|>=|<=|>|<|~|\^)?\s*([0-9]+|\*)(?:\.([0-9]+|[*xX]))?(?:\.([0-9]+|[*xX]))?(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$`)

// Parse reads a requirement. "" and "*" allow everything.
func Parse(text string) (Range, error) {
	r := Range{Min: "0.0.0"}
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part == "" || part == "*" {
			continue
		}
		m := comparator.FindStringSubmatch(part)
		if m == nil {
			return Range{}, fmt.Errorf("%q is no version requirement", part)
		}
		one := bounds(m[1], m[2:5], m[5])
		r = r.And(one)
	}
	return r, nil
}

// bounds is what one comparator allows.
func bounds(op string, parts []string, pre string) Range {
	var n [3]int
	given := 0
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil { // absent, or a wildcard
			break
		}
		n[i], given = v, i+1
	}
	at := func(major, minor, patch int) string { return fmt.Sprintf("%d.%d.%d", major, minor, patch) }
	exact := at(n[0], n[1], n[2])
	// after is the first version beyond those that the given numbers name.
	after := []string{"", at(n[0]+1, 0, 0), at(n[0], n[1]+1, 0), at(n[0], n[1], n[2]+1)}[given]
	if given < 3 && op == "" && given < len(parts) && isWildcard(parts[given]) {
		return Range{Min: exact, End: after}
	}
	r := Range{Min: exact + pre}
	if pre != "" {
		r.pre = []string{exact}
	}
	switch op {
	case "=":
		r.End = after
		if pre != "" {
			r.End = exact + pre + ".0" // nothing between a pre-release and its next
		}
	case ">":
		r.Min = after
		if pre != "" {
			r.Min = exact + pre + ".0"
		}
	case ">=":
	case "<":
		r.Min, r.End = "0.0.0", exact+pre
	case "<=":
		r.Min, r.End = "0.0.0", after
		if pre != "" {
			r.End = exact + pre + ".0"
		}
	case "~":
		r.End = []string{"", at(n[0]+1, 0, 0), at(n[0], n[1]+1, 0), at(n[0], n[1]+1, 0)}[given]
	default: // ^, or nothing: what keeps the leftmost number that is not zero
		switch {
		case n[0] > 0 || given == 1:
			r.End = at(n[0]+1, 0, 0)
		case n[1] > 0 || given == 2:
			r.End = at(0, n[1]+1, 0)
		default:
			r.End = at(0, 0, n[2]+1)
		}
	}
	return r
}

func isWildcard(part string) bool { return part == "*" || part == "x" || part == "X" }

// And is what both allow; it may be empty.
func (r Range) And(other Range) Range {
	both := Range{Min: r.Min, End: r.End, pre: append(append([]string{}, r.pre...), other.pre...)}
	if Compare(other.Min, both.Min) > 0 {
		both.Min = other.Min
	}
	if both.End == "" || other.End != "" && Compare(other.End, both.End) < 0 {
		both.End = other.End
	}
	return both
}

// Empty tells whether the range allows no version.
func (r Range) Empty() bool { return r.End != "" && Compare(r.Min, r.End) >= 0 }

// Has tells whether the range allows a version.
func (r Range) Has(version string) bool {
	if Compare(version, r.Min) < 0 || r.End != "" && Compare(version, r.End) >= 0 {
		return false
	}
	core, _, isPre := strings.Cut(strings.SplitN(version, "+", 2)[0], "-")
	if !isPre {
		return true
	}
	for _, p := range r.pre {
		if p == core {
			return true
		}
	}
	return false
}

// Compare orders two versions as semver does; build metadata does not count.
func Compare(a, b string) int { return semver.Compare("v"+a, "v"+b) }
