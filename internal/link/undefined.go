package link

import (
	"context"
	"debug/elf"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/archive"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// tellUndefined warns of C symbols that the OCaml code of an installed binding wants
// and that neither its own archives nor the Rust code define: the linker would name
// the symbol, but not the reason. What C stubs want is not looked at; it may come from
// any library.
func tellUndefined(ctx context.Context, in Input, libraries []*library) (told bool) {
	defined := map[string]bool{}
	for _, l := range libraries {
		for symbol := range l.Index() {
			defined[symbol] = true
		}
	}
	missing := map[string][]string{} // opam package -> symbols
	for _, p := range in.Plan.Bindings {
		if p.Origin != bindings.Installed {
			continue
		}
		wanted := map[string]bool{}
		for _, dir := range in.libraries(p.Package) {
			for symbol := range wantedBy(dir) {
				wanted[symbol] = !defined[symbol] && !ofOCaml(symbol)
			}
		}
		if others, known := in.definedBelow(ctx, p.Package); known {
			for symbol, is := range wanted {
				if is && !others[symbol] {
					missing[p.Package] = append(missing[p.Package], symbol)
				}
			}
		}
	}
	if len(missing) == 0 {
		return false
	}
	system := systemSymbols(ctx)
	for _, pkg := range order.Keys(missing) {
		var names []string
		for _, symbol := range missing[pkg] {
			if !system[symbol] {
				names = append(names, symbol)
			}
		}
		if len(names) > 0 {
			told = true
			sort.Strings(names)
			in.Site.Out.Warn("%s: its OCaml code wants %s, which neither its C stubs nor the Rust code of this build define",
				pkg, strings.Join(names, ", "))
			in.Site.Out.Hint("a feature of its crate may be off (see [bindings.%s] in rust-bindings/settings.toml), "+
				"or its OCaml and Rust parts are of different releases: opam reinstall %s", pkg, pkg)
		}
	}
	return told
}

// definedBelow are the symbols of all archives of a package and of those that it needs, and
// of the libraries that these link. It is not known where one of them is not found.
func (in Input) definedBelow(ctx context.Context, pkg string) (set map[string]bool, known bool) {
	set = map[string]bool{}
	for name := range in.below(pkg) {
		for _, dir := range in.libraries(name) {
			for _, file := range tree.Glob(dir, "*.a") {
				_ = addDefined(set, file) // not an archive of this machine
			}
			for _, file := range tree.Glob(dir, "*.cmxa") {
				libs, dirs := linkerFlags(file)
				for _, lib := range libs {
					found := in.symbolsOf(ctx, lib, append(dirs, dir))
					if len(found) == 0 {
						return nil, false
					}
					for symbol := range found {
						set[symbol] = true
					}
				}
			}
		}
	}
	return set, true
}

// wantedBy are the symbols that the OCaml archives of an installed package want, and that
// none of its archives defines.
func wantedBy(dir string) map[string]bool {
	own, wanted := map[string]bool{}, map[string]bool{}
	for _, file := range tree.Glob(dir, "*.a") {
		if addDefined(own, file) != nil {
			continue // not an archive of this machine
		}
		if strings.HasPrefix(filepath.Base(file), "lib") {
			continue // C stubs
		}
		addWanted(wanted, file)
	}
	for symbol := range own {
		delete(wanted, symbol)
	}
	return wanted
}

// ofOCaml tells the symbols that OCaml's own compiler and runtime define.
func ofOCaml(symbol string) bool {
	return strings.HasPrefix(symbol, "caml") || strings.HasPrefix(symbol, "_") || strings.HasPrefix(symbol, "unix_")
}

func addDefined(set map[string]bool, file string) error {
	a, err := archive.Open(file)
	if err != nil {
		return err
	}
	defer a.Close()
	for symbol := range a.Index() {
		set[symbol] = true
	}
	return nil
}

func addWanted(set map[string]bool, file string) {
	a, err := archive.Open(file)
	if err != nil {
		return
	}
	defer a.Close()
	for m := range a.Members() {
		names, err := a.Wanted(m)
		if err != nil {
			return // an object of a form that is not known here: the linker decides
		}
		for _, name := range names {
			set[name] = true
		}
	}
}

// systemSymbols are those of the C library and the mathematical one, which every
// program is linked with.
func systemSymbols(ctx context.Context) map[string]bool {
	set := map[string]bool{}
	for _, lib := range []string{"libc.so.6", "libm.so.6"} {
		out, err := exec.CommandContext(ctx, "cc", "-print-file-name="+lib).Output()
		if err != nil {
			continue
		}
		f, err := elf.Open(strings.TrimSpace(string(out)))
		if err != nil {
			continue
		}
		symbols, err := f.DynamicSymbols()
		_ = f.Close() // nothing was written
		if err == nil {
			for _, s := range symbols {
				set[s.Name] = true
			}
		}
	}
	return set
}
