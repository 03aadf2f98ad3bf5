package scaffold

import (
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/edit"
	"github.com/opam-cargo/opam-cargo/internal/opamfile"
)

// Package is the opam package of a project that is worked on.
type Package struct {
	Name string
	Opam string // its opam file, relative to the project
	Tree string // its Rust tree; empty where it is to be found

	Found  bool               // the tree is what rules build
	Crates []string           // that it exports, where the Cargo.toml files do not say so
	Taken  []bindings.OwnTree // trees of the project's other packages
	Others []string           // those packages
}

// needs are the packages that every package with Rust in it depends on.
var needs = []string{"opam-cargo", "conf-rust-2021"}

const notWindows = `os != "win32"`

// opamFile adds to a package's opam file what it lacks: dependencies, where it is
// available and, for a binding, the install: field. Where dune generates the file these
// go into what dune makes it from.
func (p *Project) opamFile(kind Kind, pkg Package) error {
	src, file, err := p.opam(pkg.Opam)
	if err != nil {
		return err
	}
	project, err := p.read("dune-project")
	if err != nil {
		return err
	}
	generated := dune.Generated(src) && dune.Asks(project) || !p.there(pkg.Opam) && p.declared(pkg.Name)
	target := pkg.Opam
	if generated {
		target += ".template"
		if src, file, err = p.opam(target); err != nil {
			return err
		}
	}
	if _, own := file.Field("depends"); generated && !own {
		if err := p.projectDepends(pkg.Name); err != nil {
			return err
		}
	} else if missing := missingNeeds(opamNames(file)); len(missing) > 0 {
		quoted := make([]string, len(missing))
		for i, name := range missing {
			quoted[i] = opamfile.Quote(name)
		}
		p.set(target, file.AddToList(src, "depends", quoted...), "depends: %s", strings.Join(missing, ", "))
	}
	if err := errors.Join(p.atBuildOnly(target), p.notOnWindows(target)); err != nil {
		return err
	}
	if kind == Binding || pkg.Tree != "rust" { // a program's own is in rust/, or is named
		if err := p.installField(pkg, target); err != nil {
			return err
		}
	}
	if generated && (p.edited["dune-project"] != "" || p.edited[target] != "") {
		p.byHand("make %s from these: dune build %s", pkg.Opam, path.Base(pkg.Opam))
	}
	return nil
}

// declared tells whether dune is to make a package's opam file, of its stanza in the
// dune-project.
func (p *Project) declared(pkg string) bool {
	src, list, err := p.stanzas("dune-project")
	return err == nil && dune.Asks(src) && slices.ContainsFunc(list, func(n dune.Node) bool {
		return n.Name() == "package" && slices.Contains(n.FieldWords("name"), pkg)
	})
}

// atBuildOnly takes the filter {build} from conf-rust: the package's Rust code is compiled
// when a program is built.
func (p *Project) atBuildOnly(target string) error {
	src, file, err := p.opam(target)
	if err != nil {
		return err
	}
	field, _ := file.Field("depends")
	for _, d := range field.Args {
		if d.Kind != opamfile.Option || !strings.HasPrefix(d.Args[0].Text, "conf-rust") || len(d.Filter) != 1 || d.Filter[0].Text != "build" {
			continue
		}
		p.set(target, edit.Apply(src, []edit.Edit{edit.At(d.Args[0].End, d.End, "")}), "depends: %s without {build}", d.Args[0].Text)
		return nil
	}
	return nil
}

// installField lets opam install the package's Rust tree.
func (p *Project) installField(pkg Package, target string) error {
	if _, has := p.installed(pkg); has {
		return nil
	}
	src, file, err := p.opam(target)
	if err != nil {
		return err
	}
	words := []string{"opam-cargo", "install"}
	for _, name := range pkg.Crates {
		words = append(words, "--crate", name)
	}
	if pkg.Tree != "rust" {
		words = append(words, pkg.Tree)
	}
	for i, w := range words {
		words[i] = opamfile.Quote(w)
	}
	command := "[" + strings.Join(words, " ") + "]"
	p.set(target, file.AddToList(src, "install", command), "install: %s", command)
	return nil
}

// installed is the Rust tree that the package's opam file, or its template, installs;
// false where neither does.
func (p *Project) installed(pkg Package) (dir string, ok bool) {
	for _, name := range []string{pkg.Opam, pkg.Opam + ".template"} {
		_, file, err := p.opam(name)
		if err != nil {
			continue // said where the file is edited
		}
		root := bindings.Root{Dir: p.Dir, Packages: []bindings.Package{{Name: pkg.Name, File: file, Path: name}}}
		for _, t := range root.Trees() {
			if t.Installed {
				return filepath.ToSlash(t.Dir), true
			}
		}
	}
	return "", false
}

// notOnWindows says that the package is not available there.
func (p *Project) notOnWindows(target string) error {
	src, file, err := p.opam(target)
	if err != nil {
		return err
	}
	if value, ok := file.Field("available"); ok && (value.Mentions("win32") || value.Mentions("os-family") || value.Mentions("linux")) {
		return nil // it says so in some way
	}
	p.set(target, file.AddCondition(src, "available", notWindows), "available: %s", notWindows)
	return nil
}

// opamNames are the packages that an opam file depends on.
func opamNames(file *opamfile.File) []string {
	value, ok := file.Field("depends")
	if !ok {
		return nil
	}
	var list []string
	var walk func(v opamfile.Value)
	walk = func(v opamfile.Value) {
		if v.Kind == opamfile.String {
			list = append(list, v.Text)
		}
		for _, arg := range v.Args {
			walk(arg)
		}
	}
	walk(value)
	return list
}

// missingNeeds are the needs that depends does not have; any conf package of Rust will do.
func missingNeeds(depends []string) []string {
	var missing []string
	for _, name := range needs {
		if !slices.ContainsFunc(depends, func(d string) bool {
			return d == name || strings.HasPrefix(name, "conf-rust") && strings.HasPrefix(d, "conf-rust")
		}) {
			missing = append(missing, name)
		}
	}
	return missing
}

// projectDepends adds the missing dependencies to the package's stanza in the
// dune-project.
func (p *Project) projectDepends(pkg string) error {
	src, list, err := p.stanzas("dune-project")
	if err != nil {
		p.byHand("in the dune-project, to (depends ...) of the package %s, add: %s", pkg, strings.Join(needs, " "))
		return nil //nolint:nilerr // dune itself says what is wrong with its file
	}
	for _, stanza := range list {
		if stanza.Name() != "package" || !slices.Contains(stanza.FieldWords("name"), pkg) {
			continue
		}
		field, ok := stanza.Field("depends")
		for _, d := range field.Args() {
			if text := strings.NewReplacer("(", " ", ")", " ").Replace(string(src[d.Start:d.End])); strings.HasPrefix(d.Name(), "conf-rust") &&
				slices.Contains([]string{":build", "and :build"}, strings.Join(strings.Fields(text)[1:], " ")) {
				p.editDune("dune-project", src, []edit.Edit{edit.At(d.Start, d.End, d.Name())}, "depends: %s without :build", d.Name())
				return p.projectDepends(pkg)
			}
		}
		var have []string
		for _, d := range field.Args() {
			have = append(have, d.Atom, d.Name())
		}
		missing := missingNeeds(have)
		switch {
		case len(missing) == 0:
		case ok:
			p.editDune("dune-project", src, []edit.Edit{dune.Append(src, field, missing...)}, "depends: %s", strings.Join(missing, ", "))
		default:
			p.editDune("dune-project", src, []edit.Edit{dune.AddField(src, stanza, "(depends "+strings.Join(missing, " ")+")")}, "depends: %s", strings.Join(missing, ", "))
		}
		return nil
	}
	p.byHand("in the dune-project, to (depends ...) of the package %s, add: %s", pkg, strings.Join(needs, " "))
	return nil
}
