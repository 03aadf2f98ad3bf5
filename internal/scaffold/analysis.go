package scaffold

import (
	"path"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// An analysis is what a package of today was read as: its crates, its dune rules and the
// commands of its build: field, and which archives of its stanzas come from which crate.
type analysis struct {
	p       *Project
	vendors []string
	crates  []rustCrate
	rules   []*rule
	build   []buildCommand
	from    map[string]string // all copies: to, from
	made    map[string][]*rule
	rust    map[string]rustCrate // an archive, with its directory, and the crate that it is made of
	others  map[string]string    // archives of the project's other packages, and whose
	unknown []error              // archives that cargo makes of no crate that was found
}

// analyse reads the project.
func (p *Project) analyse(pkg Package) (*analysis, error) {
	vendors, err := p.vendorDirs()
	if err != nil {
		return nil, err
	}
	a := &analysis{p: p, vendors: vendors, from: map[string]string{}, made: map[string][]*rule{}, rust: map[string]rustCrate{}}
	if a.crates, err = p.findCrates(vendors); err != nil {
		return nil, err
	}
	stanzas, broken, err := p.everyStanza(vendors...)
	if err != nil {
		return nil, err
	}
	for name, err := range broken {
		if src, _ := p.read(name); strings.Contains(string(src), "cargo") {
			return nil, problem.New(problem.Input, "the file names cargo, and init cannot read it: %w", err).At(name, 0).
				Hint("take the rule that calls cargo out by hand, and (foreign_archives ...) of the library; then: opam-cargo init --binding")
		}
	}
	for _, s := range stanzas {
		if r := p.readRule(s); r != nil {
			a.rules = append(a.rules, r)
		}
	}
	a.build = p.buildCommands(pkg)
	a.collect()
	for _, r := range a.rules {
		a.archivesOf(r)
	}
	return a, a.madeByNobody()
}

// collect unites the copies: those of rules that call cargo come first, for a file may
// have two rules, one of which takes it from elsewhere.
func (a *analysis) collect() {
	unite := func(r *run) {
		for to, from := range r.from {
			if _, ok := a.from[to]; !ok {
				a.from[to] = from
			}
		}
	}
	for _, cargo := range []bool{true, false} {
		for _, r := range a.rules {
			if (len(r.run.calls) > 0) == cargo {
				unite(r.run)
			}
		}
	}
	for _, b := range a.build {
		unite(b.run)
	}
	for _, r := range a.rules {
		for _, t := range r.targets {
			if archive, ok := archiveOf(t); ok {
				a.made[archive] = append(a.made[archive], r)
			}
		}
	}
}

// archivesOf finds the crates of a rule's archives.
func (a *analysis) archivesOf(r *rule) {
	for _, t := range r.targets {
		archive, ok := archiveOf(t)
		if _, known := a.rust[archive]; !ok || known {
			continue
		}
		if c, found := a.crateOf(t, r.run); found {
			a.rust[archive] = c
		} else if len(r.run.calls) > 0 {
			a.unknown = append(a.unknown, problem.New(problem.Input, "the rule runs %s and makes %s, but no crate of the project is found that gives it: %s",
				strings.Join(r.run.commands(), ", "), path.Base(t), a.known()).At(r.file, r.stanza.Line).
				Hint("the crate needs crate-type = [\"staticlib\"] in the [lib] of its Cargo.toml; or take the rule out by hand, and its archive out of (foreign_archives ...) of the library"))
		}
	}
}

// known lists the crates that make an archive.
func (a *analysis) known() string {
	var list []string
	for _, c := range a.crates {
		if c.archive {
			list = append(list, c.name+" in "+c.dir)
		}
	}
	if len(list) == 0 {
		return "no Cargo.toml of it has crate-type staticlib or cdylib"
	}
	return "those with a static library are " + strings.Join(list, ", ")
}

// crateOf finds the crate that a file is made of: by the name that cargo gave the archive
// that it is a copy of; else by the package or the manifest that cargo was told.
func (a *analysis) crateOf(at string, r *run) (rustCrate, bool) {
	chain := &run{from: a.from}
	from := chain.origin(at)
	near := ""
	for _, c := range r.calls {
		if dir, ok := c.manifestDir(); ok {
			near = dir
		}
	}
	for _, name := range []string{from, at} {
		if m := archiveName.FindStringSubmatch(path.Base(name)); m != nil {
			if c, ok := crateFor(a.crates, near, func(c rustCrate) bool { return c.archive && c.lib == m[1] }); ok {
				return c, true
			}
		}
	}
	for _, call := range r.calls {
		for _, pkg := range call.packages() {
			if c, ok := crateFor(a.crates, near, func(c rustCrate) bool { return c.archive && c.name == pkg }); ok {
				return c, true
			}
		}
	}
	for dir := near; near != "" && !tree.Outside(dir); dir = path.Dir(dir) { // cargo's own search for a manifest
		if slices.ContainsFunc(a.crates, func(c rustCrate) bool { return c.dir == dir || c.tree == dir }) {
			return crateFor(a.crates, dir, func(c rustCrate) bool { return c.archive && (c.dir == dir || c.tree == dir) })
		}
		if dir == "." {
			break
		}
	}
	return rustCrate{}, false
}

// madeByNobody finds archives that libraries link and no rule makes: a Makefile does, or
// they are in the sources.
func (a *analysis) madeByNobody() error {
	linking, err := a.p.targets(a.vendors, linkingKinds...)
	if err != nil {
		return err
	}
	for _, l := range linking {
		for _, word := range l.stanza.FieldWords("foreign_archives") {
			archive := path.Join(l.dir, word)
			if len(a.made[archive]) > 0 {
				continue
			}
			lib := path.Base(archive)
			if c, ok := crateFor(a.crates, "", func(c rustCrate) bool { return c.archive && c.lib == lib }); ok {
				a.rust[archive] = c
			}
		}
		for _, c := range a.crates { // by a flag of the linker
			archive := path.Join(l.dir, c.lib)
			known := slices.ContainsFunc(sorted(a.rust), func(name string) bool { return path.Base(name) == c.lib })
			if c.archive && !known && len(a.words(l, archive)) > 0 {
				a.rust[archive] = c
			}
		}
	}
	return nil
}

// linkingKinds are the stanzas that may link an archive.
var linkingKinds = []string{"library", "executable", "executables", "test", "tests"}

// manifestDir is where cargo looks for its manifest; false where that is not known.
func (c cargoCall) manifestDir() (string, bool) {
	dir := c.dir
	if manifest := c.values("--manifest-path"); len(manifest) > 0 {
		dir = path.Dir(place(dir, manifest[0]))
	}
	if strings.Contains(dir, "$") {
		return "", false
	}
	return inProject(dir)
}

// packages are those that cargo is told to build.
func (c cargoCall) packages() []string { return c.values("-p", "--package") }

// values are those of a flag, in all its forms.
func (c cargoCall) values(flags ...string) []string {
	var values []string
	for i, arg := range c.args {
		flag, value, joined := strings.Cut(arg, "=")
		if !slices.Contains(flags, flag) {
			continue
		}
		if !joined && i+1 < len(c.args) {
			value = c.args[i+1]
		}
		values = append(values, strings.TrimPrefix(value, "%{dep:"))
	}
	return values
}
