package manifest

import (
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Edit replaces the text of values; the zero number of edits changes nothing.
type Edit struct {
	start, end int
	text       string
}

// Replace is the edit that writes s, as a TOML string, in place of v.
func (v Value) Replace(s string) Edit {
	return Edit{v.start, v.end, strconv.Quote(s)}
}

// Apply returns the source with the edits made.
func (m *Manifest) Apply(edits []Edit) []byte {
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].start < edits[j].start })
	var out strings.Builder
	at := 0
	for _, e := range edits {
		out.Write(m.Source[at:e.start])
		out.WriteString(e.text)
		at = e.end
	}
	out.Write(m.Source[at:])
	return []byte(out.String())
}

// RlibOnly is the edit that makes a library crate that lists staticlib, cdylib
// or dylib an rlib: under an umbrella crate those kinds either do not link or
// are built for nothing (FACTS F2). Proc-macros are left alone.
func (m *Manifest) RlibOnly() []Edit {
	if v, ok := Lookup(m.Tree, "lib", "proc-macro"); ok && v == true {
		return nil
	}
	var edits []Edit
	for _, v := range m.values {
		if len(v.Key) != 2 || v.Key[0] != "lib" || (v.Key[1] != "crate-type" && v.Key[1] != "crate_type") {
			continue
		}
		kinds, _ := Lookup(m.Tree, v.Key...)
		if lists(kinds, "staticlib", "cdylib", "dylib") && !lists(kinds, "proc-macro") {
			edits = append(edits, Edit{v.start, v.end, `["rlib"]`})
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
// one, so that no manifest above its directory matters (FACTS F1).
func (m *Manifest) OwnRoot() []Edit {
	if m.Has("workspace") || !m.Has("package") {
		return nil
	}
	end := len(m.Source)
	text := "\n[workspace]\n"
	if end > 0 && m.Source[end-1] != '\n' {
		text = "\n" + text
	}
	return []Edit{{end, end, text}}
}

// Version is the edit that gives the package this version, also where the
// version was inherited from the workspace.
func (m *Manifest) Version(version string) []Edit {
	quoted := strconv.Quote(version)
	for _, v := range m.values {
		switch {
		case slices.Equal(v.Key, []string{"package", "version"}):
			return []Edit{{v.start, v.end, quoted}}
		case slices.Equal(v.Key, []string{"package", "version", "workspace"}):
			// version.workspace = true: the key must change as well.
			start := strings.LastIndex(string(m.Source[:v.start]), "version")
			return []Edit{{start, v.end, "version = " + quoted}}
		}
	}
	return nil
}
