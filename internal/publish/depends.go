package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/opamcrates"
	"github.com/opam-cargo/opam-cargo/internal/opamfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// The comment lines around what [WriteDepends] writes.
const (
	dependsBegin = "# opam-cargo depends: begin"
	dependsEnd   = "# opam-cargo depends: end"
)

// CrateDepends are the requirements of the root's package pkg on registry crates, as
// lines of an opam depends field: the direct ones of its path crates, development aside,
// optional ones as far as its Cargo.lock wants them.
func CrateDepends(ctx context.Context, w toolchain.Wanted, r *bindings.Root, pkg string) ([]string, error) {
	var own *bindings.OwnTree
	for _, t := range r.Trees() {
		if t.Package == pkg {
			own = &t
		}
	}
	if own == nil {
		return nil, problem.New(problem.Input, "the package has no Rust tree of its own").In(pkg).At(r.Dir, 0).
			Hint("name it in its install: field, as in [\"opam-cargo\" \"install\" \"rust\"]")
	}
	t, err := bindings.ReadTree(bindings.Binding{
		Package: pkg, Dir: filepath.Join(r.Dir, own.Dir), Shown: filepath.ToSlash(own.Dir), Origin: bindings.InTree, Named: own.Crates,
	})
	if err != nil {
		return nil, err
	}
	err = w.InScratch(ctx, func(c *cargo.Cargo, scratch string) error { return t.Inspect(ctx, c, scratch) })
	if err != nil {
		return nil, err
	}
	lock, err := t.Lock()
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return nil, problem.New(problem.Input, "the tree has no Cargo.lock, which says which versions are meant").In(pkg).At(t.Shown, 0).
			Hint("make one: cargo generate-lockfile --manifest-path %s", problem.Word(t.ShownAt(t.Start, "Cargo.toml")))
	}
	return dependLines(t, lock)
}

func dependLines(t *bindings.Tree, lock *lockfile.Lock) ([]string, error) {
	known, wanted := map[string][]string{}, map[string][]string{}
	for _, p := range lock.Packages {
		if p.Path() {
			wanted[p.Name] = append(wanted[p.Name], p.Dependencies...)
		} else if compat := lockfile.CompatRange(p.Version); !slices.Contains(known[p.Name], compat) {
			known[p.Name] = append(known[p.Name], compat)
		}
	}
	var lines []string
	var problems []error
	for _, c := range t.Crates {
		for _, r := range c.Requires {
			need := opamcrates.Requirement{Crate: r.Crate, Req: r.Req}
			if r.Optional && !opamcrates.Locked(need, wanted[c.Name]) {
				continue
			}
			line, err := opamcrates.Depend(need, known[r.Crate])
			switch {
			case err != nil:
				problems = append(problems, err)
			case line == "":
				problems = append(problems, problem.New(problem.Input, "the lock has no %s that is %s, as crate %s wants it", r.Crate, r.Req, c.Name).
					In(t.Package).At(t.ShownAt(t.Top, "Cargo.lock"), 0).
					Hint("bring it up to date: cargo update --workspace --manifest-path %s", problem.Word(t.ShownAt(t.Start, "Cargo.toml"))))
			case !slices.Contains(lines, line):
				lines = append(lines, line)
			}
		}
	}
	sort.Strings(lines)
	return lines, errors.Join(problems...)
}

// WriteDepends puts the lines into the depends field of the root's opam file named file,
// between two comments; all else stays. What dune generates it would lose again.
func WriteDepends(r *bindings.Root, file string, lines []string) error {
	if dune.Generates(r.Dir, file) {
		return problem.New(problem.Usage, "dune generates the file, with the dependencies of the dune-project").At(file, 0).
			Hint("print them, and write them there as (depends ...): opam-cargo depends --package NAME")
	}
	name := filepath.Join(r.Dir, file)
	src, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read the opam file: %w", err)
	}
	parsed, err := opamfile.Parse(file, src)
	if err != nil {
		return err
	}
	return tree.WriteIfChanged(name, parsed.ReplaceInList(src, "depends", dependsBegin, dependsEnd, lines), false)
}
