// Command bench compares opam-cargo with cargo on a hand-written workspace of the same
// crates (the limit), and with each binding built apart, as packages do today. All are
// measured in one run, in turn; tables of medians come out. See make bench.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// binding is one of a case.
type binding struct{ pkg, dir string }

// kase is a program with some bindings.
type kase struct {
	name     string
	bindings []binding
}

type bench struct {
	out        io.Writer
	tool, work string
	home       string // a cargo home with the crates in its download cache
	runs, cold int
}

func main() {
	b := bench{out: os.Stdout}
	flag.StringVar(&b.tool, "tool", "", "the opam-cargo program")
	flag.StringVar(&b.work, "work", "", "a directory to work in, which is emptied")
	flag.StringVar(&b.home, "cargo-home", "", "a cargo home with the crates")
	flag.IntVar(&b.runs, "runs", 5, "runs of what is quick")
	flag.IntVar(&b.cold, "cold", 1, "runs of cold builds")
	only := flag.String("only", "", "cases or parts whose name has this")
	flag.Parse()
	if err := b.all(*only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) all(only string) error {
	fmt.Fprintf(b.out, "%s\n\n", machine())
	ten, err := b.tenRuntime()
	if err != nil {
		return err
	}
	for _, k := range []kase{
		{"demo pair", []binding{{"ocaml-bls12-381", "examples/ocaml-bls12-381/rust"}, {"ocaml-jubjub", "examples/ocaml-jubjub/rust"}}},
		{"large pair", []binding{{"sapling", "bench/large/sapling"}, {"bls", "bench/large/bls"}}},
		ten,
	} {
		if strings.Contains(k.name, only) {
			if err := b.compare(k); err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
		}
	}
	if strings.Contains("scale", only) {
		if err := b.scale(); err != nil {
			return err
		}
	}
	if strings.Contains("dune", only) {
		return b.dune()
	}
	return nil
}

// tenRuntime makes ten bindings of the one that uses ocaml-rs.
func (b *bench) tenRuntime() (kase, error) {
	k := kase{name: "ten ocaml-rs bindings"}
	for i := 0; i < 10; i++ {
		n := strconv.Itoa(i)
		dir := filepath.Join(b.work, "ten", "rs"+n)
		if err := os.RemoveAll(dir); err != nil {
			return k, err
		}
		if err := copyDir("examples/caml-rs/rust", dir); err != nil {
			return k, err
		}
		for _, file := range []string{"Cargo.toml", "Cargo.lock", "src/lib.rs"} {
			src, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				return k, err
			}
			text := regexp.MustCompile(`caml-rs-ffi|caml-rs`).ReplaceAllString(string(src), "rs"+n+"-ffi")
			text = strings.ReplaceAll(text, "crs_summary", "crs_summary_"+n)
			if err := write(filepath.Join(dir, file), text); err != nil {
				return k, err
			}
		}
		k.bindings = append(k.bindings, binding{"rs" + n, dir})
	}
	return k, nil
}
