package lockfile

import (
	"sort"
	"strings"

	"golang.org/x/mod/semver"
)

// CompatRange is cargo's semver-compatible range of a version, of which a lock
// holds at most one version: "1" for 1.2.3, "0.4" for 0.4.1, "0.0.3" for 0.0.3.
// A pre-release belongs to the range of its numbers (1.0.0-rc.1 to "1"); build
// metadata counts for nothing.
func CompatRange(version string) string {
	core, _, _ := strings.Cut(version, "+")
	core, _, _ = strings.Cut(core, "-")
	n := strings.Split(core, ".")
	for i, part := range n {
		if part != "0" || i == len(n)-1 {
			return strings.Join(n[:i+1], ".")
		}
	}
	return core
}

// CompareVersions is -1, 0 or 1 as a is lower than, equal to or higher than b,
// by semver without a leading v. Build metadata, which semver ignores, decides
// the tie as it does in cargo: none is lowest, then part by part.
func CompareVersions(a, b string) int {
	if c := semver.Compare("v"+a, "v"+b); c != 0 {
		return c
	}
	_, ma, _ := strings.Cut(a, "+")
	_, mb, _ := strings.Cut(b, "+")
	return compareBuild(ma, mb)
}

// compareBuild compares build metadata: numeric parts by value and below
// others, a prefix below what it begins.
func compareBuild(a, b string) int {
	for a != "" && b != "" {
		var pa, pb string
		pa, a, _ = strings.Cut(a, ".")
		pb, b, _ = strings.Cut(b, ".")
		if c := comparePart(pa, pb); c != 0 {
			return c
		}
	}
	return strings.Compare(a, b) // here at least one is empty
}

func comparePart(a, b string) int {
	na, nb := numeric(a), numeric(b)
	switch {
	case na && !nb:
		return -1
	case nb && !na:
		return 1
	case na:
		ta, tb := strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
		if c := len(ta) - len(tb); c != 0 {
			return sign(c)
		}
		if c := strings.Compare(ta, tb); c != 0 {
			return c
		}
		return sign(len(a) - len(b)) // leading zeros
	}
	return strings.Compare(a, b)
}

func numeric(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// Unite reduces locks to the seed for one resolution: registry and git packages
// only, without dependency lists, and of each name, source and [CompatRange]
// only the highest version. Lists, or two versions in one range, make cargo
// fail or take the lowest (docs/facts.md#a-lock-as-a-seed). Of one git source with several commits,
// that of the first lock naming it is kept, since one build has one checkout.
// Of equal versions the first with a checksum stands. The result is of version
// 3, sorted, and does not depend on the locks' order but for these two ties.
func Unite(locks ...*Lock) *Lock {
	type slot struct{ name, source, compat string }
	commits := map[string]string{} // git source without commit -> the source kept
	best := map[slot]Package{}
	for _, l := range locks {
		for _, p := range l.Packages {
			if p.Path() {
				continue
			}
			wanted := p.Source
			if p.Git() {
				wanted, _ = GitSource(p.Source)
				if kept, ok := commits[wanted]; ok && kept != p.Source {
					continue
				}
				commits[wanted] = p.Source
			}
			p.Dependencies = nil
			at := slot{p.Name, wanted, CompatRange(p.Version)}
			old, taken := best[at]
			c := CompareVersions(p.Version, old.Version)
			if !taken || c > 0 || (c == 0 && old.Checksum == "") {
				best[at] = p
			}
		}
	}
	seed := &Lock{Version: 3}
	for _, p := range best {
		seed.Packages = append(seed.Packages, p)
	}
	sort.Slice(seed.Packages, func(i, j int) bool { return less(seed.Packages[i], seed.Packages[j]) })
	return seed
}
