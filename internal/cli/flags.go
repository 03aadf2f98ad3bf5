package cli

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/compile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/site"
	"github.com/opam-cargo/opam-cargo/internal/term"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
	"github.com/opam-cargo/opam-cargo/synth"
)

// variable is the environment variable that a flag reads: a constant dune rule
// can give no flags.
func variable(flag string) []string {
	return []string{"OPAM_CARGO_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))}
}

func stringFlag(name, usage string) *cli.StringFlag {
	return &cli.StringFlag{Name: name, Usage: usage, EnvVars: variable(name)}
}

func outputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print errors only", EnvVars: variable("quiet")},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "tell every decision", EnvVars: variable("verbose")},
		&cli.StringFlag{Name: "color", Usage: "`WHEN`: auto, always or never", Value: "auto", EnvVars: variable("color")},
	}
}

func packageFlag() cli.Flag {
	return &cli.StringSliceFlag{
		Name: "package", Usage: "work for the opam package `NAME` (repeatable); default: all of the root's", EnvVars: variable("package"),
	}
}

func prefixFlag() cli.Flag {
	return stringFlag("prefix", "the opam switch's prefix `DIR`; default: $OPAM_SWITCH_PREFIX, _opam, or opam's own answer")
}

func rootFlag() cli.Flag {
	return stringFlag("root", "the project's `DIR`; default: the nearest one upward with an opam file")
}

func jsonFlag() cli.Flag { return &cli.BoolFlag{Name: "json", Usage: "print it as JSON"} }

// printJSON writes a value that has a schema in docs/schema.
func (a *app) printJSON(value any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

func cargoFlag() cli.Flag { return stringFlag("cargo", "the cargo `PROGRAM` to run") }

// sourceFlags are those of a command that looks at a project's sources, without a
// switch.
func sourceFlags() []cli.Flag {
	return append([]cli.Flag{rootFlag(), packageFlag(), cargoFlag()}, outputFlags()...)
}

// rootFlags are those of every command that works on a program.
func rootFlags() []cli.Flag {
	return append([]cli.Flag{
		rootFlag(),
		prefixFlag(),
		packageFlag(),
		stringFlag("depends", "`NAMES` of the direct dependencies, as opam's %{_:depends}% gives them, in place of the opam file's"),
		cargoFlag(),
	}, outputFlags()...)
}

// buildFlags are those that decide what cargo does.
func buildFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "profile", Usage: "cargo's build profile `NAME`", Value: "release", EnvVars: variable("profile")},
		stringFlag("target", "build for the target `TRIPLE`"),
		&cli.StringFlag{
			Name: "jobs", Aliases: []string{"j"}, Usage: "run at most `N` compilations at once", EnvVars: append(variable("jobs"), "CARGO_BUILD_JOBS"),
		},
		stringFlag("rustflags", "more `FLAGS` for every rustc"),
		stringFlag("wrapper", "run rustc through `PROGRAM`, such as sccache"),
		&cli.BoolFlag{Name: "locked", Usage: "refuse a crate that rust-bindings/Cargo.lock does not have just so", EnvVars: variable("locked")},
		&cli.BoolFlag{Name: "online", Usage: "resolve with the network, and let cargo download what is missing", EnvVars: variable("online")},
		&cli.BoolFlag{Name: "no-compiled", Usage: "do not begin with compiled crates that the switch keeps", EnvVars: variable("no-compiled")},
		&cli.BoolFlag{Name: "allow-none", Usage: "no binding in the cone is no error", EnvVars: variable("allow-none")},
	}, rootFlags()...)
}

// setTerm applies the output flags, wherever on the command line they stand.
func (a *app) setTerm(c *cli.Context) error {
	level := term.Normal
	switch {
	case c.Bool("quiet"):
		level = term.Quiet
	case c.Bool("verbose"):
		level = term.Verbose
	}
	color := c.String("color")
	if color != "auto" && color != "always" && color != "never" {
		return problem.New(problem.Usage, "--color is %q", color).Hint("use auto, always or never")
	}
	a.term = term.New(a.stderr, level, color)
	return nil
}

// wantedOnly finds the project of a command that needs neither a switch nor a workspace
// and takes no arguments, and says which cargo is meant.
func (a *app) wantedOnly(c *cli.Context) (*bindings.Root, toolchain.Wanted, error) {
	if _, err := positional(c, 0); err != nil {
		return nil, toolchain.Wanted{}, err
	}
	root, _, err := a.root(c)
	if err != nil {
		return nil, toolchain.Wanted{}, err
	}
	return root, toolchain.Wanted{Program: c.String("cargo"), Root: root.Dir, Getenv: os.Getenv, Out: a.term}, nil
}

// requestOnly is [app.request] for a command that takes no arguments.
func (a *app) requestOnly(c *cli.Context) (synth.Request, string, error) {
	if _, err := positional(c, 0); err != nil {
		return synth.Request{}, "", err
	}
	return a.request(c)
}

// request reads the flags of a command that works on a program.
func (a *app) request(c *cli.Context) (synth.Request, string, error) {
	root, cwd, err := a.root(c)
	if err != nil {
		return synth.Request{}, "", err
	}
	self, err := os.Executable()
	if err != nil {
		return synth.Request{}, "", err
	}
	profile := c.String("profile")
	if profile == "" {
		profile = "release"
	}
	return synth.Request{
		Site:     site.Request{Root: root, Prefix: c.String("prefix"), Cargo: c.String("cargo"), Getenv: os.Getenv, Out: a.term},
		Packages: given(c, "package"), Depends: c.String("depends"),
		AllowNone: c.Bool("allow-none"), Each: c.Bool("each"), Locked: c.Bool("locked"), Online: c.Bool("online"),
		Compile: compile.Options{
			Profile: profile, Target: c.String("target"), Jobs: c.String("jobs"), Rustflags: c.String("rustflags"),
			Wrapper: c.String("wrapper"), NoCompiled: c.Bool("no-compiled"),
		},
		Self: self, Version: Version(),
	}, cwd, nil
}

// withProgram makes the workspace for a command that only looks at it, and has read its
// arguments.
func (a *app) withProgram(c *cli.Context, look func(*synth.Program) error) error {
	req, _, err := a.request(c)
	if err != nil {
		return err
	}
	p, err := synth.Synth(a.ctx, req)
	if err != nil {
		return err
	}
	defer p.Close()
	return look(p)
}

// programOnly is [app.withProgram] for a command that takes no arguments.
func (a *app) programOnly(c *cli.Context, look func(*synth.Program) error) error {
	if _, err := positional(c, 0); err != nil {
		return err
	}
	return a.withProgram(c, look)
}

// given reads a repeatable flag; an empty value, as an empty variable gives, is
// none.
func given(c *cli.Context, name string) []string {
	var list []string
	for _, v := range c.StringSlice(name) {
		if v != "" {
			list = append(list, v)
		}
	}
	return list
}
