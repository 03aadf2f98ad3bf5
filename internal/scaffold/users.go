package scaffold

import (
	"path"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/edit"
)

// linkUsers lets what links the package's Rust code list rust_bindings: the programs,
// tests, inline tests and mdx of the project that use a library which calls it.
func (p *Project) linkUsers(kind Kind, pkg Package, cargos []string) error {
	libraries, err := p.targets(cargos, "library")
	if err != nil {
		return err
	}
	if kind == Binding && len(libraries) == 0 && len(p.ByHand) == 0 { // nor an unreadable file
		p.byHand("no dune file has a (library ...): write the one that binds the Rust code")
	}
	calling := p.calling(kind, libraries)
	users, err := p.targets(cargos, "test", "tests", "executable", "executables", "mdx")
	if err != nil {
		return err
	}
	users = slices.DeleteFunc(users, func(t target) bool { return !t.uses(calling) && !slices.Contains(p.carried, t.names[0]) })
	for _, l := range libraries {
		if _, ok := l.stanza.Field("inline_tests"); ok && (l.uses(calling) || slices.ContainsFunc(l.names, func(n string) bool { return slices.Contains(calling, n) })) {
			users = append(users, l)
		}
	}
	if kind == Executable && len(p.carried) == 0 {
		programs, err := p.program(pkg, cargos)
		if err != nil {
			return err
		}
		users = append(users, programs...)
	}
	return p.link(users)
}

// uses tells whether a stanza lists one of these libraries.
func (t target) uses(names []string) bool {
	field, _ := t.stanza.Field("libraries")
	return slices.ContainsFunc(names, field.Has)
}

// calling are the names of the libraries that call Rust, those that linked an archive
// before or else all of a binding's, and of those that list one of them.
func (p *Project) calling(kind Kind, libraries []target) []string {
	names := slices.Clone(p.carried)
	if len(names) == 0 && kind == Executable {
		return nil // its own libraries are for the program to link
	}
	for _, l := range libraries {
		if len(p.carried) == 0 {
			names = append(names, l.names...)
		}
	}
	for grown := true; grown; {
		grown = false
		for _, l := range libraries {
			if l.uses(names) && !slices.Contains(names, l.names[0]) {
				names = append(names, l.names...)
				grown = true
			}
		}
	}
	return names
}

// program finds the package's executable, if it is clear which that is: the only one, or
// the only one that is installed.
func (p *Project) program(pkg Package, cargos []string) ([]target, error) {
	all, err := p.targets(cargos, "executable", "executables")
	if err != nil {
		return nil, err
	}
	mine := slices.DeleteFunc(slices.Clone(all), func(t target) bool {
		owner := t.packageOf()
		return owner != "" && owner != pkg.Name
	})
	if slices.ContainsFunc(mine, func(t target) bool { return t.uses(p.libraries[:1]) }) {
		return nil, nil
	}
	public := slices.DeleteFunc(slices.Clone(mine), func(t target) bool {
		return len(t.stanza.FieldWords("public_name", "public_names")) == 0
	})
	switch {
	case len(public) == 1:
		return public, nil
	case len(mine) == 1:
		return mine, nil
	case len(mine) == 0:
		p.byHand("no dune file has an (executable ...): add %s to the (libraries ...) of the one that you write", strings.Join(p.libraries, " "))
		return nil, nil
	}
	where := make([]string, len(mine))
	for i, t := range mine {
		where[i] = t.file + " (" + strings.Join(t.names, " ") + ")"
	}
	p.byHand("there are several executables; add %s to the (libraries ...) of those that use Rust: %s", strings.Join(p.libraries, " "), strings.Join(where, ", "))
	return nil, nil
}

// link adds rust_bindings to the libraries of the targets. Those of one file are edited
// together, for an edit moves what follows.
func (p *Project) link(targets []target) error {
	edits := map[string][]edit.Edit{}
	who := map[string]map[string][]string{}
	for _, t := range targets {
		src, err := p.read(t.file)
		if err != nil {
			return err
		}
		stanza, what := t.stanza, "libraries"
		if stanza.Name() == "library" { // its tests link it, not the library itself
			stanza, _ = stanza.Field("inline_tests")
			what = "inline tests"
		}
		field, ok := stanza.Field("libraries")
		missing := slices.DeleteFunc(slices.Clone(p.libraries), field.Has)
		if len(missing) == 0 {
			continue
		}
		switch {
		case ok && slices.ContainsFunc(field.Args(), func(n dune.Node) bool { return n.Name() == ":include" }):
			p.byHand("%s: (libraries ...) of %s includes a file: add %s to it", t.where(), t.names[0], strings.Join(missing, " "))
			continue
		case ok:
			edits[t.file] = append(edits[t.file], dune.Append(src, field, missing...))
		default:
			edits[t.file] = append(edits[t.file], dune.AddField(src, stanza, "(libraries "+strings.Join(missing, " ")+")"))
		}
		if who[t.file] == nil {
			who[t.file] = map[string][]string{}
		}
		who[t.file][what] = append(who[t.file][what], t.names[0])
	}
	for _, name := range sorted(edits) {
		src, err := p.read(name)
		if err != nil {
			return err
		}
		var places []string
		for _, what := range []string{"libraries", "inline tests"} {
			if list := who[name][what]; len(list) > 0 {
				places = append(places, "the "+what+" of "+strings.Join(list, ", "))
			}
		}
		p.editDune(name, src, edits[name], "%s in %s", strings.Join(p.libraries, ", "), strings.Join(places, " and "))
	}
	return nil
}

// lock tells of a lock that git does not see: a binding's own, or the program's; and of a
// binding without one.
func (p *Project) lock(kind Kind, rust string) {
	name := path.Join(rust, "Cargo.lock")
	if kind == Executable {
		name = "rust-bindings/Cargo.lock"
	}
	if rule := p.ignored(name); rule != "" {
		p.byHand("git ignores %s (%s), which says what versions were tested: take that line out, and commit the file", name, rule)
	}
	if kind == Binding && !p.there(name) {
		p.byHand("write the lock, which says what versions were tested, and commit it: cargo generate-lockfile --manifest-path %s", path.Join(rust, "Cargo.toml"))
	}
}
