package opamcrates

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/opamfile"
)

// RustVariable is the opam variable that tells the version of rustc, where the user has
// defined it: opam has none of its own, and a conf package could check it only when the
// solver has chosen. Without it nothing is excluded, and opam-cargo check says it later.
const RustVariable = "sys-rustc-version"

var notInName = regexp.MustCompile(`[^A-Za-z0-9_+-]`)

// Opam is the text of a package's opam file, but for its depends, which follow from what
// other packages there are; see [depends].
func (c Crate) Opam(depends string) string {
	var b strings.Builder
	field := func(name, value string) { fmt.Fprintf(&b, "%s: %s\n", name, value) }
	text := func(name, value string) { field(name, opamfile.Quote(value)) }
	text("opam-version", "2.0")
	text("synopsis", fmt.Sprintf("The sources of the Rust crate %s", c.ID.Name()))
	if line := oneLine(c.Description); line != "" {
		text("description", line)
	}
	text("maintainer", "whoever runs opam-cargo repository")
	text("authors", strings.Join(c.authors(), ", "))
	field("license", licenses(c.License))
	homepage := c.Homepage
	if homepage == "" {
		homepage = c.URL
	}
	text("homepage", homepage)
	text("bug-reports", homepage)
	field("tags", `["rust-crate"]`)
	if c.Links != "" {
		text("conflict-class", "rust-links-"+notInName.ReplaceAllString(c.Links, "_"))
	}
	if IsPre(c.ID.Version()) {
		field("flags", "avoid-version")
	}
	if c.RustVersion != "" {
		field("available", fmt.Sprintf("!(?%s) | %s >= %s", RustVariable, RustVariable, opamfile.Quote(c.RustVersion)))
	}
	b.WriteString(depends)
	field("install", fmt.Sprintf("[\"opam-cargo\" \"install-crate\" %s %s]", opamfile.Quote(c.ID.Name()), opamfile.Quote(c.ID.Version())))
	fmt.Fprintf(&b, "extra-source %s {\n  src: %s\n  checksum: %s\n}\n", opamfile.Quote(c.ID.String()+".crate"), opamfile.Quote(c.URL), opamfile.Quote("sha256="+c.ID.Checksum()))
	if c.License != "" {
		text("x-cargo-license", c.License)
	}
	fmt.Fprintf(&b, "x-cargo-crate: [%s %s]\n", opamfile.Quote(c.ID.Name()), opamfile.Quote(c.ID.Version()))
	fmt.Fprintf(&b, "x-cargo-requires: [")
	for _, r := range c.Needs {
		fmt.Fprintf(&b, "\n  %s", opamfile.Quote(r.Crate+" "+r.Req))
	}
	b.WriteString("\n]\n")
	return b.String()
}

func (c Crate) authors() []string {
	if len(c.Authors) == 0 {
		return []string{"the authors of " + c.ID.Name()}
	}
	return c.Authors
}

var between = regexp.MustCompile(`\s+(?:OR|AND|or|and)\s+|/|[()]`)

// licenses are those that a crate's license expression names, as opam has them: a list,
// since opam before 2.2 knows no expressions. The expression is in x-cargo-license.
func licenses(expression string) string {
	var list []string
	for _, id := range between.Split(expression, -1) {
		if id = opamfile.Quote(strings.TrimSpace(id)); id != `""` && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	switch len(list) {
	case 0:
		return `"LicenseRef-none"`
	case 1:
		return list[0]
	}
	return "[" + strings.Join(list, " ") + "]"
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

const (
	dependsBegin = "depends: [\n  \"opam-cargo\"\n"
	dependsEnd   = "]\n"
)

// depends is the field of a package with requirements, by the ranges that there are
// packages for. A requirement that none of them meets is left out: the lock did not
// want it on any platform.
func depends(needs []Requirement, known map[string][]string) (string, error) {
	var b strings.Builder
	b.WriteString(dependsBegin)
	for _, r := range needs {
		text, err := Depend(r, known[r.Crate])
		if err != nil {
			return "", err
		}
		if text != "" {
			fmt.Fprintf(&b, "  %s\n", text)
		}
	}
	return b.String() + dependsEnd, nil
}

// replaceDepends puts a new depends field into the text of a generated file.
func replaceDepends(text, field string) (string, bool) {
	before, rest, ok := strings.Cut(text, dependsBegin)
	_, after, closed := strings.Cut(rest, "\n"+dependsEnd)
	if !ok {
		return "", false
	}
	if strings.HasPrefix(rest, dependsEnd) {
		after, closed = strings.TrimPrefix(rest, dependsEnd), true
	}
	return before + field + after, closed
}
