// Package opamcrates turns registry crates into opam packages that bring their sources:
// one package for each crate and semver-compatible range, with a version for each of
// the crate's. Cargo's rule (one version in a range) and opam's (one version of a
// package) are then the same rule (docs/facts.md#one-version-of-a-package). Entry points: [PackageName], [Version],
// [Depend], [Update].
package opamcrates

import (
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/lockfile"
)

const prefix = "crate-"

// PackageName is the opam package of a crate at a version: "crate-ff-0_14" for ff
// 0.14.1. Ranges have no dash, so that no two crates give one name.
func PackageName(crate, version string) string {
	return rangeName(crate, lockfile.CompatRange(version))
}

func rangeName(crate, compat string) string {
	return prefix + crate + "-" + strings.ReplaceAll(compat, ".", "_")
}

// IsPackage tells whether an opam package is one of a crate.
func IsPackage(name string) bool { return strings.HasPrefix(name, prefix) }

// Version spells a cargo version in opam's terms, so that the order stays cargo's. A
// release is as it is, build metadata too. A pre-release follows a "~", which opam puts
// before everything. In it, semver compares identifiers one by one: numbers by value and
// before words, words by their bytes, a shorter list first; opam compares digits by
// value wherever they stand, and letters before everything else but the end. So the dots
// between identifiers become "A", and in words, bytes below the small letters become
// pairs of letters in the order of the bytes: "-" is "Ba", digits are "Ca" to "Cj",
// capital letters follow a "D".
func Version(version string) string {
	core, build, hasBuild := strings.Cut(version, "+")
	core, pre, isPre := strings.Cut(core, "-")
	if isPre {
		ids := strings.Split(pre, ".")
		for i, id := range ids {
			ids[i] = identifier(id)
		}
		core += "~" + strings.Join(ids, "A")
	}
	if hasBuild {
		core += "+" + build
	}
	return core
}

func identifier(id string) string {
	if strings.Trim(id, "0123456789") == "" {
		return id
	}
	var b strings.Builder
	for i := 0; i < len(id); i++ {
		switch c := id[i]; {
		case c == '-':
			b.WriteString("Ba")
		case c >= '0' && c <= '9':
			b.WriteString("C" + string('a'+c-'0'))
		case c >= 'A' && c <= 'Z':
			b.WriteString("D" + string(c))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// IsPre tells whether a cargo version is a pre-release.
func IsPre(version string) bool {
	core, _, _ := strings.Cut(version, "+")
	return strings.Contains(core, "-")
}
