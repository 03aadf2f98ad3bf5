package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// Layout is how crates are laid out for cargo, below W.
type Layout struct {
	Dirs       workspace.Dirs
	Store      string            // of the crates that opam installed; empty: none
	Copy       bool              // the store cannot be used itself
	Registries map[string]string // other registries, by the name that manifests use
	Out        *term.Printer
}

// registry is where cargo gets the crates of the default registry from: the switch's own
// store where that has all of them, since a fixed path lets compiled crates be used again;
// else W/crates (docs/facts.md#compiled-crates-at-another-place).
func (l Layout) registry(list []Candidate) string {
	if l.Store == "" || l.Copy {
		return l.Dirs.Crates()
	}
	some := false
	for _, c := range list {
		if c.Source == "" {
			some = true
			if !crate.LaidOut(l.Store, c.ID, "") {
				return l.Dirs.Crates()
			}
		}
	}
	if !some {
		return l.Dirs.Crates()
	}
	return l.Store
}

// LayOut lays the candidates in list out below W, each crate source in a directory of its
// own, but for what is in the switch's store, and writes the cargo configuration that
// names these directories; all are the candidates whose sources cargo may ask for. It
// returns where the crates of the default registry are.
func (l Layout) LayOut(ctx context.Context, all, list []Candidate) (registry string, err error) {
	registry = l.registry(list)
	bySource := map[string][]Candidate{"": nil}
	for _, c := range all {
		if c.Source != "" {
			bySource[c.Source] = nil
		}
	}
	for _, c := range list {
		if c.Source != "" || registry == l.Dirs.Crates() {
			bySource[c.Source] = append(bySource[c.Source], c)
		}
	}
	problems := make([]error, 0, len(bySource)+1)
	var sources []string
	for source, list := range bySource {
		if source != "" {
			sources = append(sources, source)
		}
		l.forgetChanged(l.Dirs.Source(source), list)
		problems = append(problems, layOut(ctx, l.Dirs.Source(source), list, l.Out.Progress("unpacking crates")))
	}
	sort.Strings(sources)
	problems = append(problems, tree.WriteIfChanged(l.Dirs.Config(), config(l.Dirs, registry, sources, l.Registries), false))
	return registry, errors.Join(problems...)
}

// forgetChanged drops what was compiled of crates that are about to be replaced by others
// of the same name and version, as when a distribution patches one: to cargo a release
// never changes, and it would take what it has.
func (l Layout) forgetChanged(dir string, list []Candidate) {
	for _, c := range list {
		if c.ID.Checksum() == "" || !tree.IsDir(filepath.Join(dir, c.ID.String())) || crate.LaidOut(dir, c.ID, c.Content()) {
			continue
		}
		for _, profile := range []string{"*", "*/*"} { // with --target there is one more
			for _, unit := range tree.Glob(l.Dirs.W, "target*/"+profile+"/.fingerprint/"+c.ID.Name()+"-*") {
				_ = os.RemoveAll(unit) // cargo compiles anew what it cannot compare
			}
		}
	}
}

// Key fingerprints what is in the switch's store: what cargo loads, needed or not.
func (l Layout) Key() string {
	if l.Store == "" {
		return ""
	}
	return strings.Join(append(tree.Glob(l.Store, "*"), tree.Glob(l.Store, "*/.cargo-checksum.json")...), "\n")
}
