package bindings

import "github.com/opam-cargo/opam-cargo/internal/manifest"

// Resolver is which of cargo's resolvers the tree asks for by its workspace's root, as
// cargo reads it: "1", "2" or "3"; empty where the root cannot be read. In a program the
// umbrella crate asks, so a tree gets another one than it had.
func (t *Tree) Resolver() string {
	m := t.Manifest()
	if m == nil {
		return ""
	}
	for _, table := range []string{"workspace", "package"} {
		if v, ok := manifest.Lookup(m.Tree, table, "resolver"); ok {
			resolver, _ := v.(string)
			return resolver
		}
	}
	edition, _ := manifest.Lookup(m.Tree, "package", "edition")
	if _, inherited := edition.(map[string]any); inherited {
		edition, _ = manifest.Lookup(m.Tree, "workspace", "package", "edition")
	}
	switch edition {
	case "2021":
		return "2"
	case "2024":
		return "3"
	}
	return "1" // also of a workspace whose root is no package
}
