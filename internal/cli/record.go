package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/record"
	"github.com/opam-cargo/opam-cargo/internal/reproduce"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
)

func (a *app) recordCommand() *cli.Command {
	return &cli.Command{
		Name:      "record",
		Usage:     "print the build record of an installed package, a file or a directory",
		ArgsUsage: "PACKAGE|RECORD|DIR ...",
		Description: "The default is the project's last build. --verify compares the record with the bindings that are in the switch now, and " +
			"prints\n" +
			"nothing if all is as it was; without an argument, those of all installed packages that have one.",
		Flags:  append([]cli.Flag{&cli.BoolFlag{Name: "verify", Usage: "exit 1 if what is installed is not what was built"}}, recordFlags()...),
		Before: a.before,
		Action: a.record,
	}
}

func recordFlags() []cli.Flag {
	return append([]cli.Flag{prefixFlag(), cargoFlag()}, outputFlags()...)
}

func (a *app) record(c *cli.Context) error {
	names, err := positional(c, c.NArg())
	if err != nil {
		return err
	}
	cwd, prefix, err := a.prefix(c)
	if err != nil {
		return err
	}
	if len(names) == 0 && c.Bool("verify") {
		names = reproduce.Installed(prefix)
	} else if len(names) == 0 {
		names = []string{cwd}
	}
	var problems []error
	for _, name := range names {
		s, err := reproduce.Find(name, cwd, prefix, os.Getenv)
		if err == nil && s.Record == nil {
			err = problem.New(problem.Input, "there is no build record").At(name, 0).Hint("build first: opam-cargo build")
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if c.Bool("verify") {
			problems = append(problems, s.Verify(s.Built()))
			continue
		}
		text, err := json.MarshalIndent(s.Record, "", "  ")
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.stdout, "%s\n", text); err != nil {
			return err
		}
	}
	return errors.Join(problems...)
}

func (a *app) reproduceCommand() *cli.Command {
	return &cli.Command{
		Name:      "reproduce",
		Usage:     "build the archives of a record again, apart from the switch, and compare the bytes",
		ArgsUsage: "PACKAGE|RECORD|DIR",
		Description: "Of an installed package, of a rust-bindings.json, or of a directory with sources: also of one in which opam's build has " +
			"failed.\n" +
			"First prints what differs between the record and this machine. Exits 0 only on equal bytes.",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "shell", Usage: "start a shell in the environment of the build instead of building"},
			&cli.BoolFlag{Name: "trust", Usage: "without bubblewrap, build also from a record that is not of this switch"},
		}, recordFlags()...),
		Before: a.before,
		Action: a.reproduce,
	}
}

func (a *app) reproduce(c *cli.Context) error {
	args, err := positional(c, 1)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return problem.New(problem.Usage, "reproduce what?").Hint("name an installed package, a %s, or a directory with sources", record.Name)
	}
	cwd, prefix, err := a.prefix(c)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s, err := reproduce.Find(args[0], cwd, prefix, os.Getenv)
	if err != nil {
		return err
	}
	with := reproduce.With{
		Toolchain: toolchain.Wanted{Program: c.String("cargo"), Root: cwd, Getenv: os.Getenv, Out: a.term},
		Self:      self, Version: Version(), Trust: c.Bool("trust"),
	}
	return a.reproduceSubject(s, with, c.Bool("shell"))
}

func (a *app) reproduceSubject(s *reproduce.Subject, with reproduce.With, shell bool) (err error) {
	var differences []reproduce.Difference
	if s.Record != nil {
		if with.Toolchain.Program == "" {
			with.Toolchain.Program = s.Toolchain(a.ctx, with)
		}
		if differences, err = s.Differences(a.ctx, with); err != nil {
			return err
		}
		if len(differences) > 0 {
			a.term.Warn("this is not what %s was built from:", s.Name)
			a.term.Table(reproduce.Table(differences))
		}
	}
	scratch, err := s.Prepare(a.ctx, with)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scratch.Close()) }()
	if !scratch.Isolated() {
		a.term.Warn("bubblewrap (bwrap) is not here or does not work: the network is not cut off from build scripts, nor the switch made read-only")
	}
	if shell {
		a.term.Say("this is a scratch directory, which is removed when you leave; to build: $OPAM_CARGO_BUILD")
		return scratch.Shell(a.ctx, with.Self)
	}
	again, err := scratch.Rebuild(a.ctx, with.Self, a.stderr)
	if err != nil {
		return err
	}
	if s.Record == nil {
		a.term.Say("%s builds here; there is no record to compare it with", s.Name)
		return nil
	}
	if err := s.Compare(again, differences); err != nil {
		return err
	}
	for _, archive := range again.Archives {
		a.term.Say("%s: the same bytes, sha256 %s", archive.Name, archive.SHA256)
	}
	return nil
}
