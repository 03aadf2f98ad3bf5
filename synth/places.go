package synth

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/tree"
	"github.com/opam-cargo/opam-cargo/workspace"
)

// supply is what the places offer for one resolution.
type supply struct {
	offers []workspace.Offer
	absent map[string]string // name-version of registry crates that a lock names and no place has; what is to be added
}

// supply finds the verified crates that the chain of places offers: of every
// crate that a lock names, and all of the directory sources; one for each name
// and version, and for each git source.
func (s *State) supply(l *locks) (*supply, error) {
	places, err := s.places()
	if err != nil {
		return nil, err
	}
	chain, err := workspace.NewChain(places)
	if err != nil {
		return nil, err
	}
	su := &supply{absent: map[string]string{}}
	var substitutes []string
	seen := map[string]bool{}
	for _, wanted := range l.crates() {
		p := wanted[0]
		key := offerKey(p)
		seen[key] = true
		found := false
		for _, p := range wanted {
			o, ok := chain.Find(crate.ID{Name: p.Name, Version: p.Version, Checksum: p.Checksum}, sourceKey(p))
			if found = ok; ok {
				su.offers = append(su.offers, o)
				if len(wanted) > 1 {
					l.settle(p)
				}
				break
			}
		}
		if !found && !s.Locked && sourceKey(p) == "" {
			var o workspace.Offer
			if o, found = chain.Substitute(crate.ID{Name: p.Name, Version: p.Version}); found {
				su.offers = append(su.offers, o)
				p.Checksum = o.ID.Checksum
				l.settle(p)
				substitutes = append(substitutes, p.Name+" "+p.Version)
			}
		}
		if !found && p.Registry() {
			su.absent[p.Name+"-"+p.Version] = ""
			if source := sourceKey(p); source != "" {
				su.absent[p.Name+"-"+p.Version] = " of " + source
			}
		}
		if len(wanted) > 1 {
			s.Term.Warn("the crate %s %s has %d checksums in the locks of this build", p.Name, p.Version, len(wanted))
			s.Term.Hint("a release never changes: one of the locks, or vendor directories, holds a changed copy; bring them from the registry anew")
		}
	}
	if len(substitutes) > 0 {
		s.Term.Warn("OPAM_CARGO_CRATES stands for %s of the locks, with other checksums: %s", term.Count(len(substitutes), "crate"), strings.Join(substitutes, ", "))
		s.Term.Hint("to build what the committed lock names and nothing else: --locked")
	}
	for _, o := range chain.Vendored() {
		if !seen[o.Key()] {
			su.offers = append(su.offers, o)
		}
	}
	for _, w := range chain.Warnings {
		s.Term.Warn("%s", w)
	}
	su.noteOthers()
	return su, nil
}

// noteOthers notes beside the absent crates which other version is here that may do,
// as it does where a distribution has one of each.
func (su *supply) noteOthers() {
	for _, o := range su.offers {
		for id, note := range su.absent {
			version, ok := strings.CutPrefix(id, o.ID.Name+"-")
			if ok && note == "" && o.Source == "" && lockfile.CompatRange(version) == lockfile.CompatRange(o.ID.Version) {
				su.absent[id] = fmt.Sprintf(" (%s is here)", o.ID.Version)
			}
		}
	}
}

// offerKey is [workspace.Offer.Key] of a lock's package.
func offerKey(p lockfile.Package) string {
	return workspace.Offer{ID: crate.ID{Name: p.Name, Version: p.Version}, Source: sourceKey(p)}.Key()
}

// sourceKey is where a crate comes from, as a key of cargo's configuration: empty
// for the default registry, another registry's source, or a git source without its
// commit.
func sourceKey(p lockfile.Package) string {
	switch {
	case p.Git():
		wanted, _ := lockfile.GitSource(p.Source)
		return wanted
	case p.Source == lockfile.DefaultRegistry:
		return ""
	}
	return p.Source
}

const cannotLoad = " (it is here, but this cargo cannot load it: a newer Rust can)"

// places are where crates are looked for, in order (DESIGN section 4, Crates).
func (s *State) places() ([]workspace.Place, error) {
	var list []workspace.Place
	for _, t := range s.Plan.Trees() {
		list = append(list, workspace.Place{Dir: filepath.Join(t.Dir, tree.Private, "crates"), Kind: workspace.CrateFiles, Label: "the crates of " + t.Package})
		for _, v := range t.Vendor {
			list = append(list, workspace.Place{Dir: filepath.Join(t.Dir, filepath.FromSlash(v)), Kind: workspace.Source, Label: "the vendor directory of " + t.Package})
		}
	}
	own := filepath.Join(s.Root.Dir, "rust-bindings")
	list = append(list, workspace.Place{Dir: filepath.Join(own, "crates"), Kind: workspace.CrateFiles, Label: "rust-bindings/crates"})
	vendor, err := crate.FindVendorDirs(own)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, dir := range vendor {
		list = append(list, workspace.Place{Dir: dir, Kind: workspace.Source, Label: s.Root.Shown(dir)})
	}
	if s.Prefix != "" {
		list = append(list, workspace.Place{Dir: crate.Store(s.Prefix), Kind: workspace.Source, Label: "the switch's rust-crates"})
	}
	for _, dir := range filepath.SplitList(s.Getenv("OPAM_CARGO_CRATES")) {
		if !tree.IsDir(dir) {
			s.Term.Warn("OPAM_CARGO_CRATES names %s, which is no directory", dir)
		}
		list = append(list, workspace.Place{Dir: dir, Kind: workspace.Source, Label: "OPAM_CARGO_CRATES (" + dir + ")", Named: true})
	}
	list = append(list, workspace.Place{Dir: filepath.Join(cargo.UserHome(s.Getenv), "registry", "cache"), Kind: workspace.Downloads, Label: "cargo's download cache"})
	return slices.DeleteFunc(list, func(p workspace.Place) bool { return !tree.IsDir(p.Dir) }), nil
}
