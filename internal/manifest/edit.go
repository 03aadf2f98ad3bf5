package manifest

import (
	"slices"

	"github.com/opam-cargo/opam-cargo/internal/edit"
)

// Replace is the edit that writes s, as a TOML string, in place of v.
func (v Value) Replace(s string) edit.Edit {
	return edit.At(v.start, v.end, Quote(s))
}

// Apply returns the source with the edits made.
func (m *Manifest) Apply(edits []edit.Edit) []byte { return edit.Apply(m.Source, edits) }

// RlibOnly is the edit that makes a library crate that lists staticlib, cdylib
// or dylib an rlib: under an umbrella crate those kinds either do not link or
// are built for nothing (docs/facts.md#crate-types).
// Proc-macros are left alone.
func (m *Manifest) RlibOnly() []edit.Edit {
	if v, ok := Lookup(m.Tree, "lib", "proc-macro"); ok && v == true {
		return nil
	}
	var edits []edit.Edit
	for _, v := range m.values {
		if len(v.Key) != 2 || v.Key[0] != "lib" || (v.Key[1] != "crate-type" && v.Key[1] != "crate_type") {
			continue
		}
		kinds, _ := Lookup(m.Tree, v.Key...)
		if lists(kinds, "staticlib", "cdylib", "dylib") && !lists(kinds, "proc-macro") {
			edits = append(edits, edit.At(v.start, v.end, `["rlib"]`))
		}
	}
	return edits
}

func lists(array any, names ...string) bool {
	list, _ := array.([]any)
	for _, item := range list {
		if s, ok := item.(string); ok && slices.Contains(names, s) {
			return true
		}
	}
	return false
}

// OwnRoot is the edit that ends a manifest without a [workspace] with an empty
// one, so that no manifest above its directory matters (docs/facts.md#path-dependencies).
func (m *Manifest) OwnRoot() []edit.Edit {
	if m.Has("workspace") || !m.Has("package") {
		return nil
	}
	end := len(m.Source)
	text := "\n[workspace]\n"
	if end > 0 && m.Source[end-1] != '\n' {
		text = "\n" + text
	}
	return []edit.Edit{edit.At(end, end, text)}
}

// Version are the edits that give the package this version, also where it had none, or
// inherited it from the workspace.
func (m *Manifest) Version(version string) []edit.Edit {
	quoted := Quote(version)
	for _, v := range m.values {
		switch {
		case slices.Equal(v.Key, []string{"package", "version"}):
			return []edit.Edit{edit.At(v.start, v.end, quoted)}
		case slices.Equal(v.Key, []string{"package", "version", "workspace"}) && len(v.own) > 1:
			// version.workspace = true: the key must change as well.
			return []edit.Edit{edit.At(v.own[len(v.own)-2], v.end, "version = "+quoted)}
		case slices.Equal(v.Key, []string{"package", "version", "workspace"}):
			// [package.version], a table of its own, which goes.
			return append(m.addVersion(quoted), edit.At(v.table, v.end, ""))
		}
	}
	if m.Has("package", "version") {
		return nil // something that cargo will refuse
	}
	return m.addVersion(quoted)
}

// addVersion puts a version behind the package's name, which each has; this alone moves
// the lines below it.
func (m *Manifest) addVersion(quoted string) []edit.Edit {
	for _, v := range m.values {
		if !slices.Equal(v.Key, []string{"package", "name"}) {
			continue
		}
		text := "\nversion = " + quoted
		switch {
		case v.inline:
			text = ", version = " + quoted
		case len(v.own) > 1: // package.name = "x"
			text = "\npackage.version = " + quoted
		}
		return []edit.Edit{edit.At(v.end, v.end, text)}
	}
	return nil
}
