package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// A lab is a real opam root in the script's work directory, with the sandbox on
// and a local repository . Its switch has the system's OCaml and dune.

// baseOpam are the packages of the repository that stand for what the machine has.
func baseOpam(ocaml, dune string) map[string]string {
	head := "opam-version: \"2.0\"\nsynopsis: \"Of the system\"\nmaintainer: \"lab\"\n"
	return map[string]string{
		"ocaml-system." + ocaml: head + "flags: compiler\nconflict-class: \"ocaml-core-compiler\"\n" +
			"setenv: [ [OCAMLPATH = \"%{lib}%\"] [CAML_LD_LIBRARY_PATH = \"%{lib}%/stublibs\"] ]\n",
		"ocaml." + ocaml:   head + "flags: conf\ndepends: [ \"ocaml-system\" {= \"" + ocaml + "\"} ]\n",
		"dune." + dune:     head + "depends: [ \"ocaml\" ]\nbuild: [ [\"dune\" \"--version\"] ]\n",
		"ocamlfind.1":      head + "depends: [ \"ocaml\" ]\nbuild: [ [\"ocamlfind\" \"printconf\" \"path\"] ]\n",
		"conf-rust-2021.1": head + "flags: conf\nbuild: [ [\"cargo\" \"--version\"] [\"rustc\" \"--version\"] ]\n",
	}
}

// setUp makes the lab of a script: its opam root, repository and switch.
func setUp(env *testscript.Env, tool string) error {
	work := env.WorkDir
	cargoBin, rustup, err := rust()
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"HOME": filepath.Join(work, "home"), "OPAMROOT": filepath.Join(work, "opam"), "OPAMROOTISOK": "1", "OPAMYES": "1",
		"OPAMCOLOR": "never", "OPAMSWITCH": "lab", "OPAMCLI": "2.0", "PREFIX": filepath.Join(work, "opam", "lab"),
		"REPO": filepath.Join(work, "opam-repo"), "TOOL": tool, "RUSTUP_HOME": rustup, "CARGO_HOME": os.Getenv("OPAM_CARGO_TEST_CRATES"),
		"PATH": env.Getenv("PATH") + ":" + cargoBin,
		// opam 2.1's sandbox shows little but /usr, /home and /tmp (docs/facts.md#opams-sandbox).
		"OPAM_USER_PATH_RO": strings.Join([]string{cargoBin, rustup, os.Getenv("OPAM_CARGO_TEST_CRATES")}, ":"),
	} {
		env.Setenv(name, value)
	}
	repo := filepath.Join(work, "opam-repo")
	ocaml, err := output("ocamlfind", "ocamlopt", "-version")
	if err != nil {
		return err
	}
	dune, err := output("dune", "--version")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(work, "home"), 0o755); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(repo, "repo"), "opam-version: \"2.0\"\n"); err != nil {
		return err
	}
	for nv, text := range baseOpam(ocaml, dune) {
		if err := addOpam(repo, nv, text); err != nil {
			return err
		}
	}
	if err := addTool(repo, tool); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"init", "--bare", "--no-setup", "--no-opamrc", "--bypass-checks", "local", repo},
		{"switch", "create", "lab", "--packages", "ocaml-system"},
	} {
		cmd := exec.Command("opam", args...)
		cmd.Env = withoutSwitch(env.Vars, args[0])
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("opam %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	config, err := os.ReadFile(filepath.Join(work, "opam", "config"))
	if err != nil {
		return err
	}
	if !bytes.Contains(config, []byte("sandbox.sh")) {
		return fmt.Errorf("opam has turned its sandbox off: does bubblewrap work here?")
	}
	return nil
}

// withoutSwitch leaves out OPAMSWITCH for the commands that come before the switch.
func withoutSwitch(vars []string, command string) []string {
	var kept []string
	for _, v := range vars {
		if strings.HasPrefix(v, "OPAMSWITCH=") && (command == "init" || command == "switch") {
			continue
		}
		kept = append(kept, v)
	}
	return kept
}

func addOpam(repo, nv, text string) error {
	name, _, _ := strings.Cut(nv, ".")
	return writeFile(filepath.Join(repo, "packages", name, nv, "opam"), text)
}

// addTool packages the built tool, as a plugin of opam.
func addTool(repo, tool string) error {
	archive := filepath.Join(repo, "cache", "opam-cargo.tar.gz")
	sum, err := pack(filepath.Dir(tool), archive)
	if err != nil {
		return err
	}
	return addOpam(repo, "opam-cargo.0.1.0", `opam-version: "2.0"
synopsis: "Built from this checkout"
maintainer: "lab"
flags: plugin
install: [ ["cp" "opam-cargo" "%{bin}%/opam-cargo"] ]
`+url(archive, sum))
}

// addRelease packages the tool as its opam file says, from the tarball of its sources,
// and the Go of the system as the project's own repository does.
func addRelease(repo, archive string) error {
	text, err := os.ReadFile("../../opam-cargo.opam")
	if err != nil {
		return err
	}
	sum, err := sha256(archive)
	if err != nil {
		return err
	}
	version := strings.TrimPrefix(strings.TrimSuffix(filepath.Base(archive), ".tar.gz"), "opam-cargo-")
	if err := addOpam(repo, "opam-cargo."+version, string(text)+url(archive, sum)); err != nil {
		return err
	}
	text, err = os.ReadFile("../../opam-repository/packages/conf-go/conf-go.1/opam")
	if err != nil {
		return err
	}
	return addOpam(repo, "conf-go.1", string(text))
}

func url(archive, sum string) string {
	return fmt.Sprintf("url { src: \"file://%s\" checksum: \"sha256=%s\" }\n", archive, sum)
}

// addPackage puts the package in dir into the repository, as a tarball.
func addPackage(repo, dir, nv, extra string) error {
	name, _, _ := strings.Cut(nv, ".")
	src, err := os.ReadFile(filepath.Join(dir, name+".opam"))
	if err != nil {
		return err
	}
	archive := filepath.Join(repo, "cache", nv+".tar.gz")
	sum, err := pack(dir, archive)
	if err != nil {
		return err
	}
	head := "synopsis: \"Of a test\"\nmaintainer: \"lab\"\n"
	if bytes.Contains(src, []byte("synopsis:")) {
		head = "" // an example has its own
	}
	return addOpam(repo, nv, head+string(src)+"\n"+url(archive, sum)+extra)
}

// pack makes a tarball of dir that is the same whenever the sources are, and
// returns its sha256.
func pack(dir, archive string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(archive), 0o755); err != nil {
		return "", err
	}
	tar := exec.Command("tar", "-C", filepath.Dir(dir), "--sort=name", "--mtime=@0", "--owner=0", "--group=0",
		"--exclude=_build", "--exclude=_opam", "--exclude=.git", "--exclude=rust/target", "-I", "gzip -n", "-cf", archive, filepath.Base(dir))
	if out, err := tar.CombinedOutput(); err != nil {
		return "", fmt.Errorf("tar: %w: %s", err, out)
	}
	return sha256(archive)
}

func sha256(file string) (string, error) {
	sum, err := output("sha256sum", file)
	return strings.Fields(sum + " ?")[0], err
}

// rust finds the directory of the cargo program and rustup's home.
func rust() (bin, rustup string, err error) {
	cargo, err := exec.LookPath("cargo")
	if err != nil {
		return "", "", fmt.Errorf("the tests need cargo: run make setup: %w", err)
	}
	rustup = os.Getenv("RUSTUP_HOME")
	if rustup == "" {
		rustup = filepath.Join(os.Getenv("HOME"), ".rustup")
	}
	return filepath.Dir(cargo), rustup, nil
}

func writeFile(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

func output(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}
