// Package toolchain finds the programs that make an archive, before the steps of the
// pipeline: which cargo is meant ([Wanted.Find]), and what it and the compilers beside it
// say of their versions ([Begin]), which stands in the record. It builds nothing and
// installs no toolchain.
package toolchain

import (
	"context"
	"os/exec"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
)

// Versions are the programs that made the archives, each as it names its version;
// empty where there is none.
type Versions struct {
	Cargo  string `json:"cargo"`
	Rustc  string `json:"rustc"`
	Commit string `json:"rustc_commit"`
	Host   string `json:"host"`
	CC     string `json:"cc,omitempty"`
	OCaml  string `json:"ocaml,omitempty"`
}

// Answer is what the programs are being asked for, while something else is done.
type Answer struct {
	done     chan struct{}
	versions Versions
	err      error
}

// Begin asks the programs. Whoever begins also waits, with [Answer.Get].
func Begin(ctx context.Context, c *cargo.Cargo, getenv func(string) string) *Answer {
	a := &Answer{done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.versions, a.err = ask(ctx, c, getenv)
	}()
	return a
}

// Get waits for the answer.
func (a *Answer) Get() (Versions, error) {
	<-a.done
	return a.versions, a.err
}

func ask(ctx context.Context, c *cargo.Cargo, getenv func(string) string) (Versions, error) {
	cc := strings.Fields(getenv("CC"))
	if len(cc) == 0 {
		cc = []string{"cc"}
	}
	var v Versions
	var rustc map[string]string
	var g errgroup.Group
	g.Go(func() (err error) {
		rustc, err = c.Rustc(ctx)
		return err
	})
	for _, question := range []func(){
		func() { v.Cargo = c.Version(ctx) },
		func() { v.CC = firstLine(ctx, append(cc, "--version")...) },
		func() { v.OCaml = firstLine(ctx, "ocamlc", "-version") },
	} {
		g.Go(func() error {
			question()
			return nil
		})
	}
	err := g.Wait()
	v.Rustc, v.Commit, v.Host = rustc["release"], rustc["commit-hash"], rustc["host"]
	return v, err
}

// firstLine is the first line that a program says; empty where it does not run.
func firstLine(ctx context.Context, command ...string) string {
	out, err := exec.CommandContext(ctx, command[0], command[1:]...).Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}
