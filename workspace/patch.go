package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// Patch is a [patch] entry that the umbrella crate takes over from a tree.
type Patch struct {
	Source  string         `json:"source"`
	Key     string         `json:"key"`
	Crate   string         `json:"crate"`
	Package string         `json:"package"` // opam package whose tree has it; empty: the program's settings
	Spec    map[string]any `json:"spec"`    // a path is relative to W
}

// decidePatches takes over the settings' patches, and lifts the trees' to the root,
// paths rebased. Two trees that patch one crate in the same way share the patch; in
// different ways, there is no right choice, unless the settings make it.
func (p *Plan) decidePatches() {
	decided := map[string]bool{} // by the settings
	for _, q := range p.Settings.patches() {
		own := Patch{Source: q.Source, Key: q.Key, Crate: q.Crate, Spec: maps.Clone(q.Spec)}
		if q.Dir != "" {
			own.Spec["path"] = stagedDir(patchPackage(q), ".")
		}
		decided[q.Source+" "+q.Crate] = true
		p.Patches = append(p.Patches, own)
	}
	had := map[string]Patch{}
	for _, t := range p.trees {
		for _, q := range t.Patches() {
			if decided[q.Source+" "+q.Crate] {
				p.Overruled = append(p.Overruled, t.Package+"'s patch of "+q.Crate)
				continue
			}
			lifted := Patch{Source: q.Source, Key: q.Key, Crate: q.Crate, Package: t.Package, Spec: maps.Clone(q.Spec)}
			if q.Dir != "" {
				lifted.Spec["path"], _ = p.placed(t, &bindings.Crate{Dir: q.Dir})
			}
			id := q.Source + " " + q.Crate
			old, ok := had[id]
			if !ok {
				had[id] = lifted
				p.Patches = append(p.Patches, lifted)
				continue
			}
			if fmt.Sprint(old.Spec) != fmt.Sprint(lifted.Spec) {
				p.problems = append(p.problems, problem.New(problem.Resolve, "%s patches the crate %s in one way and %s in another (%s, %s)",
					old.Package, q.Crate, t.Package, describe(old.Spec), describe(lifted.Spec)).In(t.Package).At(t.Manifest().File, 0).
					Hint("one program has one %s: let both patches have the same content, or take one of them out", q.Crate).
					Hint("or decide for the program, in rust-bindings/settings.toml: [patch.%s] %s = { path = \"../patches/%s\" }", q.Source, q.Crate, q.Crate))
			}
		}
	}
}

// wantedOf tells whether another binding wants the crate c of t.
func (p *Plan) wantedOf(t *bindings.Tree, c *bindings.Crate) bool {
	for _, other := range p.trees {
		for _, user := range other.Crates {
			if user.From[c.Name] == t.Package {
				return true
			}
		}
	}
	return false
}

// decideFrom lets bindings depend on crates of other bindings in the cone: what
// [package.metadata.opam-cargo.from] names is patched to the staged crate.
func (p *Plan) decideFrom() {
	had := map[string]string{}
	for _, t := range p.trees {
		for _, c := range t.Crates {
			for _, name := range order.Keys(c.From) {
				pkg := c.From[name]
				dir, err := p.crateOf(pkg, name)
				switch {
				case err != nil:
					p.problems = append(p.problems, err.In(t.Package).At(t.ShownAt(c.Dir, "Cargo.toml"), 0))
				case had[name] == "":
					had[name] = dir
					p.Patches = append(p.Patches, Patch{Source: "crates-io", Key: name, Crate: name, Package: pkg, Spec: map[string]any{"path": dir}})
				case had[name] != dir:
					p.problems = append(p.problems, problem.New(problem.Resolve, "two bindings want the crate %s, each of another binding", name).
						In(t.Package).At(t.ShownAt(c.Dir, "Cargo.toml"), 0).Hint("one program has one %s: their authors must agree where it comes from", name))
				}
			}
		}
	}
}

// crateOf is where the crate of a binding is staged.
func (p *Plan) crateOf(pkg, name string) (string, *problem.Error) {
	for _, t := range p.trees {
		if t.Package != pkg {
			continue
		}
		for i := range t.Crates {
			if t.Crates[i].Name == name {
				dir, _ := p.placed(t, &t.Crates[i])
				return dir, nil
			}
		}
		return "", problem.New(problem.Input, "metadata.opam-cargo.from wants the crate %s of %s, whose tree has none of that name", name, pkg).
			Hint("correct the name, or install a release of %s that has it", pkg)
	}
	return "", problem.New(problem.Input, "metadata.opam-cargo.from wants the crate %s of %s, which is no binding in the cone", name, pkg).
		Hint("add %q to depends: in the opam file of the binding", pkg)
}

func describe(spec map[string]any) string {
	parts := make([]string, 0, len(spec))
	for k, v := range spec {
		parts = append(parts, fmt.Sprintf("%s = %v", k, v))
	}
	sort.Strings(parts)
	return strings.Join(parts, ", ")
}

// Problem is what makes the plan impossible, if anything.
func (p *Plan) Problem() error { return errors.Join(p.problems...) }

// renderPatches writes the [patch] tables.
func (p *Plan) renderPatches(b *bytes.Buffer) error {
	tables := map[string]map[string]any{}
	for _, q := range p.Patches {
		if tables[q.Source] == nil {
			tables[q.Source] = map[string]any{}
		}
		spec := maps.Clone(q.Spec)
		key := q.Key
		if _, taken := tables[q.Source][key]; taken {
			key = q.Key + "-" + q.Package
		}
		spec["package"] = q.Crate
		tables[q.Source][key] = spec
	}
	sources := make([]string, 0, len(tables))
	for s := range tables {
		sources = append(sources, s)
	}
	slices.Sort(sources)
	for _, s := range sources {
		b.WriteString("\n")
		if err := toml.NewEncoder(b).Encode(map[string]any{"patch": map[string]any{s: tables[s]}}); err != nil {
			return fmt.Errorf("render the patches: %w", err)
		}
	}
	return nil
}
