package synth

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// switchStore is the directory of the crates that opam installed as packages; empty
// where there is none.
func (s *State) switchStore() string {
	dir := crate.Store(s.Prefix)
	if s.Prefix == "" || !tree.IsDir(dir) {
		return ""
	}
	return dir
}

// crateStore is where cargo gets the crates of the default registry from: the switch's
// own store where that has all of them, since a fixed path lets compiled crates be used
// again (FACTS F10, X2); else W/crates.
func (s *State) crateStore(offers []workspace.Offer) string {
	dir := s.switchStore()
	if dir == "" || s.copyCrates {
		return s.Dirs.Crates()
	}
	some := false
	for _, o := range offers {
		if o.Source == "" {
			some = true
			if !workspace.LaidOut(dir, o.ID) {
				return s.Dirs.Crates()
			}
		}
	}
	if !some {
		return s.Dirs.Crates()
	}
	return dir
}

// layOutOffers lays offers out below W, each source in a directory of its own (FACTS
// F7), but for what is in the switch's store, and writes the cargo configuration that
// names them.
func (s *State) layOutOffers(ctx context.Context, su *supply, offers []workspace.Offer) error {
	s.store = s.crateStore(offers)
	bySource := map[string][]workspace.Offer{"": nil}
	for _, o := range su.offers {
		if o.Source != "" {
			bySource[o.Source] = nil
		}
	}
	for _, o := range offers {
		if o.Source != "" || s.store == s.Dirs.Crates() {
			bySource[o.Source] = append(bySource[o.Source], o)
		}
	}
	problems := make([]error, 0, len(bySource)+1)
	var sources []string
	for source, list := range bySource {
		if source != "" {
			sources = append(sources, source)
		}
		s.forgetChanged(s.Dirs.Source(source), list)
		problems = append(problems, workspace.LayOut(ctx, s.Dirs.Source(source), list, s.Term.Progress("unpacking crates")))
	}
	sort.Strings(sources)
	problems = append(problems, tree.WriteIfChanged(s.Dirs.Config(), workspace.Config(s.Dirs, s.store, sources, s.Plan.Registries), false))
	return errors.Join(problems...)
}

// forgetChanged drops what was compiled of crates that are about to be replaced by others
// of the same name and version, as when a distribution patches one: to cargo a release
// never changes, and it would take what it has.
func (s *State) forgetChanged(dir string, offers []workspace.Offer) {
	for _, o := range offers {
		if o.ID.Checksum == "" || !tree.IsDir(filepath.Join(dir, o.ID.String())) || workspace.LaidOut(dir, o.ID) {
			continue
		}
		for _, profile := range []string{"*", "*/*"} { // with --target there is one more
			for _, unit := range tree.Glob(s.Dirs.W, "target*/"+profile+"/.fingerprint/"+o.ID.Name+"-*") {
				_ = os.RemoveAll(unit) // cargo compiles anew what it cannot compare
			}
		}
	}
}

// exactly are the offers that the lock names.
func (s *State) exactly(su *supply) []workspace.Offer {
	named := map[string]bool{}
	for _, p := range s.Lock.Packages {
		if !p.Path() {
			named[offerKey(p)] = true
		}
	}
	var exact []workspace.Offer
	for _, o := range su.offers {
		if named[o.Key()] {
			exact = append(exact, o)
		}
	}
	return exact
}

// unloadable finds the crate of a directory source that cargo cannot read: one such
// entry, used or not, makes the whole source fail (FACTS F5).
var unloadable = regexp.MustCompile("(?:failed to (?:parse|load|read) (?:the )?(?:manifest (?:at|for) )?`|--> )[^`\n]*/(crates|sources/[0-9a-f]+|rust-crates)/([^/`\n]+)/(?:Cargo.toml(?:`|:[0-9])|.cargo-checksum.json`)")

// resolveFrom resolves offline from what the supply offers. Crates that this cargo
// cannot load, such as those of a later edition, are left out; if there is such a one in
// the switch's store, the crates are copied from it instead.
func (s *State) resolveFrom(ctx context.Context, su *supply, seeds []*lockfile.Lock) (*graph.Graph, error) {
	for {
		if err := s.layOutOffers(ctx, su, su.offers); err != nil {
			return nil, err
		}
		found, err := s.runResolver(ctx, seeds, s.resolveOffline)
		if err == nil {
			return found, nil
		}
		m := unloadable.FindStringSubmatch(cargoWords(err))
		switch {
		case m == nil:
			return nil, err
		case s.storeBroken(ctx, m[1], m[2]):
			continue
		}
		kept := slices.DeleteFunc(slices.Clone(su.offers), func(o workspace.Offer) bool { return o.ID.String() == m[2] })
		if len(kept) == len(su.offers) {
			return nil, err
		}
		s.Term.Warn("cargo %s cannot load the crate %s; it is left out", s.Cargo.Version(ctx), m[2])
		su.absent[m[2]] = cannotLoad
		su.offers = kept
	}
}

// storeBroken tells whether an entry that cargo cannot load is one of the switch's
// store, which from now on is not used itself.
func (s *State) storeBroken(ctx context.Context, where, entry string) bool {
	if where != "rust-crates" || s.copyCrates {
		return false
	}
	s.Term.Warn("the switch's crate %s cannot be loaded by cargo %s, which then loads none of %s; the crates of this program are copied", entry, s.Cargo.Version(ctx), s.switchStore())
	s.Term.Hint("which package brings it: opam list --installed 'crate-*'; reinstall that, or remove the directory")
	s.copyCrates = true
	return true
}

// settle lays out exactly the crates that the lock names. Where they come from another
// place than those that were resolved from, the found is read again: it names places.
func (s *State) settle(ctx context.Context, su *supply) error {
	for {
		before := s.store
		if err := s.layOutOffers(ctx, su, s.exactly(su)); err != nil {
			return err
		}
		if s.store == before {
			return nil
		}
		meta, err := s.resolveOffline(ctx)
		if err == nil {
			s.Graph = graph.New(meta, s.Dirs)
			return nil
		}
		m := unloadable.FindStringSubmatch(cargoWords(err))
		if m == nil || !s.storeBroken(ctx, m[1], m[2]) {
			return err
		}
	}
}

// storeKey fingerprints what is in the switch's store: what cargo loads, needed or not.
func (s *State) storeKey() string {
	dir := s.switchStore()
	if dir == "" {
		return ""
	}
	return strings.Join(append(tree.Glob(dir, "*"), tree.Glob(dir, "*/.cargo-checksum.json")...), "\n")
}
