package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// places are the directories of a case.
type places struct{ prefix, root, w, hand, apart string }

// compare measures one case in the three ways and prints its table.
func (b *bench) compare(k kase) error {
	base := filepath.Join(b.work, strings.ReplaceAll(k.name, " ", "-"))
	p := places{prefix: filepath.Join(base, "prefix"), root: filepath.Join(base, "pack"), hand: filepath.Join(base, "hand"), apart: filepath.Join(base, "apart")}
	p.w = filepath.Join(p.root, "_build", ".opam-cargo")
	if err := b.prepare(k, p); err != nil {
		return err
	}
	ways := []struct {
		name  string
		fresh func() error            // removes what was built
		build func() (cost, error)    // builds
		edit  func(text string) error // changes the first binding
	}{
		{"cargo by hand", func() error { return os.RemoveAll(filepath.Join(p.hand, "target")) }, b.handBuild(p), func(text string) error {
			return appendTo(filepath.Join(p.hand, "bindings", k.bindings[0].pkg), text)
		}},
		{"opam-cargo", func() error { return os.RemoveAll(p.w) }, b.toolBuild(p), func(text string) error {
			return appendTo(filepath.Join(p.prefix, "rust-bindings", k.bindings[0].pkg), text)
		}},
		{"apart", func() error { return removeTargets(k, p) }, b.apartBuild(k, p), func(text string) error { return appendTo(filepath.Join(p.apart, k.bindings[0].pkg), text) }},
	}
	results := map[string]map[string]cost{}
	measure := func(step string, times int, before func(way int, run int) error) error {
		results[step] = map[string]cost{}
		lists := make([][]cost, len(ways))
		for run := 0; run < times; run++ { // in turn, so that a busy minute hits all
			for i, w := range ways {
				if err := before(i, run); err != nil {
					return err
				}
				c, err := w.build()
				if err != nil {
					return err
				}
				lists[i] = append(lists[i], c)
			}
		}
		for i, w := range ways {
			results[step][w.name] = median(lists[i])
		}
		return nil
	}
	steps := []string{"cold", "no-op", "one binding changed"}
	err := measure(steps[0], b.cold, func(way, _ int) error { return ways[way].fresh() })
	if err == nil {
		err = measure(steps[1], b.runs, func(int, int) error { return nil })
	}
	if err == nil {
		err = measure(steps[2], 3, func(way, run int) error {
			return ways[way].edit(fmt.Sprintf("\npub const BENCH_%d: u8 = %d;\n", run, run))
		})
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "## %s\n\n| | cargo by hand: wall, CPU | opam-cargo: wall, CPU | apart: wall, CPU | opam-cargo / by hand | apart / opam-cargo |\n| --- | --- | --- | --- | --- | --- |\n", k.name)
	for _, step := range steps {
		r := results[step]
		hand, tool, apart := r["cargo by hand"], r["opam-cargo"], r["apart"]
		fmt.Fprintf(b.out, "| %s | %s, %s | %s, %s | %s, %s | %s, %s | %s, %s |\n", step,
			seconds(hand.wall), seconds(hand.cpu), seconds(tool.wall), seconds(tool.cpu), seconds(apart.wall), seconds(apart.cpu),
			ratio(tool.wall, hand.wall), ratio(tool.cpu, hand.cpu), ratio(apart.wall, tool.wall), ratio(apart.cpu, tool.cpu))
	}
	fmt.Fprintf(b.out, "| crates compiled, cold | %d | %s | %d | | |\n| crates compiled, one binding changed | %d | %s | %d | | |\n\n",
		compiling(results["cold"]["cargo by hand"]), compiledNow(results["cold"]["opam-cargo"]), compiling(results["cold"]["apart"]),
		compiling(results[steps[2]]["cargo by hand"]), compiledNow(results[steps[2]]["opam-cargo"]), compiling(results[steps[2]]["apart"]))
	return b.second(p)
}

// prepare installs the bindings, synthesizes the workspace once, and copies from it what
// a careful author would have written by hand.
func (b *bench) prepare(k kase, p places) error {
	if err := os.RemoveAll(filepath.Dir(p.prefix)); err != nil {
		return err
	}
	var depends []string
	for _, bind := range k.bindings {
		if err := write(filepath.Join(p.prefix, ".opam-switch", "packages", bind.pkg+".1", "opam"), "opam-version: \"2.0\"\n"); err != nil {
			return err
		}
		dir, err := filepath.Abs(bind.dir)
		if err != nil {
			return err
		}
		if _, err := (command{args: []string{b.tool, "install", "--package", bind.pkg, "--prefix", p.prefix, dir}}).run(); err != nil {
			return err
		}
		depends = append(depends, fmt.Sprintf("%q", bind.pkg))
	}
	if err := write(filepath.Join(p.root, "pack.opam"), "opam-version: \"2.0\"\ndepends: [ "+strings.Join(depends, " ")+" ]\n"); err != nil {
		return err
	}
	if _, err := (command{dir: p.root, env: b.env(), args: []string{b.tool, "synth", "--prefix", p.prefix}}).run(); err != nil {
		return err
	}
	for _, name := range []string{"Cargo.toml", "Cargo.lock", "src", "bindings", "crates"} {
		if err := copyDir(filepath.Join(p.w, name), filepath.Join(p.hand, name)); err != nil {
			return err
		}
	}
	config := fmt.Sprintf("[source.crates-io]\nreplace-with = \"here\"\n[source.here]\ndirectory = %q\n", filepath.Join(p.hand, "crates"))
	if err := write(filepath.Join(p.hand, ".cargo", "config.toml"), config); err != nil {
		return err
	}
	for _, bind := range k.bindings {
		dir := filepath.Join(p.apart, bind.pkg)
		if err := copyDir(bind.dir, dir); err != nil {
			return err
		}
		if err := write(filepath.Join(dir, ".cargo", "config.toml"), "[net]\noffline = true\n"); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) env() []string { return []string{"CARGO_HOME=" + b.home, "OPAM_SWITCH_PREFIX="} }

func (b *bench) handBuild(p places) func() (cost, error) {
	return command{dir: p.hand, env: []string{"CARGO_HOME=" + filepath.Join(p.hand, "home")}, args: []string{"cargo", "build", "--release", "--offline", "--locked"}}.run
}

func (b *bench) toolBuild(p places) func() (cost, error) {
	return command{dir: p.root, env: b.env(), args: []string{b.tool, "build", "-v", "--prefix", p.prefix}}.run
}

func (b *bench) apartBuild(k kase, p places) func() (cost, error) {
	return func() (cost, error) {
		var sum cost
		for _, bind := range k.bindings {
			c, err := command{dir: filepath.Join(p.apart, bind.pkg), env: b.env(), args: []string{"cargo", "build", "--release", "--offline", "--locked"}}.run()
			if err != nil {
				return sum, err
			}
			sum = sum.plus(c)
		}
		return sum, nil
	}
}

func removeTargets(k kase, p places) error {
	for _, bind := range k.bindings {
		if err := os.RemoveAll(filepath.Join(p.apart, bind.pkg, "target")); err != nil {
			return err
		}
	}
	return nil
}

// appendTo changes the library of the tree in dir: its own, or that of the first member.
func appendTo(dir, text string) error {
	files, err := filepath.Glob(filepath.Join(dir, "src", "lib.rs"))
	if err != nil || len(files) == 0 {
		if files, err = filepath.Glob(filepath.Join(dir, "*", "src", "lib.rs")); err != nil || len(files) == 0 {
			return fmt.Errorf("no src/lib.rs in %s", dir)
		}
	}
	f, err := os.OpenFile(files[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	return f.Close()
}

func compiling(c cost) int { return strings.Count(c.said, "   Compiling ") }

var now = regexp.MustCompile(`([0-9]+) compiled now`)

func compiledNow(c cost) string {
	if m := now.FindStringSubmatch(c.said); m != nil {
		return m[1]
	}
	return "?"
}

// second measures a second program in a switch whose crates are opam packages: it begins
// with what the first one compiled.
func (b *bench) second(p places) error {
	prefix := filepath.Join(filepath.Dir(p.prefix), "prefix2")
	if err := copyDir(p.prefix, prefix); err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(p.hand, "crates"))
	if err != nil {
		return err
	}
	var lock []byte
	if lock, err = os.ReadFile(filepath.Join(p.hand, "Cargo.lock")); err != nil {
		return err
	}
	for _, m := range lockedCrate.FindAllStringSubmatch(string(lock), -1) {
		files, err := filepath.Glob(filepath.Join(b.home, "registry", "cache", "*", m[1]+"-"+m[2]+".crate"))
		if err != nil || len(files) == 0 {
			return fmt.Errorf("no %s-%s.crate among %d crates", m[1], m[2], len(entries))
		}
		if _, err := (command{dir: filepath.Dir(files[0]), args: []string{b.tool, "install-crate", "--prefix", prefix, m[1], m[2]}}).run(); err != nil {
			return err
		}
	}
	var firstCost, secondCost cost
	var archives [2][]byte
	for i, c := range []*cost{&firstCost, &secondCost} {
		root := filepath.Join(filepath.Dir(p.root), fmt.Sprintf("program%d", i))
		if err := copyDir(filepath.Join(p.root, "pack.opam"), filepath.Join(root, "pack.opam")); err != nil {
			return err
		}
		if *c, err = (command{dir: root, env: []string{"CARGO_HOME=" + filepath.Join(root, "none")}, args: []string{b.tool, "build", "--prefix", prefix}}).run(); err != nil {
			return err
		}
		if archives[i], err = os.ReadFile(filepath.Join(root, "rust-bindings", "librust_bindings.a")); err != nil {
			return err
		}
		if _, err := (command{dir: root, args: []string{b.tool, "install", "--compiled", "--prefix", prefix}}).run(); err != nil {
			return err
		}
	}
	if string(archives[0]) != string(archives[1]) {
		return fmt.Errorf("the archives of the two programs differ")
	}
	fmt.Fprintf(b.out, "A second program in the switch, its crates installed by opam: %s s, %s s of CPU, after %s s, %s s for the first: %s times faster, %s in CPU; equal bytes.\n\n",
		seconds(secondCost.wall), seconds(secondCost.cpu), seconds(firstCost.wall), seconds(firstCost.cpu), ratio(firstCost.wall, secondCost.wall), ratio(firstCost.cpu, secondCost.cpu))
	return nil
}

var lockedCrate = regexp.MustCompile(`name = "([^"]+)"\nversion = "([^"]+)"\nsource = `)
