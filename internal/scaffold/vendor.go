package scaffold

import (
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/edit"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// FromVendor makes a binding out of a package of today, whose dune rule calls cargo and
// whose library links the archive: the rule and (foreign_archives ...) go, and what a
// binding needs comes. A package that is not understood is a problem, which says what
// was; no file is removed.
func (p *Project) FromVendor(pkg Package) error {
	vendors, err := p.vendorDirs()
	if err != nil {
		return err
	}
	rules, err := p.cargoRules(vendors)
	if err != nil {
		return err
	}
	if len(rules) == 0 {
		if _, ok := p.installed(pkg); ok {
			return p.Add(Binding, pkg)
		}
		return p.noRule(pkg, vendors)
	}
	if err := p.understood(rules, vendors); err != nil {
		return err
	}
	pkg.Tree = rules[0].tree
	for _, r := range rules {
		pkg.Crates = append(pkg.Crates, r.crates...)
		p.Found = append(p.Found, r.String())
	}
	if err := p.takeOut(rules, vendors); err != nil {
		return err
	}
	if src, file, err := p.opam(pkg.Opam); err == nil && len(src) > 0 {
		if build, ok := file.Field("build"); ok && build.Mentions("cargo") {
			p.byHand("take cargo out of the build: field of %s", pkg.Opam)
		}
	}
	p.needless(rules)
	return p.Add(Binding, pkg)
}

// noRule says that there is nothing to take out, and where archives come from that
// cargo may make nevertheless, by a script say.
func (p *Project) noRule(pkg Package, vendors []string) error {
	e := problem.New(problem.Input, "no dune rule of the project calls cargo by name").In(pkg.Name)
	libraries, err := p.targets(vendors, "library")
	if err != nil {
		return err
	}
	for _, l := range libraries {
		if archives := l.stanza.FieldWords("foreign_archives"); len(archives) > 0 {
			e.Hint("%s:%d: the library %s links %s: if cargo makes that, take it out by hand, with its rule", l.file, l.stanza.Line, l.names[0], strings.Join(archives, " "))
		}
	}
	return e.Hint("then make it a binding: opam-cargo init --binding")
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

// cargoRules finds the rules that call cargo.
func (p *Project) cargoRules(vendors []string) ([]cargoRule, error) {
	files, err := p.duneFiles(false, vendors...)
	if err != nil {
		return nil, err
	}
	var rules []cargoRule
	for _, name := range files {
		src, list, err := p.stanzas(name)
		if err != nil {
			if strings.Contains(string(src), "cargo") {
				return nil, problem.New(problem.Input, "the file names cargo, and init cannot read it: %w", err).At(name, 0).
					Hint("take the rule that calls cargo out by hand, and (foreign_archives ...) of the library; then: opam-cargo init --binding")
			}
			continue
		}
		for _, n := range list {
			if action, ok := n.Field("action"); ok && callsCargo(action) {
				rules = append(rules, p.readRule(name, n, action))
			}
		}
	}
	return rules, nil
}

// understood wants every rule to be one that init knows, all of them about one Rust tree
// with its vendor directories in it.
func (p *Project) understood(rules []cargoRule, vendors []string) error {
	var problems []error
	for _, r := range rules {
		if len(r.unknown) > 0 {
			problems = append(problems, problem.New(problem.Input, "the rule that calls cargo is not understood: %s", strings.Join(r.unknown, "; ")).At(r.file, r.stanza.Line).
				Quote(r.String()).
				Hint("take the rule out by hand, and its archive out of (foreign_archives ...) of the library; then: opam-cargo init --binding"))
		} else if r.tree != rules[0].tree {
			problems = append(problems, problem.New(problem.Input, "two rules call cargo, for the Rust trees %s and %s; a package has one", rules[0].tree, r.tree).At(r.file, r.stanza.Line).
				Hint("make them members of one Cargo workspace"))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	for _, dir := range vendors {
		if !tree.Inside(rules[0].tree, dir) {
			problems = append(problems, problem.New(problem.Input, "the vendored crates lie outside of the Rust tree %s, which is what opam-cargo installs", rules[0].tree).At(dir, 0).
				Hint("move them, and what .cargo/config says of them: git mv %s %s", problem.Word(dir), problem.Word(path.Join(rules[0].tree, path.Base(dir)))))
		}
	}
	return errors.Join(problems...)
}

// takeOut removes the rules, and their archives from the libraries.
func (p *Project) takeOut(rules []cargoRule, vendors []string) error {
	edits := map[string][]edit.Edit{}
	for _, r := range rules {
		src, err := p.read(r.file)
		if err != nil {
			return err
		}
		edits[r.file] = append(edits[r.file], dune.Remove(src, r.stanza))
	}
	libraries, err := p.targets(vendors, "library")
	if err != nil {
		return err
	}
	linked := map[string]bool{}
	for _, l := range libraries {
		field, _ := l.stanza.Field("foreign_archives")
		var gone []dune.Node
		for _, arg := range field.Args() {
			archive := path.Join(path.Dir(l.file), arg.Atom)
			if slices.ContainsFunc(rules, func(r cargoRule) bool { return slices.Contains(r.archives, archive) }) {
				gone = append(gone, arg)
				linked[archive] = true
				p.Found = append(p.Found, l.file+": the library "+l.names[0]+" links the archive "+archive)
			}
		}
		src, err := p.read(l.file)
		if err != nil {
			return err
		}
		if len(gone) > 0 && len(gone) == len(field.Args()) {
			gone = []dune.Node{field}
		}
		for _, n := range gone {
			edits[l.file] = append(edits[l.file], dune.Remove(src, n))
		}
	}
	var problems []error
	for _, r := range rules {
		for _, archive := range r.archives {
			if !linked[archive] {
				problems = append(problems, problem.New(problem.Input, "no library names the archive %s of this rule in its (foreign_archives ...)", archive).At(r.file, r.stanza.Line).
					Hint("take the rule out by hand, and what links its archive; then: opam-cargo init --binding"))
			}
		}
	}
	for name, list := range edits {
		src, err := p.read(name)
		if err != nil {
			return err
		}
		p.editDune(name, src, list, "without cargo's archive")
	}
	return errors.Join(append(problems, p.leftOver(rules, vendors))...)
}

// leftOver finds stanzas that still name an archive.
func (p *Project) leftOver(rules []cargoRule, vendors []string) error {
	files, err := p.duneFiles(false, vendors...)
	if err != nil {
		return err
	}
	var problems []error
	for _, name := range files {
		_, list, err := p.stanzas(name)
		if err != nil {
			continue // said where its libraries were looked for
		}
		for _, n := range list {
			for _, r := range rules {
				if word := r.named(n); word != "" {
					problems = append(problems, problem.New(problem.Input, "the stanza (%s ...) names %s, which the rule of %s makes no more", n.Name(), word, r.file).At(name, n.Line).
						Hint("take it out by hand, then run this again"))
				}
			}
		}
	}
	return errors.Join(problems...)
}

// needless lists the files that nothing reads any more.
func (p *Project) needless(rules []cargoRule) {
	names := make([]string, 0, 1+len(rules))
	names = append(names, path.Join(rules[0].tree, "dune"))
	for _, r := range rules {
		names = append(names, r.file)
	}
	for _, name := range names {
		_, list, err := p.stanzas(name)
		unread := len(list) == 0 || tree.Inside(rules[0].tree, name) && name != "dune" && !slices.ContainsFunc(list, func(n dune.Node) bool { return !aboutDirs(n) })
		if err == nil && unread && p.there(name) && !slices.Contains(p.Needless, name) {
			p.Needless = append(p.Needless, name)
		}
	}
	for _, dir := range []string{".", rules[0].tree} {
		for _, name := range []string{".cargo/config", ".cargo/config.toml"} {
			if name = path.Join(dir, name); p.there(name) && !slices.Contains(p.Needless, name) {
				p.Needless = append(p.Needless, name)
			}
		}
	}
}
