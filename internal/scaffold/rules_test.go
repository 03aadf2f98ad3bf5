package scaffold

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// project writes files, by name, and gives the project.
func project(t *testing.T, files map[string]string) (*Project, Package) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"old.opam":               "opam-version: \"2.0\"\ndepends: [\"dune\"]\n",
		"dune-project":           "(lang dune 2.9)\n",
		"native/Cargo.toml":      "[package]\nname = \"old-rs\"\nversion = \"0.1.0\"\n[lib]\ncrate-type = [\"staticlib\"]\n",
		"native/Cargo.lock":      "version = 3\n",
		"other/Cargo.toml":       "[package]\nname = \"other\"\nversion = \"0.1.0\"\n[lib]\ncrate-type = [\"cdylib\"]\n",
		"native/more/Cargo.toml": "[package]\nname = \"more\"\nversion = \"0.1.0\"\n",
	} {
		if _, ok := files[name]; !ok {
			files[name] = text
		}
	}
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil { //nolint:gosec // scripts among them
			t.Fatal(err)
		}
	}
	return Open(dir, nil), Package{Name: "old", Opam: "old.opam"}
}

const linksOld = "\n(library (name old) (public_name old) (foreign_archives old_rs))\n"

// Rules as people write them: each is one for the crate in native/, goes, and takes its
// archive with it.
func TestRules(t *testing.T) {
	for name, dune := range map[string]string{
		"env":           `(rule (targets libold_rs.a) (action (progn (run env CARGO_TARGET_DIR=x cargo build --manifest-path ../native/Cargo.toml) (copy x/debug/libold_rs.a libold_rs.a))))`,
		"pushd":         `(rule (targets libold_rs.a) (action (bash "pushd ../native; cargo build --release; popd; cp ../native/target/release/libold_rs.a .")))`,
		"make":          `(rule (targets libold_rs.a) (action (system "make -C ../native && cp ../native/target/release/libold_rs.a .")))`,
		"rustc":         `(rule (targets libold_rs.a) (action (chdir %{workspace_root}/native (run cargo rustc --release -- --crate-type=staticlib))))`,
		"dep":           `(rule (targets libold_rs.a) (action (progn (run cargo build --manifest-path %{dep:../native/Cargo.toml} -p old-rs) (system "cp ../native/target/debug/*.a ."))))`,
		"toolchain":     `(rule (targets libold_rs.a) (action (chdir ../native (run rustup run nightly cargo build))))`,
		"target":        `(rule (targets libold_rs.a) (action (progn (run cargo build --target x86_64-unknown-linux-musl) (run cp ../native/target/x86_64-unknown-linux-musl/release/libold_rs.a .))))`,
		"log":           `(rule (targets libold_rs.a) (action (with-outputs-to /dev/null (run sh -ec "(cd ../native && cargo build) && ln -sf ../native/target/debug/libold_rs.a libold_rs.a"))))`,
		"copy#":         `(rule (copy# ../native/target/release/libold_rs.a libold_rs.a))`,
		"fallback":      `(rule (mode fallback) (alias default) (targets libold_rs.a) (action (no-infer (progn (run cargo build) (rename ../native/target/debug/libold_rs.a libold_rs.a)))))`,
		"program":       `(rule (targets libold_rs.a) (action (run ./build.exe)))`,
		"function":      `(rule (targets libold_rs.a) (action (system "build() { cd $1; cargo build --release; }; build ../native; install -m 644 target/release/libold_rs.a ../src/")))`,
		"case":          `(rule (targets libold_rs.a) (action (system "case $(uname) in Darwin) ext=dylib;; *) ext=so;; esac; cd ../native; cargo build; [ -f target/debug/libold_rs.$ext ] && echo $ext; cp target/debug/libold_rs.a $OLDPWD")))`,
		"here-document": "(rule (targets libold_rs.a) (action (bash \"\ncat >x <<X\ncargo new\nX\ncargo build --manifest-path=../native/Cargo.toml\ncp ../native/target/debug/libold_rs.a .\n\")))",
		"lines":         "(rule (targets libold_rs.a) (action (system \"\\| set -e\n  \"\\> cd ../native && cargo build --release \\\n \"\\> cp target/release/libold_rs.a ../src\n)))",
		"subdir":        `(subdir sub (rule (targets libold_rs.a) (action (chdir ../../native (run cargo build)))))` + "\n" + `(rule (targets libold_rs.a) (action (copy sub/libold_rs.a libold_rs.a)))`,
		"variables":     `(rule (targets libold_rs.a) (deps (:manifest ../native/Cargo.toml) (:sources (source_tree ../native))) (action (progn (run %{bin:cargo} build --manifest-path %{manifest}) (run cp ../native/target/debug/libold_rs.a %{targets}))))`,
		"extension":     `(rule (targets libold_rs%{ext_lib} dllold_rs%{ext_dll}) (action (progn (chdir ../native (run cargo build)) (run cp ../native/target/debug/libold_rs%{ext_lib} ../native/target/debug/libold_rs%{ext_dll} .))))`,
		"script":        `(rule (targets libold_rs.a) (action (run bash %{dep:../build.sh} release)))`,
		"not a shell":   `(rule (targets libold_rs.a) (action (system "if then cargo")))`,
		"concurrent":    `(rule (targets libold_rs.a) (action (concurrent (run cargo build) (pipe-stdout (run cat x) (run tee y)))))`,
	} {
		t.Run(name, func(t *testing.T) {
			p, pkg := project(t, map[string]string{
				"src/dune": dune + linksOld,
				"build.sh": "#!/bin/bash -e\ncd \"$(dirname \"$0\")\"/native\nflags=\"--$1 --offline\"\ncargo build $flags\ncp target/$1/libold_rs.a ../_build/default/src/\n",
			})
			if err := p.FromVendor(pkg); err != nil {
				t.Fatal(err)
			}
			if src := p.edited["src/dune"]; strings.Contains(src, "cargo") || strings.Contains(src, "libold_rs") || strings.Contains(src, "foreign_archives") {
				t.Errorf("it is not taken out:\n%s", src)
			}
			if opam := p.edited["old.opam"]; !strings.Contains(opam, `install: [["opam-cargo" "install" "native"]]`) {
				t.Errorf("the tree is another:\n%s", opam)
			}
		})
	}
}

// What else may name an archive: linker flags of programs and libraries, (install ...),
// dependencies.
func TestArchivesElsewhere(t *testing.T) {
	for name, c := range map[string]struct{ dune, want string }{
		"executable": {
			`(executable (name main) (link_flags (-cclib ../native/target/release/libold_rs.a)))` + "\n",
			"(executable (name main) (libraries rust_bindings))\n",
		},
		"several flags": {
			`(executable (name main) (ocamlopt_flags (:standard -O3 -cclib -lold_rs -ccopt -L../native/target/release)) (link_deps ../native/target/release/libold_rs.a))` + "\n",
			"(executable (name main) (ocamlopt_flags (:standard -O3)) (libraries rust_bindings))\n",
		},
		"install": {
			"(library (name old) (public_name old) (foreign_archives old_rs))\n(install (section lib) (files libold_rs.a old.h))\n(install (section stublibs) (files (dllold_rs.so as dllold_rs.so)))\n",
			"(library (name old) (public_name old))\n(install (section lib) (files old.h))\n",
		},
		"dependency": {
			"(library (name old) (public_name old) (c_library_flags -lold_rs))\n(rule (alias x) (deps a libold_rs.a) (action (echo x)))\n",
			"(library (name old) (public_name old))\n(rule (alias x) (deps a) (action (echo x)))\n",
		},
		"ctypes": {
			"(library (name old) (ctypes (external_library_name old) (build_flags_resolver (vendored (c_flags :standard) (c_library_flags -lm -lold_rs)))))\n",
			"(library (name old) (ctypes (external_library_name old) (build_flags_resolver (vendored (c_flags :standard) (c_library_flags -lm)))))\n",
		},
		"inline tests": {
			"(library (name old) (public_name old) (foreign_archives old_rs))\n(library (name b) (libraries old) (inline_tests (executable (link_flags -linkall -cclib -lblst -cclib -lold_rs))))\n",
			"(library (name old) (public_name old))\n(library (name b) (libraries old) (inline_tests (executable (link_flags -linkall -cclib -lblst)) (libraries rust_bindings)))\n",
		},
		"copied": {
			"(copy_files ../native/target/release/libold_rs.a)\n(library (name old) (public_name old) (foreign_archives old_rs))\n(copy_files ../native/*.a)\n",
			"(library (name old) (public_name old))\n",
		},
		"from cargo's directory": {
			"(test (name t) (foreign_archives ../native/target/release/old_rs other_c))\n",
			"(test (name t) (foreign_archives other_c) (libraries rust_bindings))\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, pkg := project(t, map[string]string{"src/dune": c.dune})
			if err := p.FromVendor(pkg); err != nil {
				t.Fatal(err)
			}
			if got := p.edited["src/dune"]; got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// What is told, for each of the things that have no other form.
func TestTold(t *testing.T) {
	for command, want := range map[string]string{
		"cargo build --features=a":                        "cargo's --features a:",
		"cargo build --no-default-features":               "cargo's --no-default-features:",
		"RUSTFLAGS=-Ctarget-cpu=native cargo build":       "RUSTFLAGS=-Ctarget-cpu=native:",
		"export FOO=1; cargo build":                       "FOO=1:",
		"cargo +nightly build":                            "the toolchain nightly:",
		"cargo build; strip x.a; wasm-bindgen x":          "the rule also ran wasm-bindgen x,",
		"cargo build --target wasm32-unknown-unknown":     "cargo's --target wasm32-unknown-unknown:",
		"cbindgen -o src.h; cargo build --config 'a = 1'": "cargo's --config a = 1:",
	} {
		p, pkg := project(t, map[string]string{"src/dune": "(rule (targets libold_rs.a) (action (system \"cd ../native; " + command + "\")))" + linksOld})
		if err := p.FromVendor(pkg); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(p.ByHand, func(line string) bool { return strings.HasPrefix(line, "src/dune:1: "+want) }) {
			t.Errorf("%s: told is %q", command, p.ByHand)
		}
	}
	for _, command := range []string{
		"FOO=1; cargo build", "RUSTFLAGS='-C link-args=-Wl,-undefined,dynamic_lookup' cargo build --release -q",
		"export CARGO_TARGET_DIR=x && mkdir -p x && cargo build --locked --offline -j 2 --color=never", "cargo fetch; cargo build; ranlib x; strip x",
	} {
		p, pkg := project(t, map[string]string{"src/dune": "(rule (targets libold_rs.a) (action (system \"cd ../native; " + command + "\")))" + linksOld})
		if err := p.FromVendor(pkg); err != nil {
			t.Fatal(err)
		}
		if len(p.ByHand) > 0 {
			t.Errorf("%s: told is %q", command, p.ByHand)
		}
	}
}

// A project that needs nothing of it, and rules that are none of Rust.
func TestOtherRules(t *testing.T) {
	for _, dune := range []string{
		"(rule (targets libc.a) (action (system \"make -C c && cp c/libc.a .\")))\n(library (name old) (foreign_archives c))\n",
		"(rule (targets x.ml) (action (with-stdout-to x.ml (run ./gen.exe))))\n(library (name old))\n",
		"(library (name old) (c_library_flags (-lsqlite3)))\n",
	} {
		p, pkg := project(t, map[string]string{"src/dune": dune})
		if err := p.FromVendor(pkg); err == nil || len(p.Changed()) > 0 {
			t.Errorf("%s: %v, changed %v", dune, err, p.Changed())
		}
	}
}

// Files of the tree that the OCaml part reads are told: dune does not look there any more.
func TestHidden(t *testing.T) {
	for _, dune := range []string{
		"(library (name old) (foreign_archives old_rs) (foreign_stubs (language c) (names s) (include_dirs ../native/include)))",
		"(library (name old) (foreign_archives old_rs))\n(copy_files# ../native/include/*.h)",
		"(library (name old) (foreign_archives old_rs))\n(rule (with-stdout-to x (run cat %{dep:../native/VERSION})))",
	} {
		p, pkg := project(t, map[string]string{"src/dune": dune + "\n", "dune": "(data_only_dirs native/attic)\n"})
		if err := p.FromVendor(pkg); err != nil {
			t.Fatal(err)
		}
		if len(p.ByHand) != 1 || !strings.Contains(p.ByHand[0], "dune does not look into native any more") {
			t.Errorf("%s: told is %q", dune, p.ByHand)
		}
	}
}
