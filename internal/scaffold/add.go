package scaffold

import (
	"errors"
	"path"
	"slices"
	"strings"
)

// Add adds to a package that is there what it lacks to be of a kind, and changes
// nothing else.
func (p *Project) Add(kind Kind, pkg Package) error {
	if !p.there(pkg.Opam) {
		if err := p.newProject(kind, pkg); err != nil {
			return err
		}
	}
	if dir, ok := p.installed(pkg); ok {
		pkg.Tree = dir
	}
	problems := []error{p.opamFile(kind, pkg)}
	if kind == Binding && !p.there(path.Join(pkg.Tree, "Cargo.toml")) {
		problems = append(problems, p.newTree(pkg))
	}
	cargos, err := p.cargos(pkg.Tree)
	if err != nil {
		return err
	}
	problems = append(problems, p.excludeAll(cargos))
	problems = append(problems, p.RustBindings(kind, pkg.Name))
	if kind == Binding {
		problems = append(problems, p.linkUsers(cargos))
	} else {
		problems = append(problems, p.linkProgram(pkg, cargos))
	}
	return errors.Join(problems...)
}

// newProject adds the opam file that a dune project, or a Rust tree alone, does not have
// yet, and the dune-project.
func (p *Project) newProject(kind Kind, pkg Package) error {
	n, err := namesOf(pkg.Name)
	if err != nil {
		return err
	}
	general, err := fill("package", n)
	if err != nil {
		return err
	}
	own, err := fill(string(kind), n)
	if err != nil {
		return err
	}
	var problems []error
	for _, f := range append(general, own...) {
		if f.Name == pkg.Opam || f.Name == "dune-project" && !p.there(f.Name) {
			problems = append(problems, p.Create(f.Name, f.Data))
		}
	}
	return errors.Join(problems...)
}

// newTree adds a crate to a package that has no Rust.
func (p *Project) newTree(pkg Package) error {
	n, err := namesOf(pkg.Name)
	if err != nil {
		return err
	}
	files, err := fill("rust", n)
	if err != nil {
		return err
	}
	var problems []error
	for _, f := range files {
		problems = append(problems, p.Create(f.Name, f.Data))
	}
	return errors.Join(problems...)
}

// linkUsers lets the tests and programs of a binding package link its Rust code: those
// that list one of its libraries.
func (p *Project) linkUsers(cargos []string) error {
	libraries, err := p.targets(cargos, "library")
	if err != nil {
		return err
	}
	if len(libraries) == 0 && len(p.ByHand) == 0 { // nor an unreadable file
		p.byHand("no dune file has a (library ...): write the one that binds the Rust code")
	}
	var names []string
	for _, l := range libraries {
		names = append(names, l.names...)
	}
	users, err := p.targets(cargos, "test", "tests", "executable", "executables")
	if err != nil {
		return err
	}
	for _, l := range libraries {
		if tests, ok := l.stanza.Field("inline_tests"); ok && !tests.Has("rust_bindings") {
			p.byHand("%s:%d: the inline tests of %s link its Rust code: (inline_tests (libraries rust_bindings))", l.file, l.stanza.Line, l.names[0])
		}
	}
	users = slices.DeleteFunc(users, func(t target) bool {
		field, _ := t.stanza.Field("libraries")
		return !slices.ContainsFunc(names, field.Has)
	})
	return p.link(users)
}

// linkProgram lets the package's executable link the Rust code, if it is clear which
// that is: the only one, or the only one that is installed.
func (p *Project) linkProgram(pkg Package, cargos []string) error {
	all, err := p.targets(cargos, "executable", "executables")
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(t target) bool {
		field, ok := t.stanza.Field("libraries")
		return ok && field.Has(p.libraries[0])
	}) {
		return nil
	}
	public := slices.DeleteFunc(slices.Clone(all), func(t target) bool {
		of := t.stanza.FieldWords("package")
		return len(t.stanza.FieldWords("public_name", "public_names")) == 0 || len(of) > 0 && of[0] != pkg.Name
	})
	switch {
	case len(public) == 1:
		return p.link(public)
	case len(all) == 1:
		return p.link(all)
	case len(all) == 0:
		p.byHand("no dune file has an (executable ...): add %s to the (libraries ...) of the one that you write", strings.Join(p.libraries, " "))
		return nil
	}
	where := make([]string, len(all))
	for i, t := range all {
		where[i] = t.file + " (" + strings.Join(t.names, " ") + ")"
	}
	p.byHand("there are several executables; add %s to the (libraries ...) of those that use Rust: %s", strings.Join(p.libraries, " "), strings.Join(where, ", "))
	return nil
}
