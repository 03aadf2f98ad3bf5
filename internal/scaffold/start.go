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
// the build record; a binding installs nothing of it. All packages of a project share the
// rest. What init wrote before, this release or an earlier one, is brought up to date;
// another text is not touched.
func (p *Project) RustBindings(kind Kind, pkg string) error {
	return errors.Join(p.language(), p.onlyOne(), p.bindingsGitignore(), p.bindingsDune(kind, pkg))
}

func (p *Project) bindingsGitignore() error {
	const name = "rust-bindings/.gitignore"
	old, err := p.read(name)
	if err != nil {
		return err
	}
	if p.there(name) && dune.WroteGitignore(old) {
		p.set(name, dune.Gitignore(), "as this release writes it")
		return nil
	}
	return p.Create(name, dune.Gitignore())
}

func (p *Project) bindingsDune(kind Kind, pkg string) error {
	const name = "rust-bindings/dune"
	old, err := p.read(name)
	if err != nil {
		return err
	}
	w, ours := dune.ReadWritten(old)
	if !ours || p.each != (len(w.Libraries) > 0) {
		wanted := ""
		if kind == Executable {
			wanted = pkg
		}
		return p.Create(name, p.bindingsStanzas(wanted))
	}
	why := "as this release writes it"
	if p.each && !slices.Equal(w.Libraries, p.libraries) {
		why = "for the bindings that are in the cone now"
	}
	switch {
	case kind == Binding && w.Package == pkg:
		w.Package, why = "", "a binding installs no build record"
	case kind == Executable && w.Package == "":
		w.Package, why = pkg, pkg+" installs the build record"
	case kind == Executable && w.Package != pkg:
		p.byHand("%s installs the build record with the package %s; to have it with %s, change that there", name, w.Package, pkg)
	}
	p.set(name, p.bindingsStanzas(w.Package), "%s", why)
	return nil
}

// bindingsStanzas is rust-bindings/dune where this package installs the build record.
func (p *Project) bindingsStanzas(pkg string) []byte {
	if p.each {
		return dune.StanzasEach(pkg, p.libraries)
	}
	return dune.Stanzas(pkg)
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
