package bindings

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// OCaml users build in several worlds: with an opam switch, with the packages that dune
// itself builds, with a store such as Nix's or esy's, or with everything in one source
// tree. The environment tells which: docs/how-it-works.md#where-bindings-are-found.

// opamBuilds tells whether opam itself builds or installs a package here. dune's package
// management sets opam's variables too; then the prefix lies below a directory .pkg and
// has no switch in it.
func opamBuilds(getenv Getenv) bool {
	return getenv("OPAM_PACKAGE_NAME") != "" && !duneBuilds(getenv)
}

// duneBuilds tells whether dune's package management builds or installs a package here.
func duneBuilds(getenv Getenv) bool {
	prefix := getenv("OPAM_SWITCH_PREFIX")
	if getenv("OPAM_PACKAGE_NAME") == "" || isSwitch(prefix) {
		return false
	}
	return getenv("OPAMSWITCH") == "dune" || inDunePackage(prefix)
}

// DunePackages tells whether the program is built with packages that dune built: then no
// switch is read, since a shell has one of its own very often.
func DunePackages(getenv Getenv) bool {
	if duneBuilds(getenv) {
		return true
	}
	return !opamBuilds(getenv) && slices.ContainsFunc(Libraries(getenv), inDunePackage)
}

// inDunePackage tells whether a directory lies in one of the packages that dune built,
// which are below <build>/_private/<context>/.pkg.
func inDunePackage(dir string) bool {
	return slices.Contains(strings.Split(filepath.ToSlash(dir), "/"), ".pkg")
}

// dunePackageDir is the source directory of the package of dune's own that dir lies in:
// .pkg/<name>/source.
func dunePackageDir(dir string) (string, bool) {
	parts := strings.Split(filepath.ToSlash(dir), "/")
	for i := len(parts) - 3; i >= 0; i-- {
		if parts[i] == ".pkg" && parts[i+2] == "source" {
			return filepath.FromSlash(strings.Join(parts[:i+3], "/")), true
		}
	}
	return "", false
}

// Libraries are the directories of OCaml libraries that OCAMLPATH names, but for those
// of a dune build directory: what dune lays out there is of the workspace, whose trees
// are taken from their sources.
func Libraries(getenv Getenv) []string {
	var list []string
	for _, dir := range filepath.SplitList(getenv("OCAMLPATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if dir = filepath.Clean(dir); !ofWorkspace(dir, getenv) && !slices.Contains(list, dir) {
			list = append(list, dir)
		}
	}
	return list
}

// LibraryDirs are the directories where installed OCaml libraries are looked for, in the
// order in which their Rust trees are: those of OCAMLPATH, and that of the switch with this
// prefix; empty: there is none.
func LibraryDirs(prefix string, getenv Getenv) []string {
	list := Libraries(getenv)
	if prefix == "" {
		return list
	}
	lib := filepath.Join(prefix, "lib")
	list = slices.DeleteFunc(list, func(dir string) bool { return dir == lib })
	if opamBuilds(getenv) {
		return append([]string{lib}, list...)
	}
	return append(list, lib)
}

// ofWorkspace tells whether a directory of libraries is <build>/install/<context>/lib.
func ofWorkspace(lib string, getenv Getenv) bool {
	install := filepath.Dir(filepath.Dir(lib))
	if filepath.Base(install) != "install" {
		return false
	}
	build := filepath.Dir(install)
	return build == filepath.Dir(getenv("INSIDE_DUNE")) || tree.Exists(filepath.Join(build, ".db")) || tree.Exists(filepath.Join(build, "log"))
}

// prefixesOf are the directories that a directory of libraries was installed to: the one
// above it, and the one above the lib directory where it lies deeper, as
// lib/ocaml/5.2/site-lib does.
func prefixesOf(lib string) []string {
	list := []string{filepath.Dir(lib)}
	for dir := lib; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if filepath.Base(dir) == "lib" {
			if p := filepath.Dir(dir); p != list[0] {
				list = append(list, p)
			}
			break
		}
	}
	return list
}

// inPrefix are the directories of that name that a prefix may have.
func inPrefix(prefix, name string) []string {
	return []string{filepath.Join(prefix, name), filepath.Join(prefix, "share", name)}
}

// TreeIn is where a prefix has the Rust tree of a package, or would have it.
func TreeIn(prefix, pkg string) string {
	for _, dir := range inPrefix(prefix, Dir) {
		if t := filepath.Join(dir, pkg); tree.IsDir(t) {
			return t
		}
	}
	return filepath.Join(prefix, Dir, pkg)
}

// Beside are the directories of that name beside the OCaml libraries of OCAMLPATH.
func Beside(getenv Getenv, name string) []string {
	var list []string
	for _, lib := range Libraries(getenv) {
		for _, prefix := range prefixesOf(lib) {
			for _, dir := range inPrefix(prefix, name) {
				if tree.IsDir(dir) && !slices.Contains(list, dir) {
					list = append(list, dir)
				}
			}
		}
	}
	return list
}

// isSwitch tells whether dir is the prefix of an opam switch.
func isSwitch(dir string) bool {
	return dir != "" && tree.IsDir(filepath.Join(dir, ".opam-switch"))
}
