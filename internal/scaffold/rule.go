package scaffold

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/dune"
)

// A cargoRule is a dune rule that calls cargo.
type cargoRule struct {
	file     string
	stanza   dune.Node
	commands []string // of cargo, for messages
	makes    []string // its targets, as they are written
	archives []string // what they are called in (foreign_archives ...), with their directory
	tree     string   // the Rust tree
	crates   []string // that cargo is told to build
	unknown  []string // what is not understood
}

// String tells what the rule was read as.
func (r cargoRule) String() string {
	what := r.file + ": a rule runs " + strings.Join(r.commands, ", ")
	if len(r.commands) == 0 {
		what = r.file + ": a rule calls cargo"
	}
	if len(r.makes) > 0 {
		what += ", and makes " + strings.Join(r.makes, " ")
	}
	if r.tree != "" {
		what += ", of the Rust tree " + r.tree
	}
	return what
}

var (
	cargoWord   = regexp.MustCompile(`(^|[\s/:;&|"])cargo($|[\s};&|"])`)
	commandEnd  = regexp.MustCompile(`&&|\|\||;|\\n`)
	archiveFile = regexp.MustCompile(`^(lib|dll)(.+?)(\.a|\.so|\.dylib|%\{ext_lib\}|%\{ext_dll\}|%\{ext_shared\})$`)
)

// callsCargo tells whether a part of an action has cargo as a word.
func callsCargo(n dune.Node) bool {
	return slices.ContainsFunc(n.List, callsCargo) || cargoWord.MatchString(n.Atom)
}

// readRule understands a rule that calls cargo, or notes what it does not understand.
func (p *Project) readRule(file string, stanza, action dune.Node) cargoRule {
	r := cargoRule{file: file, stanza: stanza, makes: stanza.FieldWords("targets", "target")}
	dir := path.Dir(file)
	manifest := p.action(&r, action.Args(), dir)
	for _, made := range r.makes {
		m := archiveFile.FindStringSubmatch(path.Base(made))
		if m == nil {
			r.unknown = append(r.unknown, "it also makes "+made)
		} else if archive := path.Join(dir, path.Dir(made), m[2]); !slices.Contains(r.archives, archive) {
			r.archives = append(r.archives, archive)
		}
	}
	if len(r.makes) == 0 {
		r.unknown = append(r.unknown, "it has no (targets ...)")
	}
	if len(r.unknown) == 0 {
		r.tree = p.cargoTop(manifest)
		if r.tree == "" {
			r.unknown = append(r.unknown, "there is no Cargo.toml in "+manifest+", nor above it")
		}
	}
	return r
}

// action reads the actions that a rule runs in dir, and returns the directory of the
// Cargo.toml that cargo begins with.
func (p *Project) action(r *cargoRule, actions []dune.Node, dir string) string {
	manifest := ""
	for _, a := range actions {
		words := a.Words()
		found := ""
		switch name := a.Name(); {
		case slices.Contains([]string{"progn", "no-infer", "concurrent", "ignore-stdout", "ignore-stderr", "ignore-outputs"}, name):
			found = p.action(r, a.Args(), dir)
		case name == "chdir" && len(a.List) == 3:
			found = p.action(r, a.List[2:], within(dir, a.List[1].Atom))
		case name == "setenv" && len(a.List) == 4 && slices.Contains([]string{"CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_NET_OFFLINE"}, a.List[1].Atom):
			found = p.action(r, a.List[3:], dir)
		case name == "run" && len(words) > 0 && isCargo(words[0]):
			found = cargoBuild(r, words[1:], dir)
		case name == "run" && len(words) > 0 && copies(words[0]):
		case name == "run" && len(words) == 3 && (words[0] == "sh" || words[0] == "bash") && words[1] == "-c":
			found = shell(r, words[2], dir)
		case (name == "system" || name == "bash") && len(words) == 1:
			found = shell(r, words[0], dir)
		default:
			r.unknown = append(r.unknown, "("+shown(a)+")")
		}
		if found != "" {
			manifest = found
		}
	}
	return manifest
}

// copies are the commands that bring an archive to where the rule wants it.
func copies(command string) bool { return command == "cp" || command == "mv" }

// shell reads a script of nothing but calls of cargo and copies, such as
// `cargo build && cp a b || cp c b 2> /dev/null`.
func shell(r *cargoRule, script, dir string) string {
	manifest := ""
	for _, command := range commandEnd.Split(script, -1) {
		words := strings.Fields(command)
		switch {
		case len(words) == 0:
		case copies(words[0]):
		case isCargo(words[0]) && !strings.ContainsAny(command, "$`<>|&'\"\\"):
			manifest = cargoBuild(r, words[1:], dir)
		default:
			r.unknown = append(r.unknown, strings.Join(words, " "))
		}
	}
	return manifest
}

func isCargo(word string) bool { return word == "cargo" || word == "%{bin:cargo}" }

// cargoBuild reads a command line of cargo. Flags that decide what is compiled, such as
// --features, are not understood: the program's build would not have them.
func cargoBuild(r *cargoRule, args []string, dir string) string {
	r.commands = append(r.commands, "cargo "+strings.Join(args, " "))
	if len(args) == 0 || args[0] != "build" {
		r.unknown = append(r.unknown, "cargo "+strings.Join(args, " "))
		return ""
	}
	manifest := dir
	for i := 1; i < len(args); i++ {
		flag, value, joined := strings.Cut(args[i], "=")
		switch flag {
		case "--release", "-r", "--offline", "--frozen", "--locked", "--lib", "--workspace", "--all", "-q", "--quiet", "-v", "--verbose":
			continue
		case "--target-dir", "--manifest-path", "-p", "--package", "-j", "--jobs", "--color":
			if !joined && i+1 < len(args) {
				i++
				value = args[i]
			}
		default:
			r.unknown = append(r.unknown, "cargo's flag "+args[i])
		}
		switch flag {
		case "--manifest-path":
			manifest = path.Dir(within(dir, strings.TrimSuffix(strings.TrimPrefix(value, "%{dep:"), "}")))
		case "-p", "--package":
			r.crates = append(r.crates, value)
		}
	}
	return manifest
}

// within is a directory as a rule in dir writes it, relative to the project.
func within(dir, word string) string {
	for _, root := range []string{"%{workspace_root}", "%{project_root}"} {
		if rest, ok := strings.CutPrefix(word, root); ok {
			return path.Clean("./" + strings.TrimPrefix(rest, "/../..")) // out of _build/default
		}
	}
	return path.Join(dir, word)
}

// cargoTop is the directory of the workspace that cargo takes when it begins in dir: of
// the nearest Cargo.toml upward or, if that is no workspace, of one above it that is.
func (p *Project) cargoTop(dir string) string {
	nearest := ""
	for ; !strings.HasPrefix(dir, ".."); dir = path.Dir(dir) {
		name := path.Join(dir, "Cargo.toml")
		src, err := p.read(name)
		switch {
		case err != nil || !p.there(name):
		case strings.Contains(string(src), "[workspace"):
			return dir
		case nearest == "":
			nearest = dir
		}
		if dir == "." {
			break
		}
	}
	return nearest
}

// named is the word with which a stanza still names one of the rule's archives; empty if
// none does.
func (r cargoRule) named(n dune.Node) string {
	for _, inner := range n.List {
		if word := r.named(inner); word != "" {
			return word
		}
	}
	for _, made := range r.makes {
		if n.Atom != "" && path.Base(n.Atom) == path.Base(made) {
			return n.Atom
		}
	}
	for _, archive := range r.archives {
		if n.Atom == "-l"+path.Base(archive) {
			return n.Atom
		}
	}
	return ""
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
