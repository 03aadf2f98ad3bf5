package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/opamcrates"
)

// ChosenByOpam are the registry crates that opam's solver chose for the program: those in
// the switch's store whose package is in the cone. nil where there are none.
func ChosenByOpam(store string, cone []string) *lockfile.Lock {
	if !slices.ContainsFunc(cone, opamcrates.IsPackage) || store == "" {
		return nil
	}
	entries, err := os.ReadDir(store)
	if err != nil {
		return nil // the places tell
	}
	chosen := &lockfile.Lock{Version: 3}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		id, _, err := crate.ReadVendored(filepath.Join(store, e.Name()))
		if err != nil || !slices.Contains(cone, opamcrates.PackageName(id.Name(), id.Version())) {
			continue
		}
		p := lockfile.Package{Name: id.Name(), Version: id.Version(), Source: lockfile.DefaultRegistry, Checksum: id.Checksum()}
		chosen.Packages = append(chosen.Packages, p)
	}
	if len(chosen.Packages) == 0 {
		return nil
	}
	return chosen
}
