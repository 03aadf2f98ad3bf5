package workspace

import (
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/term"
)

// Tell says what the plan does that a user would not expect.
func (p *Plan) Tell(out *term.Printer) {
	for _, name := range p.UnknownBindings() {
		out.Warn("rust-bindings/settings.toml: there is no binding %s in this build; [bindings.%s] has no effect", name, name)
	}
	for _, t := range p.Trees() {
		if t.Origin == bindings.Installed {
			TellProfiles(t, out.Detail, out.Detail)
			t.TellConfigured(out.Detail)
		} else {
			TellProfiles(t, out.Warn, out.Hint)
			t.TellConfigured(out.Warn)
		}
	}
	for _, o := range p.Overruled {
		out.Say("%s gives way to that of rust-bindings/settings.toml", o)
	}
	for _, m := range p.Merged {
		out.Detail("crate %s %s is the same in %v: the copy of %s serves all", m.Crate, m.Version, m.Dropped, m.Kept)
	}
	for _, sp := range p.Split {
		if sp.Exported {
			out.Detail("crate %s %s differs between %v: they are built as separate crates", sp.Crate, sp.Version, sp.Packages)
			continue
		}
		out.Warn("the path crate %s %s differs between %s: it is built once for each, and they share no state",
			sp.Crate, sp.Version, strings.Join(sp.Packages, ", "))
		out.Hint("if they should be one, give them the same content; if not, different names or versions")
	}
}

// TellProfiles says that the profiles of a tree are not the program's.
func TellProfiles(t *bindings.Tree, warn, hint func(string, ...any)) {
	m := t.Manifest()
	if m == nil || !m.Has("profile") {
		return
	}
	warn("%s: %s: the [profile] tables have no effect here: as in cargo, only the root of a workspace decides, and that is the program",
		t.Package, m.File)
	hint("what the program should have of them belongs into rust-bindings/settings.toml")
}
