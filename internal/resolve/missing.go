package resolve

import (
	"fmt"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/source"
	"github.com/opam-cargo/opam-cargo/internal/term"
)

// missingCrates finds the crates that are needed and nowhere to be found: those
// that a tree's own lock (or the committed one) leads to from its exported crates,
// development dependencies aside. All of them are one problem, since they have the
// same ways out.
func missingCrates(l *Locks, absent map[string]string) []error {
	wanted := map[string][]string{} // crate -> for whom, by which path
	var packages []string
	var first *bindings.Tree
	onlyTooNew := true
	for i, t := range l.Trees {
		lock := l.Own[i]
		if lock == nil {
			lock = l.Committed
		}
		if lock == nil {
			continue
		}
		misses := false
		for name, trail := range neededPaths(t, lock) {
			if note, ok := absent[name]; ok {
				misses = true
				onlyTooNew = onlyTooNew && note == source.CannotLoad
				name += note
				wanted[name] = append(wanted[name], fmt.Sprintf("for %s (%s)", t.Package, trail))
			}
		}
		if misses {
			packages = append(packages, t.Package)
			if first == nil {
				first = t
			}
		}
	}
	if first == nil {
		return nil
	}
	lines := make([]string, 0, len(wanted))
	for name, whom := range wanted {
		lines = append(lines, name+", "+strings.Join(whom, ", "))
	}
	sort.Strings(lines)
	verb := "are"
	if len(lines) == 1 {
		verb = "is"
	}
	e := problem.New(problem.Resolve, "%s of %s %s not here, and there is no network in this build", term.Count(len(lines), "crate"),
		strings.Join(packages, ", "), verb).
		Quote(strings.Join(lines, "\n"))
	if onlyTooNew {
		return []error{e.Hint("install a newer Rust: rustup update stable, or the distribution's newer package")}
	}
	if first.Origin == bindings.Installed {
		e.Hint("%s should bring its crates: tell its author (opam-cargo extra-sources --write %s.opam)", first.Package, first.Package)
	} else {
		e.Hint("bring them with the package: opam-cargo extra-sources --write %s.opam", first.Package)
	}
	return []error{e.
		Hint("or bring them with the program, from where there is a network: opam-cargo lock && opam-cargo fetch").
		Hint("or have them in cargo's download cache, from where there is a network: cargo fetch --locked --manifest-path %s",
			problem.Word(first.ShownAt(first.Start, "Cargo.toml")))}
}

// neededPaths maps name-version of each package that lock says t's exported
// crates need to the path of requirements that leads to it: "foo-ffi -> log".
func neededPaths(t *bindings.Tree, lock *lockfile.Lock) map[string]string {
	byName := map[string][]lockfile.Package{}
	for _, p := range lock.Packages {
		byName[p.Name] = append(byName[p.Name], p)
	}
	needs := map[string]map[string]bool{} // of path crates: what they require, development aside
	for _, c := range t.Crates {
		needs[c.Name] = map[string]bool{}
		for _, n := range c.Needs {
			needs[c.Name][n] = true
		}
	}
	found := map[string]string{}
	var visit func(p lockfile.Package, trail string)
	visit = func(p lockfile.Package, trail string) {
		id := p.Name + "-" + p.Version
		if _, seen := found[id]; seen {
			return
		}
		found[id] = trail
		for _, dep := range p.Dependencies {
			fields := strings.Fields(dep)
			if p.Path() && !needs[p.Name][fields[0]] {
				continue
			}
			for _, q := range byName[fields[0]] {
				if len(fields) == 1 || fields[1] == q.Version {
					visit(q, fmt.Sprintf("%s -> %s", trail, q.Name))
				}
			}
		}
	}
	for _, name := range t.Exports {
		for _, p := range byName[name] {
			if p.Path() {
				visit(p, name)
			}
		}
	}
	return found
}

// missingGit names the git crates that cargo could not have: it needs the network
// for them, so offline only a vendor directory brings them.
func missingGit(l *Locks, words string) []error {
	var problems []error
	for i, t := range l.Trees {
		if l.Own[i] == nil {
			continue
		}
		for _, p := range l.Own[i].Packages {
			url, _, _ := strings.Cut(strings.TrimPrefix(source.Of(p), "git+"), "?")
			if p.Git() && strings.Contains(words, url) {
				e := problem.New(problem.Resolve, "the crate %s %s comes from the git repository %s, which no build in opam's sandbox can reach",
					p.Name, p.Version, url)
				problems = append(problems, e.In(t.Package).At(t.ShownAt(t.Top, "Cargo.lock"), 0).
					Hint("its author must bring it in a vendor directory (cargo vendor), or release it to the registry"))
			}
		}
	}
	return problems
}
