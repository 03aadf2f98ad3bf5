package scaffold

import (
	"path"
	"slices"
	"strings"
)

// A run is what an action, or a script, was read as: a small evaluation that knows
// directories, variables and the commands that bring an archive from where cargo puts
// it to where dune wants it. Nothing is executed. Places are absolute: "/@" stands for
// the project and "/@/_build/default" for dune's copy of it, in which rules run.
type run struct {
	p     *Project
	calls []cargoCall
	from  map[string]string // a file that is copied, and from where
	made  map[string]string // a file that something else makes, and what
	also  []string          // commands that are neither cargo nor copies
	reads []string          // scripts that were read
	named func(variable string) (string, bool)
	depth int
}

// A cargoCall is a command line of cargo.
type cargoCall struct {
	dir  string // where it runs
	args []string
	env  []string // NAME=value
}

const (
	projectPlace = "/@"
	buildPlace   = "/@/_build/default"
)

func newRun(p *Project) *run {
	return &run{p: p, from: map[string]string{}, made: map[string]string{}}
}

// place is a path as it is written by something that runs in dir.
func place(dir, word string) string {
	if path.IsAbs(word) {
		return path.Clean(word)
	}
	return path.Join(dir, word)
}

// inProject is a place as a path of the project's sources; false for one elsewhere.
func inProject(at string) (string, bool) {
	rest, ok := strings.CutPrefix(at, projectPlace)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	rest = strings.TrimPrefix(rest, "/")
	if below, ok := strings.CutPrefix(rest, "_build/"); ok {
		_, rest, _ = strings.Cut(below, "/") // without the context
	}
	return path.Clean("./" + rest), true
}

// origin follows copies back to where a file comes from.
func (r *run) origin(at string) string {
	for range [20]struct{}{} { // a circle ends
		from, ok := r.from[at]
		if !ok {
			break
		}
		at = from
	}
	return at
}

// harmless are commands whose work is of no matter once cargo is called elsewhere.
var harmless = []string{
	"mkdir", "touch", "rm", "rmdir", "test", "[", "true", "false", ":", "echo", "printf", "set", "unset", "pwd", "ls", "uname", "which", "type",
	"ranlib", "strip", "chmod", "sleep", "date", "exit", "return", "shift", "read", "local", "cat", "install_name_tool", "codesign", "xattr",
	"realpath", "dirname", "basename", "trap", "ulimit", "id", "rustc", "rustup", "ocamlc", "ocamlfind", "opam", "find", "sed", "grep", "head", "tr",
}

// scope is where and with which variables a command runs.
type scope struct {
	dir  string
	vars map[string]string
	env  map[string]string // those that commands see
}

// with is the scope with a variable of the shell.
func (s scope) with(name, value string) scope {
	s.vars = added(s.vars, name, value)
	return s
}

// exports is the scope with a variable that commands see.
func (s scope) exports(name, value string) scope {
	s = s.with(name, value)
	s.env = added(s.env, name, value)
	return s
}

func added(to map[string]string, name, value string) map[string]string {
	copied := make(map[string]string, len(to)+1)
	for k, v := range to {
		copied[k] = v
	}
	copied[name] = value
	return copied
}

// command reads one command line.
func (r *run) command(s *scope, words []string) {
	if len(words) == 0 {
		return
	}
	program, args := path.Base(words[0]), words[1:]
	switch {
	case program == "env":
		r.env(*s, args)
	case (program == "nice" || program == "exec" || program == "command" || program == "time" || program == "sudo") && len(args) > 0:
		r.command(s, args)
	case (program == "opam" || program == "nix") && slices.Contains(args, "--"):
		r.command(s, args[slices.Index(args, "--")+1:])
	case program == "rustup" && len(args) > 2 && args[0] == "run":
		r.command(s, args[2:])
	case program == "cargo" || program == "dune-cargo-build":
		r.cargo(*s, program, args)
	case program == "cd" || program == "pushd":
		if len(args) > 0 {
			s.dir = place(s.dir, args[len(args)-1])
		}
	case slices.Contains([]string{"cp", "mv", "ln", "install", "rsync", "ditto"}, program):
		r.copies(*s, args)
	case slices.Contains([]string{"sh", "bash", "dash", "zsh", "source", "."}, program):
		r.shell(s, args)
	case slices.Contains(harmless, program):
	case strings.Contains(words[0], "/") && r.script(*s, words[0], args):
	default:
		r.other(*s, words)
	}
}

// env reads `env NAME=value ... COMMAND`.
func (r *run) env(s scope, args []string) {
	for i, a := range args {
		name, value, ok := strings.Cut(a, "=")
		switch {
		case strings.HasPrefix(a, "-"):
		case ok:
			s = s.exports(name, value)
		default:
			r.command(&s, args[i:])
			return
		}
	}
}

// cargo notes a call of cargo, with the variables that it may see.
func (r *run) cargo(s scope, program string, args []string) {
	if len(args) > 0 && strings.HasPrefix(args[0], "+") {
		s = s.exports("RUSTUP_TOOLCHAIN", args[0][1:])
		args = args[1:]
	}
	if program != "cargo" { // it builds the crate of a manifest
		args = append([]string{"build", "--manifest-path"}, slices.DeleteFunc(slices.Clone(args), func(a string) bool { return !strings.HasSuffix(a, ".toml") })...)
	}
	call := cargoCall{dir: s.dir, args: args}
	for name, value := range s.env {
		call.env = append(call.env, name+"="+value)
	}
	slices.Sort(call.env)
	r.calls = append(r.calls, call)
}

// copies reads the arguments of cp and its like.
func (r *run) copies(s scope, args []string) {
	var files []string
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			files = append(files, a)
		}
	}
	if len(files) < 2 {
		return
	}
	last := files[len(files)-1]
	for _, file := range files[:len(files)-1] {
		to := place(s.dir, last)
		if len(files) > 2 || last == "." || strings.HasSuffix(last, "/") || strings.HasSuffix(last, "/.") || path.Base(last) == ".." {
			to = path.Join(to, path.Base(file))
		}
		r.copied(place(s.dir, file), to)
	}
}

// copied notes a copy; of two ways to make a file (.so or .dylib) the first counts.
func (r *run) copied(from, to string) {
	if _, ok := r.from[to]; !ok && from != to {
		r.from[to] = from
	}
}

// shell reads `sh -c SCRIPT`, or `sh FILE`.
func (r *run) shell(s *scope, args []string) {
	for i, a := range args {
		switch {
		case strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "--") && strings.Contains(a, "c") && i+1 < len(args):
			inner := *s
			r.text(&inner, args[i+1])
			return
		case !strings.HasPrefix(a, "-"):
			if !r.script(*s, a, args[i+1:]) {
				r.other(*s, append([]string{"sh"}, args...))
			}
			return
		}
	}
}

// script reads a shell script of the project; false where it is none.
func (r *run) script(s scope, word string, args []string) bool {
	at := place(s.dir, word)
	name, ok := inProject(at)
	if !ok || r.depth > 5 {
		return false
	}
	src, err := r.p.read(name)
	first, _, _ := strings.Cut(string(src), "\n")
	shell := strings.HasSuffix(name, ".sh") || strings.HasPrefix(first, "#!") && strings.HasSuffix(strings.TrimSpace(first), "sh")
	if err != nil || len(src) == 0 || !shell {
		return false
	}
	r.reads = append(r.reads, name)
	inner := scope{dir: s.dir, vars: s.vars, env: s.env}
	for i, a := range args {
		inner = inner.with(string(rune('1'+i)), a)
		if i == 8 {
			break
		}
	}
	inner = inner.with("0", at)
	r.depth++
	r.text(&inner, string(src))
	r.depth--
	return true
}

// other notes a command that is not understood, and the file that -o says it makes.
func (r *run) other(s scope, words []string) {
	text := shownPlaces(strings.Join(words, " "))
	for i, w := range words {
		if value, ok := strings.CutPrefix(w, "--output="); ok {
			r.made[place(s.dir, value)] = text
		} else if (w == "-o" || w == "--output") && i+1 < len(words) {
			r.made[place(s.dir, words[i+1])] = text
		}
	}
	if !slices.Contains(r.also, text) {
		r.also = append(r.also, text)
	}
}
