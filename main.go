// Command opam-cargo builds the Rust code of all the bindings that an OCaml
// program uses, once, as one Cargo workspace with one lock.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/opam-cargo/opam-cargo/internal/cli"
	"github.com/opam-cargo/opam-cargo/internal/rustc"
)

func main() { os.Exit(run()) }

func run() int {
	if filepath.Base(os.Args[0]) == rustc.Name {
		err := rustc.Run(os.Args[1:])
		fmt.Fprintf(os.Stderr, "%s: error: %v\n", rustc.Name, err)
		return 70
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return cli.Run(ctx, os.Args, os.Stdout, os.Stderr)
}
