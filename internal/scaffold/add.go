package scaffold

import (
	"bytes"
	"errors"
	"path"
	"strings"
)

// Add adds to a package that is there what it lacks to be of a kind, and changes
// nothing else.
func (p *Project) Add(kind Kind, pkg Package) error {
	if err := errors.Join(p.language(), p.otherGenerator(pkg)); err != nil {
		return err
	}
	made := false
	if dir, ok := p.installed(pkg); ok {
		pkg.Tree = dir
	} else if !pkg.Found {
		var err error
		if made, err = p.chooseTree(kind, &pkg); err != nil {
			return err
		}
	}
	if !p.there(pkg.Opam) && !p.declared(pkg.Name) {
		if err := p.newProject(kind, pkg); err != nil {
			return err
		}
	}
	problems := []error{p.opamFile(kind, pkg)}
	if made {
		problems = append(problems, p.newTree(pkg))
	}
	cargos, err := p.cargos(pkg.Tree)
	if err != nil {
		return err
	}
	unseen, err := p.keepOut(cargos)
	problems = append(problems, err, p.RustBindings(kind, pkg.Name), p.linkUsers(kind, pkg, cargos))
	problems = append(problems, p.tellHidden(unseen))
	p.lock(kind, pkg.Tree)
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
		if f.Name == pkg.Opam && (pkg.Tree != "rust" || len(pkg.Crates) > 0) { // installField has another
			f.Data = bytes.Replace(f.Data, []byte("install: [[\"opam-cargo\" \"install\"]]\n"), nil, 1)
		}
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
		problems = append(problems, p.Create(path.Join(pkg.Tree, strings.TrimPrefix(f.Name, "rust/")), f.Data))
	}
	return errors.Join(problems...)
}
