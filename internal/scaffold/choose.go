package scaffold

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// chooseTree finds the package's Rust tree: the crates of the project that make a static
// library and belong to no other package. It tells whether a new crate is to be made,
// which needs that there is none and that no OCaml code waits for one.
func (p *Project) chooseTree(kind Kind, pkg *Package) (made bool, err error) {
	if pkg.Tree != "" && !p.there(path.Join(pkg.Tree, "Cargo.toml")) { // given, to be made
		return kind == Binding, nil
	}
	vendors, err := p.vendorDirs()
	if err != nil {
		return false, err
	}
	crates, err := p.findCrates(vendors)
	if err != nil {
		return false, err
	}
	crates = slices.DeleteFunc(crates, func(c rustCrate) bool { return !c.archive })
	if pkg.Tree != "" { // given
		return false, p.givenTree(pkg, crates)
	}
	named := pkg.Crates
	free := slices.DeleteFunc(slices.Clone(crates), func(c rustCrate) bool {
		return takenBy(pkg.Taken, c) != "" || len(named) > 0 && !slices.Contains(named, c.name)
	})
	trees := treesOf(free)
	switch {
	case len(trees) == 1 && kind == Binding && len(free) > 1 && len(pkg.Crates) == 0 && len(pkg.Others) > len(pkg.Taken):
		return false, several(*pkg, free) // another package may want one of them
	case len(trees) == 1:
		p.takeTree(kind, pkg, free, crates)
		return false, nil
	case slices.Contains(trees, "rust"): // as install without an argument
		p.byHand("the crate in rust is taken; %s", others(trees, "rust"))
		pkg.Tree = "rust"
		return false, nil
	case len(trees) > 1 && kind == Binding:
		return false, several(*pkg, free)
	case len(trees) > 1:
		p.byHand("%s; if the program calls one, name it: opam-cargo init --executable --package %s %s", others(trees, ""), pkg.Name, trees[0])
	case len(crates) > 0 && kind == Binding:
		return false, taken(*pkg, crates)
	}
	pkg.Tree = "rust"
	if kind == Binding {
		if at := p.callsC(vendors); at != "" {
			return false, p.noCrate(*pkg, at, vendors)
		}
	}
	return kind == Binding, nil
}

// takeTree takes the only tree that there is. A program's own is in rust/, or is named.
func (p *Project) takeTree(kind Kind, pkg *Package, free, all []rustCrate) {
	pkg.Tree = free[0].tree
	if kind == Executable && len(pkg.Others) > 0 && pkg.Tree != "rust" { // it may be for another package
		p.byHand("the crate in %s is taken for another package's; if the program calls it, name it: opam-cargo init --executable --package %s %s", free[0].dir, pkg.Name, pkg.Tree)
		pkg.Tree = "rust"
		return
	}
	inTree := slices.DeleteFunc(slices.Clone(all), func(c rustCrate) bool { return c.tree != pkg.Tree })
	if len(free) < len(inTree) && len(pkg.Crates) == 0 { // another package has the rest
		for _, c := range free {
			pkg.Crates = append(pkg.Crates, c.name)
		}
	}
	if len(free) == len(inTree) {
		pkg.Crates = nil // all that there are
	}
}

// givenTree checks the tree that the user named, and that no other package has it.
func (p *Project) givenTree(pkg *Package, crates []rustCrate) error {
	inTree := slices.DeleteFunc(slices.Clone(crates), func(c rustCrate) bool {
		return !tree.Inside(pkg.Tree, c.dir) || c.tree != pkg.Tree && c.dir != pkg.Tree || len(pkg.Crates) > 0 && !slices.Contains(pkg.Crates, c.name)
	})
	for _, c := range inTree {
		if takenBy(pkg.Taken, c) != "" {
			return taken(*pkg, []rustCrate{c})
		}
	}
	all := slices.DeleteFunc(slices.Clone(crates), func(c rustCrate) bool { return c.tree != pkg.Tree })
	if len(inTree) == len(all) {
		pkg.Crates = nil // all that there are
	}
	return nil
}

// takenBy is the package that installs a crate.
func takenBy(list []bindings.OwnTree, c rustCrate) string {
	for _, t := range list {
		if dir := filepath.ToSlash(t.Dir); t.Installed && (dir == c.tree || dir == c.dir) && (len(t.Crates) == 0 || slices.Contains(t.Crates, c.name)) {
			return t.Package
		}
	}
	return ""
}

func treesOf(crates []rustCrate) []string {
	var trees []string
	for _, c := range crates {
		if !slices.Contains(trees, c.tree) {
			trees = append(trees, c.tree)
		}
	}
	return trees
}

func others(trees []string, but string) string {
	return "there are crates with a static library in " + strings.Join(slices.DeleteFunc(slices.Clone(trees), func(t string) bool { return t == but }), ", ")
}

// several wants to be told which tree is meant.
func several(pkg Package, crates []rustCrate) error {
	e := problem.New(problem.Usage, "which of the project's crates does the package bind?").In(pkg.Name)
	for _, c := range crates {
		e.Hint("%s in %s: opam-cargo init --binding --package %s --crate %s %s", c.name, c.dir, pkg.Name, c.name, problem.Word(c.tree))
	}
	return e
}

// taken says that all crates are other packages'.
func taken(pkg Package, crates []rustCrate) error {
	c := crates[0]
	owner := takenBy(pkg.Taken, c)
	return problem.New(problem.Input, "the crate %s in %s is the package %s's, which installs it", c.name, c.dir, owner).In(pkg.Name).
		Hint("to begin with a crate of its own: opam-cargo init --binding --package %s rust-%s", pkg.Name, pkg.Name).
		Hint("to share the tree, let each install: field name its crates: [\"opam-cargo\" \"install\" \"--crate\" \"NAME\" \"%s\"]", c.tree)
}

// noCrate says that OCaml code waits for a crate that is not there.
func (p *Project) noCrate(pkg Package, at string, vendors []string) error {
	e := problem.New(problem.Input, "%s calls C functions, and no crate of the project has a static library that could define them", at).In(pkg.Name)
	crates, err := p.findCrates(vendors)
	if err != nil {
		return err
	}
	for _, c := range crates {
		e.Hint("if it is the crate %s: write crate-type = [\"staticlib\"] into the [lib] of %s, then run this again", c.name, path.Join(c.dir, "Cargo.toml"))
	}
	return e.Hint("to begin with a new crate beside it: opam-cargo init --binding --package %s rust", pkg.Name)
}

var external = regexp.MustCompile(`(?m)^\s*external\s[^"]*=\s*"[^%"]`)

// callsC is where the project's OCaml code calls C functions: the first external, or
// stubs. A library without either waits for nothing.
func (p *Project) callsC(vendors []string) string {
	libraries, err := p.targets(vendors, "library")
	if err != nil {
		return ""
	}
	for _, l := range libraries {
		for _, file := range tree.Glob(filepath.Join(p.Dir, filepath.FromSlash(l.dir)), "*.ml") {
			src, err := os.ReadFile(file)
			if err != nil || !external.Match(src) {
				continue
			}
			line := 1 + strings.Count(string(src[:external.FindIndex(src)[1]]), "\n")
			return placed{file: path.Join(l.dir, filepath.Base(file))}.at(line)
		}
		for _, field := range []string{"foreign_stubs", "foreign_archives", "c_names", "extra_objects"} {
			if _, ok := l.stanza.Field(field); ok {
				return l.where()
			}
		}
	}
	return ""
}

// ignored is the line of a .gitignore that hides a file from git, as in .gitignore:3;
// empty where none does, or there is no git.
func (p *Project) ignored(name string) string {
	out, err := exec.Command("git", "-C", p.Dir, "check-ignore", "-v", "--no-index", name).Output()
	if err != nil {
		return ""
	}
	rule, _, _ := strings.Cut(string(out), "\t")
	if last := strings.LastIndex(rule, ":"); last > 0 {
		rule = rule[:last]
	}
	return rule
}
