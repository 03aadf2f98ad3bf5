package link

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/archive"
	"github.com/opam-cargo/opam-cargo/internal/compile"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// definition is a symbol's definition in a member of a crate's rlib.
type definition struct {
	crate  string // name of the cargo package
	pkg    string // opam package; of a registry crate those that need it
	path   bool   // a path crate, somebody's own
	rlib   string
	member int
}

// linkSymbols chooses the symbols of an archive that the linker must be told to want, so
// that its place on the command line does not matter (docs/facts.md#the-order-of-libraries):
// one for each member that defines a wanted symbol; see [definitions].
func linkSymbols(file string, wanted map[string]bool) ([]string, error) {
	a, err := archive.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	defer a.Close()
	byMember := map[int][]string{}
	for symbol, members := range a.Index() {
		if wanted[symbol] {
			for _, m := range members {
				byMember[m] = append(byMember[m], symbol)
			}
		}
	}
	chosen := []string{}
	for m, names := range byMember {
		strong, err := strongSymbols(a, m)
		if err != nil {
			return nil, fmt.Errorf("read the archive: %w", err)
		}
		names = slices.DeleteFunc(names, func(n string) bool { return !strong[n] })
		if len(names) > 0 {
			chosen = append(chosen, slices.Min(names))
		}
	}
	sort.Strings(chosen)
	return slices.Compact(chosen), nil
}

func strongSymbols(a *archive.Archive, member int) (map[string]bool, error) {
	list, err := a.Symbols(member)
	if err != nil {
		return nil, err
	}
	strong := map[string]bool{}
	for _, sym := range list {
		if sym.Binding == archive.Strong {
			strong[sym.Name] = true
		}
	}
	return strong, nil
}

// definitions reads the indexes of all rlibs that cargo names, which can be read under
// fat LTO too: who defines which unmangled symbols, and which of them OCaml may want.
// These are those of path crates, and of a crate with a links key right below one
// (OCaml stubs often call the C library itself).
func definitions(g *graph.Graph, rlibs []compile.Rlib) (defs map[string][]definition, wanted map[string]bool, err error) {
	defs, wanted = map[string][]definition{}, map[string]bool{}
	wants := linkable(g)
	seen := map[string]bool{}
	for _, r := range rlibs {
		n := g.At(r.Manifest)
		if seen[r.File] || n == nil {
			continue
		}
		seen[r.File] = true
		a, err := archive.Open(r.File)
		if err != nil {
			return nil, nil, fmt.Errorf("read the rlib of %s: %w", n.Name, err)
		}
		d := definition{crate: n.Name + " " + n.Version, pkg: strings.Join(g.Owners(n.ID), ", "), path: n.Source == "", rlib: r.File}
		for symbol, members := range a.Index() {
			if archive.Mangled(symbol) || archive.Std(symbol) {
				continue
			}
			for _, d.member = range members {
				defs[symbol] = append(defs[symbol], d)
			}
			if wants[r.Manifest] {
				wanted[symbol] = true
			}
		}
		a.Close()
	}
	return defs, wanted, nil
}

// linkable are the manifests of the crates whose symbols OCaml may want.
func linkable(g *graph.Graph) map[string]bool {
	found := map[string]bool{}
	for _, n := range g.Packages {
		if g.Binding(n) == "" {
			continue
		}
		found[n.Manifest] = true
		for _, id := range n.Deps {
			if d := g.Node(id); d != nil && d.Links != "" {
				found[d.Manifest] = true
			}
		}
	}
	return found
}

// duplicates finds the symbols that two crates define. Without LTO the linker
// takes the first or fails, with thin LTO one copy vanishes: two states, or one
// crate's function in place of the other's, and nobody notices
// (docs/facts.md#symbols-defined-twice).
func duplicates(defs map[string][]definition) error {
	type pair struct{ a, b string }
	symbols := map[pair][]string{}
	who := map[pair][2]definition{}
	for symbol, list := range defs {
		strong, err := strongDefinitions(symbol, list)
		if err != nil {
			return err
		}
		for i := 1; i < len(strong); i++ {
			a, b := strong[0], strong[i]
			if a.rlib == b.rlib {
				continue
			}
			if b.crate < a.crate {
				a, b = b, a
			}
			p := pair{a.crate + " of " + a.pkg, b.crate + " of " + b.pkg}
			symbols[p] = append(symbols[p], symbol)
			who[p] = [2]definition{a, b}
		}
	}
	var pairs []pair
	for p := range symbols {
		pairs = append(pairs, p)
	}
	sort.Slice(pairs, func(i, j int) bool { return pairs[i].a+pairs[i].b < pairs[j].a+pairs[j].b })
	var problems []error
	for _, p := range pairs {
		names := symbols[p]
		sort.Strings(names)
		names = slices.Compact(names)
		a, b := who[p][0], who[p][1]
		text := names[0]
		if len(names) > 1 {
			text = fmt.Sprintf("%s and %d more", names[0], len(names)-1)
		}
		e := problem.New(problem.Check, "the symbol %s is defined twice: by crate %s (of %s) and by crate %s (of %s)",
			text, a.crate, a.pkg, b.crate, b.pkg)
		problems = append(problems, e)
		if name, _, _ := strings.Cut(a.crate, " "); strings.HasPrefix(b.crate, name+" ") && !a.path && !b.path {
			e.Hint("let both bindings use one version of %s; who wants which: opam-cargo why %s", name, name)
			continue
		}
		e.Hint("one of the two must change its name: `#[no_mangle]` functions are global in the whole program; " +
			"begin them with the package's name").
			Hint("if both are the same code, make it one crate that both depend on")
	}
	return errors.Join(problems...)
}

// strongDefinitions drops the weak ones. Only symbols that stand in several rlibs
// are looked at, so few members are read.
func strongDefinitions(symbol string, list []definition) ([]definition, error) {
	if len(list) < 2 || sameRlib(list) {
		return nil, nil
	}
	var strong []definition
	for _, d := range list {
		a, err := archive.Open(d.rlib)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Base(d.rlib), err)
		}
		weak := false
		syms, err := a.Symbols(d.member)
		a.Close()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Base(d.rlib), err)
		}
		for _, sym := range syms {
			weak = weak || sym.Name == symbol && !sym.Clashes()
		}
		if !weak {
			strong = append(strong, d)
		}
	}
	return strong, nil
}

func sameRlib(list []definition) bool {
	for _, d := range list {
		if d.rlib != list[0].rlib {
			return false
		}
	}
	return true
}
