package scaffold

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/dune"
)

// action reads one action of dune's language.
func (r *run) action(s scope, a dune.Node) {
	args := a.Args()
	switch name := a.Name(); {
	case name == "chdir" && len(args) > 1:
		s.dir = place(s.dir, r.word(args[0]))
		r.actions(s, args[1:])
	case name == "setenv" && len(args) > 2:
		r.actions(s.exports(args[0].Value, r.word(args[1])), args[2:])
	case slices.Contains([]string{"with-stdout-to", "with-stderr-to", "with-outputs-to"}, name) && len(args) > 1:
		before := len(r.also)
		r.actions(s, args[1:])
		how := "(" + shown(args[1]) + ")"
		if len(r.also) > before { // told as what makes the file
			r.also = r.also[:before]
		}
		r.made[place(s.dir, r.word(args[0]))] = how
	case name == "with-stdin-from" || name == "with-accepted-exit-codes":
		if len(args) > 1 {
			r.actions(s, args[1:])
		}
	case name == "run" || name == "dynamic-run":
		r.command(&s, r.words(args))
	case (name == "system" || name == "bash") && len(args) > 0:
		r.text(&s, r.word(args[0]))
	case slices.Contains([]string{"copy", "copy#", "copy-and-add-line-directive", "rename", "symlink"}, name) && len(args) == 2:
		r.copied(place(s.dir, r.word(args[0])), place(s.dir, r.word(args[1])))
	case name == "write-file" && len(args) > 0:
		r.made[place(s.dir, r.word(args[0]))] = "(write-file ...)"
	case slices.Contains([]string{"echo", "cat", "mkdir", "remove-tree", "cmp", "diff", "diff?", "touch"}, name):
	default: // progn, no-infer, concurrent, pipe-stdout, ignore-outputs, and what may come
		r.actions(s, args)
	}
}

func (r *run) actions(s scope, list []dune.Node) {
	for _, a := range list {
		if a.IsList {
			r.action(s, a)
		}
	}
}

var variable = regexp.MustCompile(`%\{[^}]*\}`)

// word is what an atom says, its variables put in.
func (r *run) word(n dune.Node) string {
	return variable.ReplaceAllStringFunc(n.Value, func(v string) string {
		name := v[2 : len(v)-1]
		kind, rest, _ := strings.Cut(name, ":")
		switch {
		case name == "project_root" || name == "workspace_root":
			return buildPlace
		case name == "ext_lib" || name == "ocaml-config:ext_lib":
			return ".a"
		case name == "ext_dll" || name == "ext_shared" || name == "ocaml-config:ext_dll":
			return ".so"
		case name == "profile":
			return "release"
		case kind == "env":
			_, value, _ := strings.Cut(rest, "=")
			return value
		case slices.Contains([]string{"dep", "exe", "bin", "path", "path-no-dep"}, kind):
			return rest
		}
		if r.named != nil {
			if value, ok := r.named(name); ok {
				return value
			}
		}
		return v
	})
}

// words are the arguments of (run ...): a variable alone may stand for several.
func (r *run) words(list []dune.Node) []string {
	var words []string
	for _, n := range list {
		word := r.word(n)
		if strings.HasPrefix(n.Value, "%{") && strings.HasSuffix(n.Value, "}") && strings.Count(n.Value, "%{") == 1 {
			words = append(words, strings.Fields(word)...)
		} else if !n.IsList {
			words = append(words, word)
		}
	}
	return words
}

// variablesOf are the values of a rule's own variables: its targets, its dependencies,
// and those that have a name.
func (r *run) variablesOf(stanza dune.Node, targets []string) {
	deps := map[string][]string{}
	var collect func(name string, list []dune.Node)
	collect = func(name string, list []dune.Node) {
		for _, n := range list {
			switch {
			case !n.IsList:
				word := r.word(n)
				deps["deps"] = append(deps["deps"], word)
				if name != "" {
					deps[name] = append(deps[name], word)
				}
			case strings.HasPrefix(n.Name(), ":"):
				collect(n.Name()[1:], n.Args())
			case n.Name() == "file":
				collect(name, n.Args())
			}
		}
	}
	if field, ok := stanza.Field("deps"); ok {
		collect("", field.Args())
	}
	r.named = func(name string) (string, bool) {
		switch name {
		case "targets", "target", "@":
			return strings.Join(targets, " "), true
		case "<", "first_dep":
			return first(deps["deps"]), len(deps["deps"]) > 0
		}
		list, ok := deps[strings.TrimPrefix(name, "deps:")]
		return strings.Join(list, " "), ok
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// A rule is one of dune's, and what it was read as.
type rule struct {
	placed
	run     *run
	targets []string // as places
}

// readRule reads a stanza with an action; nil for another.
func (p *Project) readRule(at placed) *rule {
	if at.stanza.Name() != "rule" && at.stanza.Name() != "alias" {
		return nil
	}
	action, ok := at.stanza.Field("action")
	actions := action.Args()
	if args := at.stanza.Args(); !ok && len(args) == 1 && args[0].IsList { // the short form
		actions, ok = args, true
	}
	if !ok {
		return nil
	}
	r := newRun(p)
	dir := path.Join(buildPlace, at.dir)
	var targets []string
	for _, name := range []string{"targets", "target"} {
		field, _ := at.stanza.Field(name)
		targets = append(targets, r.words(field.Args())...)
	}
	r.variablesOf(at.stanza, targets)
	r.actions(scope{dir: dir}, actions)
	found := &rule{placed: at, run: r}
	for _, t := range targets {
		found.targets = append(found.targets, place(dir, t))
	}
	if len(targets) == 0 && at.stanza.Name() == "rule" { // dune infers them
		for _, made := range []map[string]string{r.from, r.made} {
			for to := range made {
				if path.Dir(to) == dir {
					found.targets = append(found.targets, to)
				}
			}
		}
		slices.Sort(found.targets)
	}
	return found
}

var archiveName = regexp.MustCompile(`^(?:lib|dll)(.+)\.(?:a|so|dylib|dll|lib)$`)

// archiveOf is the name of an archive, as (foreign_archives ...) has it, with its
// directory; false for a file that is none.
func archiveOf(at string) (string, bool) {
	m := archiveName.FindStringSubmatch(path.Base(at))
	dir, ok := inProject(path.Dir(at))
	if m == nil || !ok {
		return "", false
	}
	return path.Join(dir, m[1]), true
}

// commands are the calls of cargo, as one writes them at the project's root.
func (r *run) commands() []string {
	list := make([]string, 0, len(r.calls))
	for _, c := range r.calls {
		list = append(list, shownPlaces(strings.TrimSpace("cargo "+strings.Join(c.args, " "))))
	}
	return list
}

// shownPlaces is a text with its places relative to the project.
func shownPlaces(text string) string {
	return regexp.MustCompile(projectPlace+`(/[^ "']*)?`).ReplaceAllStringFunc(text, func(at string) string {
		if name, ok := inProject(path.Clean(at)); ok {
			return name
		}
		return at
	})
}

// shown is a list as it is written, cut where it is long.
func shown(n dune.Node) string {
	var words []string
	for _, inner := range n.List {
		if inner.IsList {
			words = append(words, "(...)")
		} else {
			words = append(words, inner.Atom)
		}
	}
	text := strings.Join(words, " ")
	if len(text) > 60 {
		text = text[:60] + "..."
	}
	return text
}
