package scaffold

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/edit"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// cargos lists the directories that are cargo's, not dune's: the Rust tree, or, where
// OCaml sources are in it too, its vendored crates and what cargo makes.
func (p *Project) cargos(rust string) ([]string, error) {
	vendors, err := p.vendorDirs()
	if err != nil {
		return nil, err
	}
	files, err := p.duneFiles(true, vendors...)
	if err != nil {
		return nil, err
	}
	shared := rust == "." || slices.ContainsFunc(files, func(name string) bool {
		_, list, err := p.stanzas(name)
		return tree.Inside(rust, name) && (err != nil || slices.ContainsFunc(list, func(n dune.Node) bool { return !aboutDirs(n) }))
	})
	switch {
	case !p.there(path.Join(rust, "Cargo.toml")):
		return nil, nil
	case shared:
		return append(vendors, path.Join(rust, "target")), nil
	}
	return []string{rust}, nil
}

// aboutDirs tells whether a stanza only says which directories dune looks into.
func aboutDirs(n dune.Node) bool {
	return slices.Contains([]string{"dirs", "data_only_dirs", "vendored_dirs"}, n.Name())
}

// excludeAll keeps dune out of directories.
func (p *Project) excludeAll(dirs []string) error {
	siblings := map[string][]string{}
	for _, dir := range dirs {
		siblings[path.Dir(dir)] = append(siblings[path.Dir(dir)], dir)
	}
	for _, list := range siblings {
		if err := p.exclude(list...); err != nil {
			return err
		}
	}
	return nil
}

// exclude keeps dune out of directories, which all have the same parent.
func (p *Project) exclude(dirs ...string) error {
	name := path.Join(path.Dir(dirs[0]), "dune")
	bases := make([]string, len(dirs))
	for i, dir := range dirs {
		bases[i] = path.Base(dir)
	}
	stanza := `(dirs :standard \ ` + strings.Join(bases, " ") + ")"
	src, list, err := p.stanzas(name)
	if err != nil {
		p.unsure(name, err, "add %s, so that dune does not look into what is cargo's", stanza)
		return nil //nolint:nilerr // told
	}
	var missing []string
	for _, base := range bases {
		if !hidden(list, base) {
			missing = append(missing, base)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	stanza = `(dirs :standard \ ` + strings.Join(missing, " ") + ")"
	at := slices.IndexFunc(list, func(n dune.Node) bool { return n.Name() == "dirs" })
	list = p.included(path.Dir(name), list)
	switch {
	case at >= 0 && canAppend(list[at]):
		p.editDune(name, src, []edit.Edit{dune.Append(src, list[at], missing...)}, "%s", stanza)
	case slices.ContainsFunc(list, func(n dune.Node) bool {
		return slices.Contains([]string{"dirs", "include", "dynamic_include"}, n.Name()) || slices.ContainsFunc(missing, n.Has)
	}):
		p.byHand("in %s, keep dune out of %s, as this stanza does: %s", name, strings.Join(missing, " and "), stanza)
	default:
		p.set(name, dune.AddStanza(src, stanza), "%s", stanza)
	}
	return nil
}

// included are the stanzas with those of included files that can be read in the place of
// their (include ...).
func (p *Project) included(dir string, list []dune.Node) []dune.Node {
	var all []dune.Node
	for _, n := range list {
		if n.Name() == "include" && len(n.Words()) == 1 && p.there(path.Join(dir, n.Words()[0])) {
			if _, inner, err := p.stanzas(path.Join(dir, n.Words()[0])); err == nil {
				all = append(all, inner...)
				continue
			}
		}
		all = append(all, n)
	}
	return all
}

// hidden tells whether the stanzas of a directory keep dune out of the one below it.
func hidden(list []dune.Node, base string) bool {
	return slices.ContainsFunc(list, func(n dune.Node) bool {
		switch n.Name() {
		case "data_only_dirs", "vendored_dirs": // dune may look into the latter, as it does today
			return slices.Contains(n.Words(), base)
		case "dirs":
			without, ok := without(n)
			return ok && slices.Contains(without, base) || isPlain(n) && !slices.Contains(n.Words(), base)
		}
		return false
	})
}

// without recognizes (dirs :standard ... \ a b), which may end with further names.
func without(n dune.Node) ([]string, bool) {
	words := n.Words()
	at := slices.Index(words, `\`)
	if len(words) != len(n.Args()) || at < 1 || words[0] != ":standard" || at == len(words)-1 || slices.Contains(words[at+1:], `\`) {
		return nil, false
	}
	return words[at+1:], true
}

// canAppend tells whether a name at the end of (dirs ...) is one that dune stays out of.
func canAppend(n dune.Node) bool {
	_, ok := without(n)
	return ok
}

// isPlain recognizes (dirs a b), with nothing but names.
func isPlain(n dune.Node) bool {
	words := n.Words()
	return len(words) == len(n.Args()) && !slices.ContainsFunc(words, func(w string) bool { return strings.ContainsAny(w, `:*?\[{!`) })
}

// unsure leaves a file to the user that is not s-expressions, or whose syntax dune will
// complain of.
func (p *Project) unsure(name string, err error, format string, args ...any) {
	if errors.Is(err, dune.ErrOCaml) {
		format += " (the file is in OCaml syntax)"
	} else {
		format += " (the file cannot be read: " + strings.ReplaceAll(err.Error(), "%", "%%") + ")"
	}
	p.byHand("in %s, "+format, append([]any{name}, args...)...)
}

// A target is a stanza that links a program, or a library.
type target struct {
	placed
	names []string
}

// targets lists the stanzas of these kinds in the project's dune files.
func (p *Project) targets(leftOut []string, kinds ...string) ([]target, error) {
	list, broken, err := p.everyStanza(leftOut...)
	if err != nil {
		return nil, err
	}
	for name, err := range broken {
		p.unsure(name, err, "look for what needs rust_bindings in its (libraries ...)")
	}
	var found []target
	for _, s := range list {
		names := s.stanza.FieldWords("public_name", "public_names", "name", "names")
		if s.stanza.Name() == "mdx" {
			names = []string{"mdx"}
		}
		if slices.Contains(kinds, s.stanza.Name()) && len(names) > 0 {
			found = append(found, target{s, names})
		}
	}
	return found, nil
}
