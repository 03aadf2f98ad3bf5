package explain

import (
	"fmt"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/workspace"
)

func features(l workspace.Link) string {
	text := ""
	if len(l.Features) > 0 {
		text = ", features " + strings.Join(l.Features, " ")
	}
	if !l.DefaultFeatures {
		text += ", without default features"
	}
	return text
}

// Text tells the whole decision, made with a release of cargo.
func (p Program) Text(cargo string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "packages: %s\n", strings.Join(p.Plan.Packages, ", "))
	fmt.Fprintf(&b, "cargo: %s\n", cargo)
	for _, bound := range p.Plan.Bindings {
		fmt.Fprintf(&b, "binding %s", bound.Package)
		if bound.Version != "" {
			fmt.Fprintf(&b, " %s", bound.Version)
		}
		fmt.Fprintf(&b, " (%s: %s)\n", bound.Origin, bound.Source)
	}
	for _, l := range p.Plan.Links {
		fmt.Fprintf(&b, "link %s %s of %s%s\n", l.Crate, l.Version, l.Package, features(l))
	}
	for _, a := range p.Plan.Archives {
		fmt.Fprintf(&b, "archive %s\n", a.File())
	}
	for _, m := range p.Plan.Merged {
		fmt.Fprintf(&b, "one crate %s %s: the copy of %s serves %s\n", m.Crate, m.Version, m.Kept, strings.Join(m.Dropped, ", "))
	}
	for _, sp := range p.Plan.Split {
		fmt.Fprintf(&b, "several crates %s %s: those of %s differ\n", sp.Crate, sp.Version, strings.Join(sp.Packages, ", "))
	}
	for _, q := range p.Plan.Patches {
		whose := "rust-bindings/settings.toml"
		if q.Package != "" {
			whose = q.Package
		}
		fmt.Fprintf(&b, "patch %s of %s, by %s\n", q.Crate, q.Source, whose)
	}
	for _, o := range p.Plan.Overruled {
		fmt.Fprintf(&b, "not used: %s\n", o)
	}
	var crates []string
	for _, locked := range p.Lock.Packages {
		if !locked.Path() {
			crates = append(crates, locked.Name+" "+locked.Version)
		}
	}
	sort.Strings(crates)
	fmt.Fprintf(&b, "registry crates: %d\n", len(crates))
	for _, c := range crates {
		fmt.Fprintf(&b, "  %s\n", c)
	}
	for _, v := range p.Vendored {
		fmt.Fprintf(&b, "not verified: %s %s, from %s, for %s\n", v.Crate, v.Version, v.From, strings.Join(v.Serves, ", "))
	}
	return b.String()
}
