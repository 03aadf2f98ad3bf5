package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// scale measures synth on generated switches, against one cargo metadata of the same
// workspace: time and memory of the tool itself.
func (b *bench) scale() error {
	fmt.Fprintf(b.out, "## Scale: synth alone\n\n| bindings | crates | synth, first | synth, again | cargo metadata | again / metadata | memory of synth, of cargo metadata |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, n := range [][2]int{{10, 100}, {50, 500}, {200, 2000}} {
		if err := b.scaleTo(n[0], n[1]); err != nil {
			return err
		}
	}
	fmt.Fprintln(b.out)
	return nil
}

func (b *bench) scaleTo(bindings, crates int) error {
	base := filepath.Join(b.work, fmt.Sprintf("scale-%d-%d", bindings, crates))
	if err := os.RemoveAll(base); err != nil {
		return err
	}
	store := filepath.Join(base, "store")
	for i := 0; i < crates; i++ {
		dir := filepath.Join(store, fmt.Sprintf("c%d", i))
		text := fmt.Sprintf("[package]\nname = \"c%d\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[dependencies]\n", i)
		for _, d := range []int{i / 2, i / 3, i - 1} {
			if d >= 0 && d < i && !strings.Contains(text, fmt.Sprintf("c%d =", d)) {
				text += fmt.Sprintf("c%d = \"1\"\n", d)
			}
		}
		for name, content := range map[string]string{"Cargo.toml": text, "src/lib.rs": "", ".cargo-checksum.json": fmt.Sprintf("{\"files\":{},\"package\":\"%064d\"}", i+1)} {
			if err := write(filepath.Join(dir, filepath.FromSlash(name)), content); err != nil {
				return err
			}
		}
	}
	prefix, root := filepath.Join(base, "prefix"), filepath.Join(base, "pack")
	depends := ""
	for i := 0; i < bindings; i++ {
		pkg := fmt.Sprintf("bind%d", i)
		dir := filepath.Join(base, "trees", pkg)
		manifest := fmt.Sprintf("[package]\nname = \"%s-ffi\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"staticlib\"]\n[dependencies]\n", pkg)
		for j := 0; j < 10; j++ {
			manifest += fmt.Sprintf("c%d = \"1\"\n", crates-1-(i*10+j)%crates)
		}
		for name, content := range map[string]string{"Cargo.toml": manifest, "src/lib.rs": ""} {
			if err := write(filepath.Join(dir, filepath.FromSlash(name)), content); err != nil {
				return err
			}
		}
		if err := write(filepath.Join(prefix, ".opam-switch", "packages", pkg+".1", "opam"), "opam-version: \"2.0\"\n"); err != nil {
			return err
		}
		if _, err := (command{args: []string{b.tool, "install", "--package", pkg, "--prefix", prefix, dir}}).run(); err != nil {
			return err
		}
		depends += fmt.Sprintf(" %q", pkg)
	}
	if err := write(filepath.Join(root, "pack.opam"), "opam-version: \"2.0\"\ndepends: ["+depends+" ]\n"); err != nil {
		return err
	}
	synth := command{dir: root, env: append(b.env(), "OPAM_CARGO_CRATES="+store), args: []string{b.tool, "synth", "--prefix", prefix}, rss: true}
	w := filepath.Join(root, "_build", ".opam-cargo")
	metadata := command{dir: "/", env: []string{"CARGO_HOME=" + filepath.Join(w, "cargo-home")}, rss: true,
		args: []string{"cargo", "metadata", "--format-version", "1", "--offline", "--locked", "--manifest-path", filepath.Join(w, "Cargo.toml"), "--config", filepath.Join(w, "config.toml")}}
	first, err := synth.run()
	if err != nil {
		return err
	}
	var again, meta []cost
	for i := 0; i < b.runs; i++ {
		c, err := synth.run()
		if err != nil {
			return err
		}
		again = append(again, c)
		if c, err = metadata.run(); err != nil {
			return err
		}
		meta = append(meta, c)
	}
	a, m := median(again), median(meta)
	fmt.Fprintf(b.out, "| %d | %d | %s | %s | %s | %s | %d MB, %d MB |\n", bindings, crates, seconds(first.wall), seconds(a.wall), seconds(m.wall), ratio(a.wall, m.wall), max(first.rss, a.rss)/1e6, m.rss/1e6)
	return nil
}

// dune measures a dune build that has nothing to do, with the rule and without.
func (b *bench) dune() error {
	base := filepath.Join(b.work, "dune")
	if err := os.RemoveAll(base); err != nil {
		return err
	}
	prefix := filepath.Join(base, "prefix")
	if err := write(filepath.Join(prefix, ".opam-switch", "packages", "one.1", "opam"), "opam-version: \"2.0\"\n"); err != nil {
		return err
	}
	for name, text := range map[string]string{"Cargo.toml": "[package]\nname = \"one-ffi\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"staticlib\"]\n", "src/lib.rs": "#[no_mangle] pub extern \"C\" fn one(_: i64) -> i64 { 1 }\n"} {
		if err := write(filepath.Join(base, "one", filepath.FromSlash(name)), text); err != nil {
			return err
		}
	}
	if _, err := (command{args: []string{b.tool, "install", "--package", "one", "--prefix", prefix, filepath.Join(base, "one")}}).run(); err != nil {
		return err
	}
	env := []string{"CARGO_HOME=" + b.home, "OPAM_SWITCH_PREFIX=" + prefix, "PATH=" + filepath.Dir(b.tool) + ":" + os.Getenv("PATH")}
	var costs [2]cost
	for i, libraries := range []string{"", " (libraries rust_bindings)"} {
		root := filepath.Join(base, fmt.Sprintf("p%d", i))
		for name, text := range map[string]string{"dune-project": "(lang dune 2.0)\n", "p.opam": "opam-version: \"2.0\"\ndepends: [ \"one\" ]\n", "bin/dune": "(executable (name main)" + libraries + ")\n", "bin/main.ml": "let () = print_endline \"hello\"\n"} {
			if err := write(filepath.Join(root, filepath.FromSlash(name)), text); err != nil {
				return err
			}
		}
		if libraries != "" {
			if _, err := (command{dir: root, env: env, args: []string{b.tool, "init"}}).run(); err != nil {
				return err
			}
		}
		build := command{dir: root, env: env, args: []string{"dune", "build", "./bin/main.exe"}}
		if _, err := build.run(); err != nil {
			return err
		}
		var list []cost
		for run := 0; run < b.runs; run++ {
			c, err := build.run()
			if err != nil {
				return err
			}
			list = append(list, c)
		}
		costs[i] = median(list)
	}
	fmt.Fprintf(b.out, "## dune build with nothing to do\n\nwithout the rule %s s, with it %s s: %d ms more\n", seconds(costs[0].wall), seconds(costs[1].wall), (costs[1].wall - costs[0].wall).Milliseconds())
	return nil
}
