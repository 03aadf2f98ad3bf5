// Package audit compares the crates of a program with a directory of RustSec advisories,
// in their own format: Markdown that begins with a block of TOML
// (https://github.com/rustsec/advisory-db).
package audit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/requirement"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Advisory is what is read of one.
type Advisory struct {
	ID            string
	Package       string
	Title         string
	URL           string
	Informational string // "unmaintained", "unsound" or "notice"; empty: a vulnerability
	Patched       []string
	Unaffected    []string
	file          string
}

// Read reads the advisories on a crate; collection is "crates", or "rust" for the
// standard library. Withdrawn ones are left out.
func Read(db, collection, name string) ([]Advisory, error) {
	var list []Advisory
	for _, file := range tree.Glob(filepath.Join(db, collection, name), "*.md") {
		a, withdrawn, err := read(file)
		if err != nil {
			return nil, problem.New(problem.Input, "not a RustSec advisory: %w", err).At(file, 0).Hint("get the database anew, or a newer opam-cargo")
		}
		if !withdrawn {
			list = append(list, a)
		}
	}
	return list, nil
}

func read(file string) (a Advisory, withdrawn bool, err error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return a, false, err
	}
	_, rest, ok := strings.Cut(string(src), "```toml\n")
	front, text, closed := strings.Cut(rest, "\n```")
	if !ok || !closed {
		return a, false, fmt.Errorf("it does not begin with a block of TOML")
	}
	var content struct {
		Advisory struct {
			ID            string `toml:"id"`
			Package       string `toml:"package"`
			URL           string `toml:"url"`
			Informational string `toml:"informational"`
			Withdrawn     string `toml:"withdrawn"`
		} `toml:"advisory"`
		Versions struct {
			Patched    []string `toml:"patched"`
			Unaffected []string `toml:"unaffected"`
		} `toml:"versions"`
	}
	if err := toml.Unmarshal([]byte(front), &content); err != nil {
		return a, false, err
	}
	a = Advisory{
		ID: content.Advisory.ID, Package: content.Advisory.Package, URL: content.Advisory.URL, Informational: content.Advisory.Informational,
		Patched: content.Versions.Patched, Unaffected: content.Versions.Unaffected, file: file,
	}
	if a.ID == "" || a.Package == "" {
		return a, false, fmt.Errorf("no id and package in it")
	}
	for _, line := range strings.Split(text, "\n") {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			a.Title = strings.TrimSpace(title)
			break
		}
	}
	return a, content.Advisory.Withdrawn != "", nil
}

// Affects tells whether the advisory is about a version: it is neither patched nor was
// it ever affected.
func (a Advisory) Affects(version string) (bool, error) {
	for _, text := range append(append([]string{}, a.Patched...), a.Unaffected...) {
		r, err := requirement.Parse(text)
		if err != nil {
			return false, problem.New(problem.Input, "not a RustSec advisory: %w", err).At(a.file, 0).Hint("get the database anew, or a newer opam-cargo")
		}
		if r.Has(version) {
			return false, nil
		}
	}
	return true, nil
}

// Check refuses a directory that is no database: it would find nothing in it.
func Check(db string) error {
	if db == "" {
		return problem.New(problem.Usage, "audit wants the directory of the RustSec advisory database").
			Hint("get it where there is a network: git clone --depth 1 %s", Origin).
			Hint("name it: opam-cargo audit --db advisory-db")
	}
	entries, err := os.ReadDir(filepath.Join(db, "crates"))
	if err != nil || len(entries) == 0 {
		return problem.New(problem.Usage, "%s is no RustSec advisory database: there are no crates/NAME/*.md in it", db).
			Hint("get one where there is a network: git clone --depth 1 %s", Origin).
			Hint("name its directory: opam-cargo audit --db advisory-db")
	}
	return nil
}

// Origin is where the database comes from.
const Origin = "https://github.com/rustsec/advisory-db"

// Database says which advisories they are: Date and Commit are those of its last commit,
// if it is a git repository.
type Database struct {
	Dir    string `json:"dir"`
	Date   string `json:"date,omitempty"`
	Commit string `json:"commit,omitempty"`
}

// Describe asks git for the state of the database.
func Describe(ctx context.Context, db string) Database {
	d := Database{Dir: db}
	if !tree.Exists(filepath.Join(db, ".git")) {
		return d // another repository may lie around it
	}
	out, err := exec.CommandContext(ctx, "git", "-C", db, "log", "-1", "--no-show-signature", "--format=%cs %h").Output()
	if err == nil {
		d.Date, d.Commit, _ = strings.Cut(strings.TrimSpace(string(out)), " ")
	}
	return d
}

func (d Database) String() string {
	if d.Date == "" {
		return d.Dir
	}
	return fmt.Sprintf("%s (%s, commit %s)", d.Dir, d.Date, d.Commit)
}
