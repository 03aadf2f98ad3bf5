package manifest

import (
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/edit"
)

// ForDevelopment tells whether a value stands in a table of development dependencies.
func ForDevelopment(v Value) bool {
	return slices.Contains(v.Key, "dev-dependencies") || slices.Contains(v.Key, "dev_dependencies")
}

// Inherits tells whether the package takes anything from its workspace's root.
func (m *Manifest) Inherits() bool {
	return slices.ContainsFunc(m.values, func(v Value) bool {
		return len(v.Key) > 1 && v.Key[len(v.Key)-1] == "workspace" && v.Text == "true"
	})
}

// InheritedDependencies are the keys of the dependencies, development aside, that stand
// in [workspace.dependencies] of the root.
func (m *Manifest) InheritedDependencies() []string {
	var names []string
	for _, v := range m.values {
		if n := len(v.Key); n >= 3 && v.Key[n-1] == "workspace" && v.Text == "true" && !ForDevelopment(v) &&
			strings.HasSuffix(v.Key[n-3], "dependencies") {
			names = append(names, v.Key[n-2])
		}
	}
	return names
}

// InheritedPath is the path of a dependency in [workspace.dependencies].
func (m *Manifest) InheritedPath(name string) (string, bool) {
	v, _ := Lookup(m.Tree, "workspace", "dependencies", name, "path")
	dir, ok := v.(string)
	return dir, ok
}

// OnlyMembers are the edits that leave of a workspace's members those that keep says yes
// to: cargo refuses a workspace of which a member is not there.
func (m *Manifest) OnlyMembers(keep func(pattern string) bool) []edit.Edit {
	var edits []edit.Edit
	for _, v := range m.values {
		if len(v.Key) != 2 || v.Key[0] != "workspace" || (v.Key[1] != "members" && v.Key[1] != "default-members") {
			continue
		}
		list, _ := Lookup(m.Tree, v.Key...)
		all := Strings(list)
		kept := slices.DeleteFunc(slices.Clone(all), func(p string) bool { return !keep(p) })
		if len(kept) == len(all) {
			continue
		}
		quoted := make([]string, 0, len(kept))
		for _, p := range kept {
			quoted = append(quoted, Quote(p))
		}
		edits = append(edits, edit.At(v.start, v.end, "["+strings.Join(quoted, ", ")+"]"))
	}
	return edits
}

// Strings are the strings of a TOML array.
func Strings(array any) []string {
	list, _ := array.([]any)
	var names []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			names = append(names, s)
		}
	}
	return names
}
