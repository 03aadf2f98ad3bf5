package scaffold

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/edit"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// FromVendor makes a binding out of a package of today, whose dune rule or build: field
// calls cargo and whose library links the archive: the rules and (foreign_archives ...)
// go, and what a binding needs comes. What has no other form is left to the user, and
// said; no file is removed.
func (p *Project) FromVendor(pkg Package) error {
	if err := errors.Join(p.language(), p.otherGenerator(pkg)); err != nil {
		return err
	}
	a, err := p.analyse(pkg)
	if err != nil {
		return err
	}
	if len(a.rust) == 0 && len(a.unknown) == 0 {
		if _, ok := p.installed(pkg); ok {
			return p.Add(Binding, pkg)
		}
		return p.noRule(pkg, a)
	}
	linking, err := a.linking(pkg)
	if err != nil {
		return err
	}
	if len(linking) == 0 {
		if linking, err = a.besideRules(); err != nil {
			return err
		}
	}
	if err := a.oneTree(&pkg); err != nil {
		return err
	}
	kind, err := a.kind(linking)
	if err != nil {
		return err
	}
	if err := a.takeOut(pkg); err != nil {
		return err
	}
	if err := a.takeOutOfBuild(); err != nil {
		return err
	}
	for _, dir := range a.vendors {
		if !tree.Inside(pkg.Tree, dir) {
			p.byHand("%s lies outside of the Rust tree %s, which is what opam-cargo installs; move it, with what .cargo/config says of it: git mv %s %s",
				dir, pkg.Tree, problem.Word(dir), problem.Word(path.Join(pkg.Tree, path.Base(dir))))
		}
	}
	names := a.needless(pkg.Tree)
	p.Needless, p.Lost = names, a.losses(names)
	for _, l := range linking {
		p.carried = append(p.carried, l.names...)
	}
	return p.Add(kind, pkg)
}

// kind is what the package becomes: a binding, unless only its own programs can link the
// Rust code.
func (a *analysis) kind(linking []target) (Kind, error) {
	if slices.ContainsFunc(linking, func(t target) bool {
		return t.stanza.Name() == "library" && len(t.stanza.FieldWords("public_name")) > 0
	}) {
		return Binding, nil
	}
	programs, err := a.p.targets(a.vendors, "executable", "executables")
	if err != nil {
		return "", err
	}
	if len(programs) == 0 {
		return Binding, nil
	}
	return Executable, nil
}

// besideRules are the libraries in the directories of the rules: what calls the Rust code
// where nothing says that it links it.
func (a *analysis) besideRules() ([]target, error) {
	libraries, err := a.p.targets(a.vendors, "library")
	return slices.DeleteFunc(libraries, func(l target) bool {
		return !slices.ContainsFunc(a.rules, func(r *rule) bool { return a.ofRust(r) && r.dir == l.dir })
	}), err
}

// noRule says that there is nothing to take out, and what rules make archives
// nevertheless: of a download, say.
func (p *Project) noRule(pkg Package, a *analysis) error {
	e := problem.New(problem.Input, "no dune rule and no library of the project has an archive that cargo makes of one of its crates").In(pkg.Name)
	libraries, err := p.targets(a.vendors, linkingKinds...)
	if err != nil {
		return err
	}
	for _, l := range libraries {
		for _, word := range l.stanza.FieldWords("foreign_archives") {
			how := "which no rule makes"
			if rules := a.made[path.Join(l.dir, word)]; len(rules) > 0 {
				how = "which " + rules[0].where() + " makes"
				if len(rules[0].run.also) > 0 {
					how += " by " + strings.Join(rules[0].run.also, ", ")
				}
			}
			e.Hint("%s:%d: %s links %s, %s: if that is Rust, its crate has to be in the project", l.file, l.stanza.Line, l.names[0], word, how)
		}
	}
	if !slices.ContainsFunc(a.crates, func(c rustCrate) bool { return c.archive }) && p.callsC(a.vendors) != "" {
		return e.Hint("to begin with a crate: opam-cargo init --binding --package %s rust", pkg.Name)
	}
	return e.Hint("to make the package a binding: opam-cargo init --binding --package %s", pkg.Name)
}

// vendorDirs are the project's vendor directories, relative to it.
func (p *Project) vendorDirs() ([]string, error) {
	found, err := crate.FindVendorDirs(p.Dir)
	for i, dir := range found {
		if found[i], err = filepath.Rel(p.Dir, dir); err != nil {
			return nil, err
		}
		found[i] = filepath.ToSlash(found[i])
	}
	return found, err
}

func (s placed) where() string { return s.at(s.stanza.Line) }

func (s placed) at(line int) string { return fmt.Sprintf("%s:%d", s.file, line) }

// packageOf is the opam package that a stanza belongs to, if it says so.
func (t target) packageOf() string {
	if words := t.stanza.FieldWords("package"); len(words) > 0 {
		return words[0]
	}
	if t.stanza.Name() == "library" {
		name, _, _ := strings.Cut(first(t.stanza.FieldWords("public_name")), ".")
		return name
	}
	return ""
}

// linking finds the stanzas that link an archive of Rust, and leaves out, with their
// archives, those of the project's other packages.
func (a *analysis) linking(pkg Package) ([]target, error) {
	all, err := a.p.targets(a.vendors, linkingKinds...)
	if err != nil {
		return nil, err
	}
	var found []target
	others := map[string]string{}
	a.others = others
	for _, l := range all {
		owner := l.packageOf()
		mine := owner == "" || owner == pkg.Name || !slices.Contains(pkg.Others, owner)
		if len(a.carried(l)) == 0 {
			continue
		}
		if mine {
			found = append(found, l)
			continue
		}
		for _, archive := range a.carried(l) {
			others[archive] = owner
		}
	}
	for _, l := range found {
		for _, archive := range a.carried(l) {
			delete(others, archive)
		}
	}
	for archive := range others {
		delete(a.rust, archive)
	}
	if len(a.rust) == 0 && len(others) > 0 {
		e := problem.New(problem.Usage, "no library of the package %s links an archive of Rust", pkg.Name).In(pkg.Name)
		for archive, owner := range others {
			e.Hint("%s belongs to %s: opam-cargo init --from-vendor --package %s", archive, owner, owner)
		}
		return nil, e
	}
	return found, nil
}

// carried are the archives of Rust that a stanza links, in (foreign_archives ...) or by a
// flag.
func (a *analysis) carried(t target) []string {
	var list []string
	for archive := range a.rust {
		if len(a.words(t, archive)) > 0 {
			list = append(list, archive)
		}
	}
	slices.Sort(list)
	return list
}

// flagFields are the fields of a stanza in which an archive is named otherwise than in
// (foreign_archives ...).
var flagFields = []string{
	"c_library_flags", "library_flags", "link_flags", "flags", "ocamlopt_flags", "ocamlc_flags", "link_deps", "extra_objects",
	"self_build_stubs_archive", "files", "deps", "ctypes", "inline_tests",
}

// cargoDir is a flag that lets the linker look into cargo's target directory.
var cargoDir = regexp.MustCompile(`^-L.*target/(?:[^/]+/)?(?:release|debug)/?$`)

// words are the nodes of a stanza that name an archive, with the flag before each.
func (a *analysis) words(t target, archive string) []dune.Node {
	name := path.Base(archive)
	var found []dune.Node
	if field, ok := t.stanza.Field("foreign_archives"); ok {
		for _, arg := range field.Args() {
			if path.Join(t.dir, arg.Value) == archive {
				found = append(found, arg)
			}
		}
	}
	var dirs []dune.Node // where the linker would look for it
	var walk func(list []dune.Node)
	walk = func(list []dune.Node) {
		for i, n := range list {
			if n.IsList {
				walk(n.List)
				continue
			}
			to := &found
			if cargoDir.MatchString(n.Value) {
				to = &dirs
			} else if m := archiveName.FindStringSubmatch(path.Base(n.Value)); n.Value != "-l"+name && (m == nil || m[1] != name) {
				continue
			}
			if i > 0 && slices.Contains([]string{"-cclib", "-ccopt", "-dllib"}, list[i-1].Value) {
				*to = append(*to, list[i-1])
			}
			*to = append(*to, n)
		}
	}
	for _, name := range flagFields {
		if field, ok := t.stanza.Field(name); ok {
			walk(field.Args())
		}
	}
	if len(found) == 0 {
		return nil
	}
	return append(found, dirs...)
}

// oneTree finds the Rust tree of the package: that of its archives' crates, all in one.
func (a *analysis) oneTree(pkg *Package) error {
	problems := slices.Clone(a.unknown)
	var crates []rustCrate
	for _, archive := range sorted(a.rust) {
		c := a.rust[archive]
		if !slices.ContainsFunc(crates, func(have rustCrate) bool { return have.dir == c.dir }) {
			crates = append(crates, c)
		}
	}
	for _, c := range crates {
		if c.tree != crates[0].tree {
			problems = append(problems, problem.New(problem.Input, "the package links crates of two Rust trees, %s and %s; a package has one", crates[0].tree, c.tree).
				At(path.Join(c.dir, "Cargo.toml"), 0).Hint("make them members of one Cargo workspace"))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	if dir, ok := a.p.installed(*pkg); ok {
		pkg.Tree = dir
		return nil
	}
	pkg.Tree, pkg.Found = crates[0].tree, true
	if n := len(a.exported(pkg.Tree)); n > len(crates) {
		for _, c := range crates {
			pkg.Crates = append(pkg.Crates, c.name)
		}
	}
	return nil
}

// exported are the crates that a tree exports by itself.
func (a *analysis) exported(tree string) []rustCrate {
	return slices.DeleteFunc(slices.Clone(a.crates), func(c rustCrate) bool { return !c.archive || c.tree != tree })
}

// takeOut removes the rules, and their archives from what links them.
func (a *analysis) takeOut(pkg Package) error {
	p := a.p
	linking, err := p.targets(a.vendors, linkingKinds...) // those of other packages too
	if err != nil {
		return err
	}
	edits := map[string][]edit.Edit{}
	for _, r := range a.rules {
		if a.ofRust(r) {
			src, err := p.read(r.file)
			if err != nil {
				return err
			}
			edits[r.file] = append(edits[r.file], dune.Remove(src, r.stanza))
			a.tellRule(r)
		} else if len(r.run.calls) > 0 {
			a.tellOther(r, pkg)
		}
	}
	if err := a.takeOutElsewhere(edits); err != nil {
		return err
	}
	linked := map[string]bool{}
	for _, l := range linking {
		src, err := p.read(l.file)
		if err != nil {
			return err
		}
		if len(a.carried(l)) == 0 {
			continue
		}
		var gone []dune.Node
		for _, archive := range a.carried(l) {
			linked[archive] = true
			what := l.where() + ": the " + l.stanza.Name() + " " + l.names[0] + " links the archive " + archive
			if c := a.rust[archive]; len(a.made[archive]) == 0 {
				what += ", which no rule makes, of the crate " + c.name + " in " + c.dir
			}
			p.Found = append(p.Found, what)
			gone = append(gone, a.words(l, archive)...)
		}
		edits[l.file] = append(edits[l.file], removeWords(src, l.stanza, gone)...)
	}
	for _, archive := range sorted(a.rust) {
		if !slices.ContainsFunc(sorted(linked), func(l string) bool { return a.rust[l] == a.rust[archive] }) { // a crate may give several
			p.byHand("nothing names the archive %s in (foreign_archives ...) or a flag: look for what links lib%s.a, and take it out", archive, path.Base(archive))
		}
	}
	for _, name := range sorted(edits) {
		src, err := p.read(name)
		if err != nil {
			return err
		}
		p.editDune(name, src, edits[name], "without cargo's archive")
	}
	return a.leftOver()
}

// takeOutElsewhere removes the archives from (install ...), and a stanza with the last;
// and from what other rules depend on.
func (a *analysis) takeOutElsewhere(edits map[string][]edit.Edit) error {
	list, _, err := a.p.everyStanza(a.vendors...)
	if err != nil {
		return err
	}
	for _, s := range list {
		name := "deps"
		if s.stanza.Name() == "install" {
			name = "files"
		}
		field, ok := s.stanza.Field(name)
		if !ok || slices.ContainsFunc(a.rules, func(r *rule) bool { return r.file == s.file && r.stanza.Start == s.stanza.Start && a.ofRust(r) }) {
			continue
		}
		src, err := a.p.read(s.file)
		if err != nil {
			return err
		}
		var gone []dune.Node
		for _, n := range field.Args() {
			named := slices.ContainsFunc(sorted(a.rust), func(archive string) bool { return naming(n, path.Base(archive)) != "" })
			if named && (name == "files" || !strings.HasPrefix(n.Name(), ":")) { // a name stands in the action too
				gone = append(gone, n)
			}
		}
		if len(gone) > 0 && len(gone) == len(field.Args()) {
			if gone = []dune.Node{field}; name == "files" {
				gone = []dune.Node{s.stanza}
			}
		}
		for _, n := range gone {
			edits[s.file] = append(edits[s.file], dune.Remove(src, n))
		}
	}
	return nil
}

// removeWords takes words out of a stanza, and a field with the last of them.
func removeWords(src []byte, stanza dune.Node, gone []dune.Node) []edit.Edit {
	isGone := func(n dune.Node) bool {
		return slices.ContainsFunc(gone, func(g dune.Node) bool { return g.Start == n.Start })
	}
	var all func(list []dune.Node) bool
	all = func(list []dune.Node) bool {
		return len(list) > 0 && !slices.ContainsFunc(list, func(n dune.Node) bool {
			return n.IsList && !all(n.List) || !n.IsList && !isGone(n) && n.Value != ":standard"
		})
	}
	var edits []edit.Edit
	for _, field := range stanza.Args() {
		if field.IsList && all(field.Args()) {
			edits = append(edits, dune.Remove(src, field))
			gone = slices.DeleteFunc(gone, func(g dune.Node) bool { return field.Start < g.Start && g.End < field.End })
		}
	}
	for _, n := range gone {
		edits = append(edits, dune.Remove(src, n))
	}
	return edits
}

// ofRust tells whether a rule makes an archive of Rust.
func (a *analysis) ofRust(r *rule) bool {
	return slices.ContainsFunc(r.targets, func(t string) bool {
		archive, ok := archiveOf(t)
		_, rust := a.rust[archive]
		return ok && rust
	})
}

// tellOther tells of a rule that calls cargo and makes no archive of the package.
func (a *analysis) tellOther(r *rule, pkg Package) {
	command := strings.Join(r.run.commands(), ", ")
	for _, t := range r.targets {
		archive, _ := archiveOf(t)
		if owner, ok := a.others[archive]; ok {
			a.p.byHand("%s: a rule runs %s for the package %s; to move that: opam-cargo init --from-vendor --package %s", r.where(), command, owner, owner)
			return
		}
	}
	what := "take the rule out, and run that apart from dune"
	if len(r.targets) > 0 {
		what = "take the rule out, and commit what it makes"
	}
	a.p.byHand("%s: a rule runs %s, and dune does not look into %s any more: %s", r.where(), command, pkg.Tree, what)
}

// tellRule says what a rule was read as, and what is lost with it.
func (a *analysis) tellRule(r *rule) {
	p := a.p
	var names, crates []string
	for _, t := range r.targets {
		name, _ := inProject(t)
		archive, isArchive := archiveOf(t)
		c, rust := a.rust[archive]
		switch {
		case isArchive && rust:
			names = append(names, path.Base(t))
			if what := c.name + " in " + c.dir; !slices.Contains(crates, what) {
				crates = append(crates, what)
			}
		case p.keepMade(name):
			p.byHand("%s: the rule also made %s%s: it is written as dune made it last; look at it, and commit it", r.where(), name, r.run.how(t))
		default:
			p.byHand("%s: the rule also made %s%s: make that once, and commit it", r.where(), name, r.run.how(t))
		}
	}
	what := "takes them from elsewhere"
	if len(r.run.calls) > 0 {
		what = "runs " + strings.Join(r.run.commands(), ", ")
	} else if len(r.run.from) > 0 {
		what = "copies"
	}
	p.Found = append(p.Found, r.where()+": a rule "+what+", and makes "+strings.Join(names, " ")+", of the crate "+strings.Join(crates, ", "))
	for _, c := range r.run.calls {
		for _, text := range c.unsaid() {
			p.byHand("%s: %s", r.where(), text)
		}
	}
	for _, command := range r.run.also {
		if !slices.ContainsFunc(r.targets, func(t string) bool { return r.run.made[t] == command }) {
			p.byHand("%s: the rule also ran %s, which nothing does now: if the crate needs it, its build.rs can do it", r.where(), command)
		}
	}
}

// how a file is made, for a message.
func (r *run) how(at string) string {
	if how, ok := r.made[at]; ok {
		return " by " + how
	}
	if from, ok := inProject(r.from[at]); ok && r.from[at] != "" {
		return " of " + from
	}
	return ""
}

// keepMade puts a file that dune made into the sources, where dune's build directory has
// it still.
func (p *Project) keepMade(name string) bool {
	src, err := os.ReadFile(filepath.Join(p.Dir, "_build", "default", filepath.FromSlash(name)))
	if err != nil || len(src) > 1<<20 || p.there(name) {
		return false
	}
	p.set(name, src, "as dune made it")
	return true
}

// leftOver tells of stanzas that still name an archive.
func (a *analysis) leftOver() error {
	list, _, err := a.p.everyStanza(a.vendors...)
	if err != nil {
		return err
	}
	for _, s := range list {
		for _, archive := range sorted(a.rust) {
			if word := naming(s.stanza, path.Base(archive)); word != "" {
				a.p.byHand("%s: the stanza (%s ...) names %s, which nothing makes now: take it out", s.where(), s.stanza.Name(), word)
			}
		}
	}
	return nil
}

// naming is the word with which a stanza names the files of an archive.
func naming(n dune.Node, archive string) string {
	for _, inner := range n.List {
		if word := naming(inner, archive); word != "" {
			return word
		}
	}
	for _, word := range strings.Fields(n.Value) {
		m := archiveName.FindStringSubmatch(path.Base(strings.NewReplacer("%{ext_lib}", ".a", "%{ext_dll}", ".so").Replace(word)))
		if word == "-l"+archive || m != nil && m[1] == archive {
			return word
		}
	}
	return ""
}

// needless lists the files that nothing reads any more.
func (a *analysis) needless(rust string) []string {
	p := a.p
	var names []string
	add := func(name string) {
		if p.there(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	files := []string{path.Join(rust, "dune")}
	for _, r := range a.rules {
		if a.ofRust(r) {
			files = append(files, r.file)
			for _, script := range r.run.reads {
				add(script)
			}
		}
	}
	for _, b := range a.build {
		for _, script := range b.run.reads {
			if b.gone {
				add(script)
			}
		}
	}
	for _, name := range files {
		_, list, err := p.stanzas(name)
		unread := len(list) == 0 || tree.Inside(rust, name) && name != "dune" && !slices.ContainsFunc(list, func(n dune.Node) bool { return !aboutDirs(n) })
		if err == nil && unread {
			add(name)
		}
	}
	for _, dir := range []string{".", rust} {
		for _, name := range []string{".cargo/config", ".cargo/config.toml", "cargo-config", "cargo-config.toml"} {
			if name = path.Join(dir, name); p.there(name) && p.onlySources(name) {
				add(name)
			}
		}
	}
	return names
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
