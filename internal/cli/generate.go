package cli

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/manual"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// exitCodes are in the words of the help, the man page and the reference page.
var exitCodes = []manual.Entry{
	{Term: "0", Text: "done"},
	{Term: "1", Text: "a check fails, or something differs that should not"},
	{Term: "2", Text: "usage: the command line is wrong"},
	{Term: "3", Text: "a binding, opam's data, the switch or cargo is missing or broken"},
	{Term: "4", Text: "crates are missing or cannot be resolved, or --locked finds a difference"},
	{Term: "5", Text: "cargo or rustc failed; their output comes first"},
	{Term: "70", Text: "internal error: a bug of opam-cargo"},
	{Term: "130", Text: "interrupted"},
}

// variables are those that are no option's, for the manuals.
var variables = []manual.Entry{
	{Term: "OPAM_CARGO_...", Text: "the variable of an option: OPAM_CARGO_JOBS for --jobs. A dune rule that never changes can give no " +
		"options"},
	{Term: "OPAM_CARGO_OVERRIDE", Text: "PACKAGE=DIR,...: use the Rust tree DIR in place of the installed one of PACKAGE"},
	{Term: "OPAM_CARGO_PATH", Text: "directories like <prefix>/rust-bindings, separated by colons, where bindings are found without an " +
		"opam switch; all that are there count"},
	{Term: "OPAM_CARGO_CRATES", Text: "directory sources of crates, separated by colons, searched after what the bindings bring"},
	{Term: "OPAM_CARGO_WITH_TEST", Text: "true: in opam's build, the program's own test dependencies count"},
	{Term: "OPAM_SWITCH_PREFIX", Text: "the switch, as opam sets it"},
	{Term: "OPAM_PACKAGE_NAME", Text: "the package that opam builds or installs, as opam sets it"},
}

// generateCommand is what make install and the reference page call: hidden, since
// nobody else needs to.
func (a *app) generateCommand() *cli.Command {
	return &cli.Command{
		Name:      "generate",
		Usage:     "print the man page, the reference page, or the completion for a shell",
		ArgsUsage: "man|reference|bash|zsh|fish",
		Hidden:    true,
		Flags:     outputFlags(),
		Before:    a.before,
		Action: func(c *cli.Context) error {
			args, err := positional(c, 1)
			if err != nil {
				return err
			}
			m := manual.Of(c.App)
			m.Variables, m.ExitCodes, m.Groups = variables, exitCodes, groups
			what := map[string]func() string{
				"man":       func() string { return m.Man(Version()) },
				"reference": m.Reference, "bash": m.Bash, "zsh": m.Zsh, "fish": m.Fish,
			}
			if len(args) == 0 || what[args[0]] == nil {
				return problem.New(problem.Usage, "generate what?").Hint("one of man, reference, bash, zsh, fish")
			}
			_, err = io.WriteString(a.stdout, what[args[0]]())
			return err
		},
	}
}
