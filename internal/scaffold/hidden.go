package scaffold

import (
	"path"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/edit"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// tellHidden tells of stanzas that want files of directories which dune does not look
// into any more: a header beside the crate, say. Where only archives are wanted, which
// nobody makes now, the stanza goes.
func (p *Project) tellHidden(cargos []string) error {
	list, _, err := p.everyStanza(cargos...)
	if err != nil {
		return err
	}
	for i := len(list) - 1; i >= 0; i-- { // from the end: an edit moves what follows
		s := list[i]
		if r := p.readRule(s); aboutDirs(s.stanza) || r != nil && len(r.run.calls) > 0 { // told as one that calls cargo
			continue
		}
		word, dir := wants(s, cargos, newRun(p))
		if word == "" {
			continue
		}
		ext := path.Ext(word)
		if strings.HasPrefix(s.stanza.Name(), "copy_files") && slices.Contains([]string{".a", ".so", ".dylib", ".{a,so}"}, ext) {
			src, err := p.read(s.file)
			if err != nil {
				return err
			}
			if _, stanzas, err := p.stanzas(s.file); err == nil && s.file == path.Join(s.dir, "dune") && has(stanzas, s.stanza) {
				p.editDune(s.file, src, []edit.Edit{dune.Remove(src, s.stanza)}, "without (%s ...) of archives", s.stanza.Name())
				continue
			}
		}
		p.byHand("%s: the stanza (%s ...) names %s, and dune does not look into %s any more: put what it wants beside it", s.where(), s.stanza.Name(), word, dir)
	}
	return nil
}

// wants is the first word of a stanza that names a file or directory below one of dirs.
func wants(s placed, dirs []string, r *run) (word, dir string) {
	var walk func(n dune.Node) string
	walk = func(n dune.Node) string {
		for _, inner := range n.List {
			if found := walk(inner); found != "" {
				return found
			}
		}
		if n.IsList || !strings.Contains(n.Value, "/") || strings.ContainsAny(n.Value, " \n") {
			return ""
		}
		at, ok := inProject(place(path.Join(buildPlace, s.dir), r.word(n)))
		for _, d := range dirs {
			if ok && tree.Inside(d, at) {
				dir = d
				return n.Value
			}
		}
		return ""
	}
	return walk(s.stanza), dir
}

func has(list []dune.Node, n dune.Node) bool {
	return slices.ContainsFunc(list, func(other dune.Node) bool { return other.Start == n.Start && other.End == n.End })
}
