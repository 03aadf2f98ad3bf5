package bom

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"text/tabwriter"

	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// License is what a linked crate says of its licence.
type License struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Owners  []string `json:"for"`
	SPDX    string   `json:"license,omitempty"` // empty: its manifest names none
	Files   []string `json:"files,omitempty"`   // its licence files, of which there may be none
	Texts   []string `json:"-"`                 // their contents
}

var licenseFile = regexp.MustCompile(`(?i)^(?:licen[cs]e|copying|copyright|notice|unlicense)(?:[-._].*)?$`)

// Licenses lists the licences of all crates whose code is in the archive. A path crate
// without a text of its own has that of its tree.
func Licenses(crates []graph.Component, d workspace.Dirs) ([]License, error) {
	var list []License
	for _, c := range crates {
		if !c.Linked {
			continue
		}
		l := License{Name: c.Name, Version: c.Version, Owners: c.Owners, SPDX: SPDX(c.License)}
		dirs := []string{c.Dir}
		if c.Own != "" {
			dirs = append(dirs, filepath.Join(d.Bindings(), c.Own))
		}
		for _, dir := range dirs {
			if len(l.Files) > 0 {
				break
			}
			if err := l.read(dir, c.LicenseFile); err != nil {
				return nil, fmt.Errorf("read the licences of %s %s: %w", c.Name, c.Version, err)
			}
		}
		list = append(list, l)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name+" "+list[i].Version < list[j].Name+" "+list[j].Version })
	return list, nil
}

// read collects the licence files at the top of dir, in LICENSES below it, and the one
// that the manifest names.
func (l *License) read(dir, named string) error {
	var files []string
	for _, sub := range []string{".", "LICENSES"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		for _, e := range entries {
			if e.Type().IsRegular() && (sub != "." || licenseFile.MatchString(e.Name())) && !strings.HasSuffix(e.Name(), ".rs") {
				files = append(files, filepath.Join(sub, e.Name()))
			}
		}
	}
	if named != "" && filepath.IsLocal(named) && tree.Exists(filepath.Join(dir, named)) {
		files = append(files, filepath.Clean(named))
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil {
			return err
		}
		l.Files = append(l.Files, filepath.ToSlash(f))
		l.Texts = append(l.Texts, string(text))
	}
	return nil
}

// Table lists crates and licences, a line each.
func Table(list []License) string {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "CRATE\tLICENCE\tTEXTS\tFOR\n")
	for _, l := range list {
		fmt.Fprintf(w, "%s %s\t%s\t%s\t%s\n", l.Name, l.Version, orNone(l.SPDX), orNone(strings.Join(l.Files, " ")), strings.Join(l.Owners, " "))
	}
	_ = w.Flush() // into memory
	return b.String()
}

// Notice is one text with the licence of everything linked, each text once, with the
// crates that it is of.
func Notice(list []License, programs []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s holds Rust code of the following crates.\n\n", strings.Join(programs, ", "))
	of := map[string][]string{}
	var order []string
	for _, l := range list {
		fmt.Fprintf(&b, "  %s %s: %s\n", l.Name, l.Version, orNone(l.SPDX))
		for _, text := range l.Texts {
			text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
			if of[text] == nil {
				order = append(order, text)
			}
			of[text] = append(of[text], l.Name+" "+l.Version)
		}
	}
	b.WriteString("\nIt also holds Rust's standard library: MIT OR Apache-2.0, copyright of the Rust project's developers.\n")
	for _, text := range order {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("-", 78), strings.Join(of[text], ", "), text)
	}
	return b.String()
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
