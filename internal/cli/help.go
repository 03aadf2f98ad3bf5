package cli

import (
	"io"
	"regexp"
	"slices"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"

	"github.com/opam-cargo/opam-cargo/internal/manual"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// groups are the commands as the help shows them: those that an author needs have a
// line each; the others stand together, by what they are for.
var groups = []manual.Group{
	{Title: "The author of a binding needs", Lines: []manual.Entry{
		{Term: "init --binding", Text: "begin the package, or add what yours lacks"},
		{Term: "check", Text: "before a release: will it build at a stranger's?"},
	}},
	{Title: "The author of a program needs", Lines: []manual.Entry{
		{Term: "init", Text: "write rust-bindings/dune, and say what to add"},
		{Term: "lock", Text: "write rust-bindings/Cargo.lock, which you commit"},
		{Term: "check", Text: "as above"},
	}},
	{Title: "More", Lines: []manual.Entry{
		{Term: "in opam and dune files", Text: "install, build, synth, dll, flags"},
		{Term: "why it is so", Text: "plan, why"},
		{Term: "bring crates along", Text: "fetch, extra-sources, repository, depends"},
		{Term: "what is in a program", Text: "sbom, licenses, audit, record, reproduce"},
		{Term: "the tool itself", Text: "cache, version, help"},
	}},
}

// cargoWords says what does here what a command of cargo does there.
var cargoWords = map[string]string{
	"add":               "run cargo add CRATE where the binding's Cargo.toml is, then in the program: opam-cargo lock",
	"bench":             "run cargo bench where the binding's Cargo.toml is",
	"clean":             "dune clean, or delete _build/.opam-cargo; compiled crates of the switch: opam-cargo cache --drop",
	"clippy":            "run cargo clippy where the binding's Cargo.toml is",
	"doc":               "run cargo doc where the binding's Cargo.toml is",
	"fix":               "run cargo fix where the binding's Cargo.toml is",
	"fmt":               "run cargo fmt where the binding's Cargo.toml is",
	"generate-lockfile": "opam-cargo lock",
	"metadata":          "opam-cargo plan --json",
	"new":               "opam-cargo init --binding, or opam-cargo init --executable",
	"package":           "nothing: opam packages the sources; before a release: opam-cargo check",
	"publish":           "nothing: a binding is published in opam's repository; before that: opam-cargo check",
	"remove":            "run cargo remove CRATE where the binding's Cargo.toml is, then in the program: opam-cargo lock",
	"run":               "dune exec ./bin/main.exe; dune runs opam-cargo build",
	"test":              "dune test for the OCaml side; cargo test where the binding's Cargo.toml is for the Rust side",
	"tree":              "opam-cargo why --tree CRATE, or for all crates: opam-cargo plan",
	"update":            "opam-cargo lock --upgrade [CRATE ...]",
	"vendor":            "opam-cargo extra-sources --write NAME.opam, or into a directory: opam-cargo fetch",
}

// cargoFlags says the same of flags that cargo's build takes.
var cargoFlags = map[string]string{
	"all-features":        "features = [...] of [bindings.PACKAGE] in rust-bindings/settings.toml",
	"F":                   "features = [...] of [bindings.PACKAGE] in rust-bindings/settings.toml",
	"features":            "features = [...] of [bindings.PACKAGE] in rust-bindings/settings.toml",
	"manifest-path":       "--root DIR, with the directory of the opam file",
	"no-default-features": "default-features = false of [bindings.PACKAGE] in rust-bindings/settings.toml",
	"p":                   "--package NAME, of an opam package",
	"r":                   "nothing: release is the profile, if --profile names no other",
	"release":             "nothing: release is the profile, if --profile names no other",
}

// helpCommand shows the help of the program or of a command; arrange makes it of
// --help too.
func (a *app) helpCommand() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Usage:     "explain a command, or the options that many commands take",
		ArgsUsage: "[COMMAND|options]",
		Action: func(c *cli.Context) error {
			args, err := positional(c, 1)
			if err != nil {
				return err
			}
			return a.help(c.App, args)
		},
	}
}

func (a *app) help(c *cli.App, topic []string) error {
	m := manual.Of(c)
	m.Variables, m.ExitCodes, m.Groups = variables, exitCodes, groups
	text := m.Help()
	if len(topic) > 0 && topic[0] != "help" {
		command := c.Command(topic[0])
		switch {
		case topic[0] == "options":
			text = m.OptionsHelp()
		case command == nil:
			return unknownCommand(c, topic[0])
		case command.Hidden:
			text = "Usage: opam-cargo " + command.Name + " " + command.ArgsUsage + "\n\n" + command.Usage + "\n"
		default:
			text = m.CommandHelp(topic[0])
		}
	}
	_, err := io.WriteString(a.stdout, text)
	return err
}

func unknownCommand(c *cli.App, name string) error {
	e := problem.New(problem.Usage, "there is no command %q", name)
	if here, ok := cargoWords[name]; ok {
		return e.Hint("what cargo %s does is done here by: %s", name, here)
	}
	var names []string
	for _, command := range c.Commands {
		if !command.Hidden {
			names = append(names, command.Name)
		}
	}
	if near := nearest(name, names); near != "" {
		e.Hint("did you mean %q?", near)
	}
	return e.Hint("see all commands: opam-cargo --help")
}

var (
	noFlag  = regexp.MustCompile(`^flag provided but not defined: -(.*)$`)
	noValue = regexp.MustCompile(`^flag needs an argument: -(.*)$`)
)

// usageError is what the library says of a wrong flag, in the words of the help.
func usageError(c *cli.Context, err error, isCommand bool) error {
	name, flags := "opam-cargo", c.App.Flags
	if isCommand {
		name, flags = "opam-cargo "+c.Command.Name, c.Command.Flags
	}
	e := problem.New(problem.Usage, "%w", err)
	if m := noValue.FindStringSubmatch(err.Error()); m != nil {
		e = problem.New(problem.Usage, "the flag %s wants a value", dashed(m[1]))
	} else if m := noFlag.FindStringSubmatch(err.Error()); m != nil {
		e = problem.New(problem.Usage, "%s has no flag %s", name, dashed(m[1]))
		if here, ok := cargoFlags[m[1]]; ok && isCommand && hasFlag(c.Command, "profile") {
			return e.Hint("what cargo's %s does is done here by: %s", dashed(m[1]), here)
		}
		var names []string
		for _, f := range flags {
			names = append(names, f.Names()...)
		}
		if near := nearest(m[1], names); near != "" {
			e.Hint("did you mean %s?", dashed(near))
		} else if !isCommand && slices.ContainsFunc(c.App.Commands, func(command *cli.Command) bool { return hasFlag(command, m[1]) }) {
			e.Hint("it stands after the command: opam-cargo COMMAND %s ...", dashed(m[1]))
		}
	}
	return e.Hint("see: %s --help", name)
}

func hasFlag(command *cli.Command, name string) bool {
	return slices.ContainsFunc(command.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
}

func dashed(flag string) string {
	if len(flag) == 1 {
		return "-" + flag
	}
	return "--" + flag
}

// nearest is the name that was probably meant, or "".
func nearest(word string, names []string) string {
	best, found := 0.8, ""
	for _, name := range names {
		if len(name) == 1 {
			continue
		}
		if near := smetrics.JaroWinkler(word, name, 0.7, 4); near > best {
			best, found = near, name
		}
	}
	return found
}
