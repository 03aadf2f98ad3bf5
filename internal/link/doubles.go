package link

import (
	"errors"
	"slices"
	"sort"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/opam-cargo/opam-cargo/internal/check"
	"github.com/opam-cargo/opam-cargo/internal/graph"
)

// double is a symbol that two crates define.
type double struct {
	symbol string
	by     [2]*graph.Node // the first serves where one may
}

// pairs are the doubles of a symbol that crates define. The first of a pair is the newer
// version of one crate, else the crate of the opam package whose name comes first.
func pairs(g *graph.Graph, symbol string, crates []*graph.Node) []double {
	crates = slices.Clone(crates)
	sort.Slice(crates, func(i, j int) bool { return before(g, crates[i], crates[j]) })
	crates = slices.Compact(crates)
	var list []double
	for i := 1; i < len(crates); i++ {
		list = append(list, double{symbol, [2]*graph.Node{crates[0], crates[i]}})
	}
	return list
}

// before is the order of which crate serves for another.
func before(g *graph.Graph, a, b *graph.Node) bool {
	if a.Name == b.Name {
		if c := semver.Compare("v"+a.Version, "v"+b.Version); c != 0 {
			return c > 0
		}
	}
	return who(g, a)+a.ID < who(g, b)+b.ID
}

func who(g *graph.Graph, n *graph.Node) string {
	return strings.Join(g.Owners(n.ID), ", ") + "\x00" + n.Name + " " + n.Version
}

// verdict judges the doubles: two packages that define one symbol are a problem, unless
// the program's settings allow it; within one package, whose own lock has both crates, its
// author's build takes them too. It returns the crates whose definitions give way.
func (in Input) verdict(list []double) (losers map[string][]*graph.Node, err error) {
	type pair struct{ a, b string }
	symbols, crates := map[pair][]string{}, map[pair][2]*graph.Node{}
	for _, d := range list {
		p := pair{d.by[0].ID, d.by[1].ID}
		symbols[p] = append(symbols[p], d.symbol)
		crates[p] = d.by
	}
	order := make([]pair, 0, len(symbols))
	for p := range symbols {
		order = append(order, p)
	}
	sort.Slice(order, func(i, j int) bool { return order[i].a+order[i].b < order[j].a+order[j].b })
	losers = map[string][]*graph.Node{}
	var problems []error
	for _, p := range order {
		names := symbols[p]
		sort.Strings(names)
		names = slices.Compact(names)
		a, b := crates[p][0], crates[p][1]
		serve := func(names []string) {
			for _, name := range names {
				losers[name] = append(losers[name], b)
			}
		}
		var allowed, left []string
		for _, name := range names {
			if matches(in.Plan.Settings.Allow.Symbols, name) {
				allowed = append(allowed, name)
			} else {
				left = append(left, name)
			}
		}
		if serve(allowed); len(allowed) > 0 {
			in.Site.Out.Say("%s: crate %s %s serves for crate %s %s, as rust-bindings/settings.toml allows",
				check.Some(allowed), a.Name, a.Version, b.Name, b.Version)
		}
		if len(left) == 0 {
			continue
		}
		if pkg := in.withinOne(a, b); pkg != "" {
			serve(left)
			in.Site.Out.Warn("%s: the symbol %s is defined twice, by the crates %s %s and %s %s, as its own Cargo.lock has them: %s serves for both",
				pkg, check.Some(left), a.Name, a.Version, b.Name, b.Version, a.Name+" "+a.Version)
			in.Site.Out.Hint("each of the two may have been compiled for its own; who wants which: opam-cargo why %s", b.Name)
			continue
		}
		problems = append(problems, check.Twice(in.Graph, left, a, b))
	}
	return losers, errors.Join(problems...)
}

// withinOne is the package that brings both crates, each of which no other package brings
// alone, if its own lock has both; else empty.
func (in Input) withinOne(a, b *graph.Node) string {
	for _, t := range in.Plan.Trees() {
		if !slices.Contains(in.Graph.Owners(a.ID), t.Package) || !slices.Contains(in.Graph.Owners(b.ID), t.Package) {
			continue
		}
		lock, err := t.Lock()
		if err != nil || lock == nil {
			continue
		}
		has := func(n *graph.Node) bool {
			version, _, _ := strings.Cut(n.Version, "+") // of a path crate that several trees have
			for _, p := range lock.Packages {
				if p.Name == n.Name && (p.Version == n.Version || n.Source == "" && p.Version == version) {
					return true
				}
			}
			return false
		}
		if has(a) && has(b) {
			return t.Package
		}
	}
	return ""
}
