package source

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/site"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Places are where crates are looked for, in order: what the trees bring, what the
// program brings, what opam installed, what whoever builds names, and what cargo
// downloaded before.
func Places(s *site.Site, trees []*bindings.Tree, committed *lockfile.Lock) ([]Place, error) {
	var list []Place
	for _, t := range trees {
		list = append(list, Place{Dir: filepath.Join(t.Dir, filepath.FromSlash(t.PrivateDir()), "crates"), Kind: CrateFiles, Label: "the crates of " + t.Package})
		lock, err := t.Lock()
		if err != nil {
			return nil, err
		}
		for _, v := range t.Vendor {
			dir := filepath.Join(t.Dir, filepath.FromSlash(v))
			list = append(list, Place{Dir: dir, Kind: Directory, Label: VendorOf(t.Package), Owner: t.Package, Lock: lock})
		}
	}
	own := filepath.Join(s.Root.Dir, "rust-bindings")
	list = append(list, Place{Dir: filepath.Join(own, "crates"), Kind: CrateFiles, Label: "rust-bindings/crates"})
	vendor, err := crate.FindVendorDirs(own)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, dir := range vendor {
		list = append(list, Place{Dir: dir, Kind: Directory, Label: s.Root.Shown(dir), Lock: committed})
	}
	if s.Prefix != "" {
		list = append(list, Place{Dir: crate.Store(s.Prefix), Kind: Directory, Label: OfSwitch, Trusted: true})
	}
	for _, dir := range bindings.Beside(s.Getenv, crate.StoreDir) {
		if dir != s.CrateStore() {
			list = append(list, Place{Dir: dir, Kind: Directory, Label: dir, Trusted: true})
		}
	}
	for _, dir := range filepath.SplitList(s.Getenv("OPAM_CARGO_CRATES")) {
		if !tree.IsDir(dir) {
			s.Out.Warn("OPAM_CARGO_CRATES names %s, which is no directory", dir)
		}
		list = append(list, Place{Dir: dir, Kind: Directory, Label: "OPAM_CARGO_CRATES (" + dir + ")", Trusted: true, Named: true})
	}
	downloads := filepath.Join(cargo.UserHome(s.Getenv), "registry", "cache")
	list = append(list, Place{Dir: downloads, Kind: Downloads, Label: "cargo's download cache"})
	return slices.DeleteFunc(list, func(p Place) bool { return !tree.IsDir(p.Dir) }), nil
}

// OfSwitch is the [Place.Label] of the crates that opam installed.
const OfSwitch = "the switch's rust-crates"

// VendorOf is the [Place.Label] of the vendor directories of a binding's tree.
func VendorOf(pkg string) string { return "the vendor directory of " + pkg }
