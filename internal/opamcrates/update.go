package opamcrates

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/opamfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// existing is a package of a repository, as its opam file tells it.
type existing struct {
	file  string
	text  string
	needs []Requirement
}

// Update generates the packages of crates in the opam repository dir, beside those that
// are there: nothing is lost, and what those that are there depend on follows the ranges
// that have come. It returns how many packages are new and how many changed. Doing it
// twice is doing it once.
func Update(dir string, crates []Crate) (added, changed int, err error) {
	there, known, err := read(dir)
	if err != nil {
		return 0, 0, err
	}
	for _, c := range crates {
		compat := lockfile.CompatRange(c.ID.Version())
		if !slices.Contains(known[c.ID.Name()], compat) {
			known[c.ID.Name()] = append(known[c.ID.Name()], compat)
		}
	}
	files := map[string]string{} // what is to be written
	for _, c := range crates {
		nv := PackageName(c.ID.Name(), c.ID.Version()) + "." + Version(c.ID.Version())
		file := filepath.Join(dir, "packages", PackageName(c.ID.Name(), c.ID.Version()), nv, "opam")
		if old, ok := there[file]; ok {
			c.Needs = united(c.Needs, old.needs) // the features of another lock
		}
		field, err := depends(c.Needs, known)
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", c.ID, err)
		}
		files[file] = c.Opam(field)
	}
	for file, e := range there {
		if _, ok := files[file]; ok {
			continue
		}
		field, err := depends(e.needs, known)
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", file, err)
		}
		text, ok := replaceDepends(e.text, field)
		if !ok {
			return 0, 0, problem.New(problem.Input, "it is not as opam-cargo repository wrote it").At(file, 0).Hint("delete it, and generate it anew from the lock that has the crate")
		}
		files[file] = text
	}
	if err := writeRepo(dir); err != nil {
		return 0, 0, err
	}
	for file, text := range files {
		old, ok := there[file]
		if !ok {
			added++
		} else if old.text != text {
			changed++
		}
		if err := tree.WriteIfChanged(file, []byte(text), false); err != nil {
			return 0, 0, err
		}
	}
	return added, changed, nil
}

// writeRepo makes dir an opam repository, if it is none.
func writeRepo(dir string) error {
	file := filepath.Join(dir, "repo")
	if tree.Exists(file) {
		return nil
	}
	return tree.WriteIfChanged(file, []byte("opam-version: \"2.0\"\n"), false)
}

// read lists the generated packages of a repository, and the ranges of each crate.
func read(dir string) (map[string]existing, map[string][]string, error) {
	there, known := map[string]existing{}, map[string][]string{}
	for _, file := range tree.Glob(filepath.Join(dir, "packages"), prefix+"*/*/opam") {
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, nil, err
		}
		parsed, err := opamfile.Parse(file, src)
		if err != nil {
			return nil, nil, err
		}
		id := parsed.Strings("x-cargo-crate")
		if len(id) != 2 {
			continue // somebody else's
		}
		e := existing{file: file, text: string(src)}
		for _, r := range parsed.Strings("x-cargo-requires") {
			name, req, _ := strings.Cut(r, " ")
			e.needs = append(e.needs, Requirement{name, req})
		}
		there[file] = e
		if compat := lockfile.CompatRange(id[1]); !slices.Contains(known[id[0]], compat) {
			known[id[0]] = append(known[id[0]], compat)
		}
	}
	return there, known, nil
}

func united(a, b []Requirement) []Requirement {
	list := slices.Clone(a)
	for _, r := range b {
		if !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(x, y Requirement) int { return strings.Compare(x.Crate+" "+x.Req, y.Crate+" "+y.Req) })
	return list
}

// Merge unites the crates of two locks: of one that both have, the requirements of
// either.
func Merge(a, b []Crate) []Crate {
	list := slices.Clone(a)
	for _, c := range b {
		i := slices.IndexFunc(list, func(d Crate) bool { return d.ID == c.ID })
		if i < 0 {
			list = append(list, c)
			continue
		}
		list[i].Needs = united(list[i].Needs, c.Needs)
	}
	return list
}
