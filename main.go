// Command opam-cargo builds the Rust code of all the bindings that an OCaml
// program uses, once, as one Cargo workspace with one lock.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/opam-cargo/opam-cargo/internal/cli"
	"github.com/opam-cargo/opam-cargo/internal/wrapper"
)

func main() { os.Exit(run()) }

func run() int {
	if name := filepath.Base(os.Args[0]); slices.Contains(wrapper.Names(), name) {
		err := wrapper.Run(name, os.Args[1:])
		fmt.Fprintf(os.Stderr, "%s: error: %v\n", name, err)
		return 70
	}
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	return cli.Run(ctx, os.Args, os.Stdout, os.Stderr)
}
