package check

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/opamfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/source"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// checkArrival finds the crates that nobody else gets: those that only this machine's
// download cache has, or files that git ignores, and that no opam file brings. What is
// right on the author's machine would fail on every other one.
func checkArrival(ctx context.Context, in Input) error {
	root := in.Site.Root
	brought, problems := extraSources(root)
	var here []string
	file := map[string]source.Candidate{}
	for _, c := range in.Crates {
		at := c.File + c.Dir
		if _, own := tree.Below(root.Dir, at); own || c.Place.Kind == source.Downloads {
			file[at] = c
			here = append(here, at)
		}
	}
	left := ignoredByGit(ctx, root.Dir, here)
	var lines []string
	for _, at := range here {
		c := file[at]
		if c.Place.Kind != source.Downloads && !left[at] || brought.has(c.ID.String()+".crate", c.ID.Checksum()) {
			continue
		}
		line := c.ID.Name() + " " + c.ID.Version()
		if n := in.Graph.Find(c.ID.Name(), c.ID.Version()); n != nil {
			line += ", for " + strings.Join(in.Graph.Owners(n.ID), ", ")
		}
		if c.Place.Kind != source.Downloads {
			line += " (" + root.Shown(at) + ", which git ignores)"
		}
		lines = append(lines, line)
	}
	if len(lines) > 0 {
		e := problem.New(problem.Check, "%s of this build %s only on this machine: no extra-source, vendor directory or committed file brings %s to others",
			term.Count(len(lines), "crate"), are(len(lines)), them(len(lines))).In(strings.Join(in.Plan.Packages, ", ")).
			Quote(strings.Join(lines, "\n"))
		if len(root.Packages) > 0 {
			e.Hint("let opam download %s: opam-cargo extra-sources --write %s", them(len(lines)), problem.Word(root.Packages[0].Path))
		}
		problems = append(problems, e.Hint("a program whose bindings do not bring theirs needs a lock of its own for that: opam-cargo lock"))
	}
	return errors.Join(problems...)
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// broughtFiles are extra-sources: the base names of files with the checksum fields.
type broughtFiles map[string][]opamfile.Value

func (b broughtFiles) has(name, sum string) bool {
	for _, v := range b[name] {
		if v.Mentions("sha256=" + sum) {
			return true
		}
	}
	return false
}

// extraSources reads those of the root's opam files and their templates, and finds the
// stale ones: of crates that the lock beside them no longer has, or has with another sum.
func extraSources(root *bindings.Root) (broughtFiles, []error) {
	all := broughtFiles{}
	locks := locksBeside(root)
	var problems []error
	for _, p := range root.Packages {
		files := []*opamfile.File{p.File}
		template := p.Path + ".template"
		if src, err := os.ReadFile(filepath.Join(root.Dir, template)); err == nil {
			if parsed, err := opamfile.Parse(template, src); err == nil {
				files = append(files, parsed)
			}
		}
		for _, f := range files {
			var stale []string
			line := 0
			for _, s := range f.Sections("extra-source") {
				name := path.Base(s.Name)
				if !strings.HasSuffix(name, ".crate") {
					continue
				}
				sum, _ := s.Field("checksum")
				all[name] = append(all[name], sum)
				want, known := locks[path.Dir(s.Name)]
				if known && (want[name] == "" || !sum.Mentions("sha256="+want[name])) {
					stale = append(stale, strings.TrimSuffix(name, ".crate"))
					if line == 0 {
						line = s.Line
					}
				}
			}
			if len(stale) > 0 {
				problems = append(problems, problem.New(problem.Check, "%s brought that the lock has not: %s",
					term.Count(len(stale), "crate")+" "+are(len(stale)), strings.Join(stale, ", ")).In(p.Name).At(f.Name, line).
					Hint("bring the sections into step with the lock: opam-cargo extra-sources --write %s", problem.Word(p.Path)))
			}
		}
	}
	return all, problems
}

// locksBeside are the locks of the root by the directory that their crates are put in:
// .crate file -> sha256.
func locksBeside(root *bindings.Root) map[string]map[string]string {
	found := map[string]map[string]string{}
	read := func(file, dir string) {
		src, err := tree.Read(filepath.Join(root.Dir, filepath.FromSlash(file)), tree.MostOfList)
		if err != nil {
			return // there is none
		}
		lock, err := lockfile.Parse(file, src)
		if err != nil {
			return // told where it is needed
		}
		found[dir] = map[string]string{}
		for _, p := range lock.Packages {
			if p.Registry() {
				found[dir][p.Name+"-"+p.Version+".crate"] = p.Checksum
			}
		}
	}
	for _, t := range root.Trees() {
		read(path.Join(filepath.ToSlash(t.Dir), "Cargo.lock"), path.Join(filepath.ToSlash(t.Dir), tree.Private, "crates"))
	}
	read(lockfile.Committed, "rust-bindings/crates")
	return found
}

// ignoredByGit tells which of the files git leaves out; none where there is no git, or no
// repository.
func ignoredByGit(ctx context.Context, dir string, files []string) map[string]bool {
	cmd := exec.CommandContext(ctx, "git", "-C", dir, "check-ignore", "-z", "--stdin")
	cmd.Stdin = strings.NewReader(strings.Join(files, "\x00"))
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil
	}
	left := map[string]bool{}
	for _, name := range bytes.Split(out, []byte{0}) {
		left[string(name)] = len(name) > 0
	}
	return left
}
