package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

//go:embed templates/*.txtar
var templates embed.FS

// Kind is what a package is to opam-cargo.
type Kind string

// The kinds of packages.
const (
	Binding    Kind = "binding"
	Executable Kind = "executable"
)

// names are what the templates call a new package.
type names struct {
	Package string // of opam
	Lib     string // the dune library, and what its C symbols begin with
	Module  string // of OCaml
	Crate   string
}

// namesOf derives the names from the package's, or says why it can have none.
func namesOf(pkg string) (names, error) {
	if err := bindings.CheckName(pkg); err != nil {
		return names{}, err
	}
	lib := strings.ToLower(strings.NewReplacer("-", "_", "+", "_").Replace(pkg))
	if lib[0] < 'a' || lib[0] > 'z' {
		return names{}, problem.New(problem.Usage, "the package name %q gives no name for a dune library and a crate, which begin with a letter", pkg).
			Hint("name the package: --package NAME")
	}
	if slices.Contains([]string{"rust_bindings", "stdlib", "unix", "str", "threads", "dynlink", "bigarray"}, lib) {
		return names{}, problem.New(problem.Usage, "the name %q is taken, by OCaml's or dune's own libraries or by rust_bindings", pkg).
			Hint("name the package: --package NAME")
	}
	return names{
		Package: pkg, Lib: lib, Module: strings.ToUpper(lib[:1]) + lib[1:],
		Crate: strings.ToLower(strings.ReplaceAll(pkg, "+", "-")) + "-ffi",
	}, nil
}

// fill is a template's files for n.
func fill(name string, n names) ([]txtar.File, error) {
	t, err := template.ParseFS(templates, "templates/"+name+".txtar")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, n); err != nil {
		return nil, err
	}
	return txtar.Parse(b.Bytes()).Files, nil
}

// Start makes a new package, which builds, tests and installs at once. Files that are
// there stay; only .gitignore gets the lines that it lacks.
func (p *Project) Start(kind Kind, pkg string) error {
	n, err := namesOf(pkg)
	if err != nil {
		return err
	}
	var problems []error
	for _, name := range []string{"package", "rust", string(kind)} {
		files, err := fill(name, n)
		if err != nil {
			return err
		}
		for _, f := range files {
			if f.Name == ".gitignore" {
				problems = append(problems, p.ignore(strings.Fields(string(f.Data))))
				continue
			}
			problems = append(problems, p.Create(f.Name, f.Data))
		}
	}
	problems = append(problems, p.RustBindings(kind, pkg))
	return errors.Join(problems...)
}

// RustBindings adds rust-bindings/dune and its .gitignore. An executable package installs
// the build record; a binding installs nothing of it. Of what init wrote before, all
// packages of a project share the rest.
func (p *Project) RustBindings(kind Kind, pkg string) error {
	const name = "rust-bindings/dune"
	wanted := ""
	if kind == Executable {
		wanted = pkg
	}
	stanzas := dune.Stanzas(wanted)
	if p.each {
		stanzas = dune.StanzasEach(wanted, p.libraries)
	}
	old, err := p.read(name)
	if err != nil {
		return err
	}
	problems := []error{p.onlyOne(), p.Create("rust-bindings/.gitignore", dune.Gitignore())}
	owner, ours := recordOwner(old)
	switch {
	case !ours || p.each:
		problems = append(problems, p.Create(name, stanzas))
	case kind == Binding && owner == pkg:
		p.set(name, stanzas, "a binding installs no build record")
	case kind == Executable && owner == "":
		p.set(name, stanzas, "%s installs the build record", pkg)
	case kind == Executable && owner != pkg:
		p.byHand("%s installs the build record with the package %s; to have it with %s, change that there", name, owner, pkg)
	}
	return errors.Join(problems...)
}

// recordOwner is the package that installs the record by the stanzas that init wrote; ok
// is false for other text.
func recordOwner(stanzas []byte) (owner string, ok bool) {
	list, err := dune.Parse(stanzas)
	if err != nil || len(list) == 0 {
		return "", false
	}
	if last := list[len(list)-1]; last.Name() == "install" {
		owner = strings.Join(last.FieldWords("package"), "")
	}
	return owner, string(stanzas) == string(dune.Stanzas(owner))
}

// ignore adds the lines that .gitignore lacks.
func (p *Project) ignore(lines []string) error {
	src, err := p.read(".gitignore")
	if err != nil {
		return err
	}
	text := string(src)
	have := strings.Split(text, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	for _, line := range lines {
		if !slices.Contains(have, line) {
			text += line + "\n"
		}
	}
	p.set(".gitignore", []byte(text), "what dune and cargo make")
	return nil
}

// IsEmpty tells whether a directory has nothing but what a new repository has.
func IsEmpty(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		name := strings.ToUpper(strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())))
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains([]string{"README", "LICENSE", "LICENCE", "COPYING"}, name) {
			return false, nil
		}
	}
	return true, nil
}
