package cargo

import (
	"regexp"
	"strings"
)

// Claim is one of two packages with one links key, as the resolver words it: the path of
// requirements from it up to the root package.
type Claim struct{ Steps []Step }

// Step is a package on such a path.
type Step struct {
	Name, Version string
	Req           string // what the next one up wants of it; may be empty
	Place         string // the directory of a path package
}

// LinksConflict reads the two paths out of a refusal for a links key, and the key; nil
// where the words are about something else.
func LinksConflict(words string) (claims []Claim, key string) {
	var reqs []string // of "versions that meet the requirements", by claim
	for _, line := range strings.Split(words, "\n") {
		line = strings.TrimSpace(line)
		if m := noVersionOf.FindStringSubmatch(line); m != nil {
			claims, reqs = []Claim{{[]Step{{Name: m[1]}}}}, nil
			continue
		}
		if len(claims) == 0 {
			continue
		}
		last := &claims[len(claims)-1]
		if m := linksTo.FindStringSubmatch(line); m != nil {
			key = m[2]
		} else if m := otherPackage.FindStringSubmatch(line); m != nil && key != "" && len(claims) == 1 {
			claims = append(claims, Claim{})
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
		claims[0].Steps[0].Req = reqs[0]
	}
	return claims, key
}

// add goes one package further up the path.
func (c *Claim) add(req, name, version, place string) {
	if n := len(c.Steps); n > 0 && c.Steps[n-1].Req == "" {
		c.Steps[n-1].Req = req
	}
	c.Steps = append(c.Steps, Step{Name: name, Version: version, Place: place})
}

var (
	noVersionOf  = regexp.MustCompile("failed to select a version for `([^`]+)`\\.")
	linksTo      = regexp.MustCompile("package `([^`]+)` links to the native library `([^`]+)`, but it conflicts with a previous package")
	otherPackage = regexp.MustCompile("^package `([^ `]+) v([^ `]+)(?: \\(([^)]*)\\))?`$")
	requiredBy   = regexp.MustCompile("^\\.\\.\\. required by package `([^ `]+) v([^ `]+)(?: \\(([^)]*)\\))?`")
	satisfies    = regexp.MustCompile("^\\.\\.\\. which satisfies (?:[a-z]+ )?dependency `([^` ]+)(?: = \"([^\"]*)\")?`" +
		".* of package `([^ `]+) v([^ `]+)(?: \\(([^)]*)\\))?`")
	meets = regexp.MustCompile("^versions that meet the requirements `([^`]*)`")
)
