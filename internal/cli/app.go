// Package cli is the command line: it turns arguments and variables into the
// options of the packages that do the work, prints what comes back, and maps
// problems to exit codes. One file a command.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/term"
)

// app is what every command has at hand.
type app struct {
	ctx    context.Context
	stdout io.Writer
	stderr io.Writer
	term   *term.Printer
}

// Run runs the command line args (args[0] is the program) and returns the exit
// code.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	stdout = term.Writer(stdout)
	a := &app{ctx: ctx, stdout: stdout, stderr: stderr, term: term.New(stderr, term.Normal, "auto")}
	defer func() {
		if r := recover(); r != nil {
			a.term.Problems(fmt.Errorf("%v\n%s", r, debug.Stack()))
			code = int(problem.Internal)
		}
	}()
	c := a.commandLine(dropUnexpanded())
	err := c.RunContext(ctx, arrange(c, args))
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	a.term.Problems(err)
	return int(problem.ExitCode(err))
}

// description is for those who read of the tool for the first time.
const description = "Binding packages install the Rust sources of their crates. When a program is built, " +
	"opam-cargo finds the bindings in the program's\n" +
	"dependency cone, generates one Cargo workspace with one Cargo.lock, and builds one static library, which dune links."

// commandLine is all that the tool takes. unexpanded are variables to warn of.
func (a *app) commandLine(unexpanded []string) *cli.App {
	c := &cli.App{
		Name:        "opam-cargo",
		Usage:       "build the Rust code of all bindings of an OCaml program, once",
		Description: description,
		HideVersion: true, // its short form would be -v
		Writer:      a.stdout,
		ErrWriter:   a.stderr,
		HideHelp:    true, // arrange makes the command help of it
		Flags:       append([]cli.Flag{&cli.BoolFlag{Name: "version", Usage: "print the version"}}, outputFlags()...),
		Commands: []*cli.Command{
			a.installCommand(), a.synthCommand(), a.buildCommand(), a.dllCommand(),
			a.flagsCommand(), a.initCommand(), a.planCommand(), a.whyCommand(), a.checkCommand(),
			a.lockCommand(), a.fetchCommand(), a.extraSourcesCommand(),
			a.recordCommand(), a.reproduceCommand(), a.sbomCommand(), a.licensesCommand(), a.auditCommand(),
			a.repositoryCommand(), a.dependsCommand(), a.installCrateCommand(), a.cacheCommand(),
			a.versionCommand(), a.helpCommand(), a.generateCommand(),
		},
		Before: func(c *cli.Context) error {
			if err := a.setTerm(c); err != nil {
				return err
			}
			for _, name := range unexpanded {
				a.term.Warn("%s holds an opam variable that was not expanded; it is ignored", name)
				a.term.Hint("set it in the build: field, where opam expands variables: [\"env\" \"%s=...\" \"dune\" ...]", name)
			}
			return nil
		},
		Action: func(c *cli.Context) error {
			if c.Bool("version") {
				return a.printVersion()
			}
			if c.Args().Present() {
				return unknownCommand(c.App, c.Args().First())
			}
			return a.help(c.App, nil)
		},
		OnUsageError:   usageError,
		ExitErrHandler: func(*cli.Context, error) {},
	}
	for _, command := range c.Commands {
		command.OnUsageError, command.HideHelp = usageError, true
	}
	return c
}

// dropUnexpanded unsets the OPAM_CARGO_ variables that still hold %{...}%, and
// names them: opam 2.1 passes build-env: values like that (docs/facts.md#variables-in-a-build).
func dropUnexpanded() []string {
	var names []string
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "OPAM_CARGO_") && strings.Contains(value, "%{") {
			os.Unsetenv(name)
			names = append(names, name)
		}
	}
	return names
}

// positional reads the arguments of a command, at most most of them.
func positional(c *cli.Context, most int) ([]string, error) {
	args := c.Args().Slice()
	if len(args) > most {
		return nil, problem.New(problem.Usage, "too many arguments: %s", strings.Join(args[most:], " ")).
			Hint("see: opam-cargo %s --help", c.Command.Name)
	}
	return args, nil
}

// root finds the root for the current directory.
func (a *app) root(c *cli.Context) (*bindings.Root, string, error) {
	cwd, err := workingDir()
	if err != nil {
		return nil, "", err
	}
	r, err := bindings.FindRoot(cwd, c.String("root"), os.Getenv)
	return r, cwd, err
}

// prefix finds the switch's prefix for the current directory.
func (a *app) prefix(c *cli.Context) (cwd, prefix string, err error) {
	if cwd, err = workingDir(); err != nil {
		return "", "", err
	}
	prefix, err = bindings.NeedPrefix(a.ctx, cwd, c.String("prefix"), os.Getenv)
	return cwd, prefix, err
}

// workingDir is the current directory, as the shell names it where that is right.
func workingDir() (string, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return "", problem.New(problem.Input, "the current directory is gone: %w", err).Hint("cd to a directory that is there")
	}
	return filepath.Clean(cwd), nil
}
