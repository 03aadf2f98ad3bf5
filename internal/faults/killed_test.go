package faults

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilled kills the tool, alone or with its process group, twice in a row, while a build
// script, a compiler, or what these have begun runs: all of it ends within seconds, and the
// next build works.
func TestKilled(t *testing.T) {
	tool := build(t)
	signals := []struct {
		name   string
		signal syscall.Signal
		group  bool
	}{{"SIGKILL", syscall.SIGKILL, false}, {"SIGHUP", syscall.SIGHUP, false}, {"SIGTERM", syscall.SIGTERM, false}, {"SIGKILL of the group", syscall.SIGKILL, true}}
	for _, during := range []string{"script", "stubborn", "children", "daemon", "rustc", "rustc-children"} {
		w := slowWorld(t, tool)
		for _, s := range signals {
			t.Run(s.name+" during "+during, func(t *testing.T) {
				for again := 0; again < 2; again++ {
					pids := filepath.Join(w.dir, "pids")
					os.Remove(pids)
					cmd := w.command("build", "--root", w.dir, "--prefix", "prefix")
					cmd.Env = append(cmd.Env, "SLOW="+during, "PIDS="+pids)
					cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
					var out bytes.Buffer
					cmd.Stderr = &out
					if err := cmd.Start(); err != nil {
						t.Fatal(err)
					}
					begun := waitFor(t, pids, &out)
					pid := cmd.Process.Pid
					if s.group {
						pid = -pid
					}
					if err := syscall.Kill(pid, s.signal); err != nil {
						t.Fatal(err)
					}
					_ = cmd.Wait()
					for deadline := time.Now().Add(8 * time.Second); ; time.Sleep(50 * time.Millisecond) {
						left := append(alive(begun), running(w.dir)...)
						if len(left) == 0 {
							break
						}
						if time.Now().After(deadline) {
							t.Fatalf("left are %s", left)
						}
					}
				}
			})
		}
		if out, err := w.command("build", "--root", w.dir, "--prefix", "prefix").CombinedOutput(); err != nil || strings.Contains(string(out), "waiting") {
			t.Errorf("%s: and again: %v\n%s", during, err, out)
		}
	}
}

// TestWrappersServer lets --wrapper start a server that lives on: it is not ended, and
// nothing waits for it, whether the tool ends or is killed.
func TestWrappersServer(t *testing.T) {
	w := slowWorld(t, build(t))
	server := filepath.Join(w.dir, "server")
	write(t, w.dir, map[string]string{
		"wrap": "#!/bin/sh\n[ -e " + server + " ] || setsid sh -c 'echo $$ >" + server + "; exec sleep 100' >/dev/null 2>&1 </dev/null &\nexec \"$@\"\n",
	})
	if err := os.Chmod(filepath.Join(w.dir, "wrap"), 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"build", "--root", w.dir, "--prefix", "prefix", "--wrapper", filepath.Join(w.dir, "wrap")}
	cmd := w.command(args...)
	pids := filepath.Join(w.dir, "pids")
	cmd.Env = append(cmd.Env, "SLOW=rustc", "PIDS="+pids)
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	begun := waitFor(t, pids, &out)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for i := 0; i < 2; i++ {
		out, err := w.command(args...).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if left := alive(begun); len(left) > 0 {
		t.Errorf("left are %s", left)
	}
	text, _ := os.ReadFile(server)
	pid := strings.TrimSpace(string(text))
	if len(alive([]string{pid})) != 1 {
		t.Errorf("the wrapper's server %s has been ended", pid)
	}
	if n, err := strconv.Atoi(pid); err == nil {
		_ = syscall.Kill(n, syscall.SIGKILL)
	}
}

// slowWorld has a program whose build script or procedural macro takes its time, if the
// environment says so, and writes the processes that it has begun into a file.
func slowWorld(t *testing.T, tool string) world {
	w := world{dir: t.TempDir(), tool: tool, cargo: filepath.Join(toolchain(t), "cargo")}
	slow := `
pub fn slow(place: &str) {
    let how = std::env::var("SLOW").unwrap_or_default();
    if !how.starts_with(place) { return }
    let pids = std::env::var("PIDS").unwrap();
    let end = match &how[place.len()..] {
        "" => "",
        "-children" => "sleep 100 & echo $! >>$PIDS.new; (sleep 101 & echo $! >>$PIDS.new);",
        _ => panic!(),
    };
    run(end, &pids);
}
pub fn run(what: &str, pids: &str) {
    let text = format!("echo {} >$PIDS.new; {} mv $PIDS.new $PIDS", std::process::id(), what);
    assert!(std::process::Command::new("sh").arg("-c").arg(text).env("PIDS", pids).status().unwrap().success());
    std::thread::sleep(std::time::Duration::from_secs(100));
}
`
	write(t, w.dir, map[string]string{
		"pack.opam":                          "opam-version: \"2.0\"\n",
		"prefix/.opam-switch/packages/.keep": "",
		"tmp/.keep":                          "",
		"rust/Cargo.toml":                    "[package]\nname = \"own\"\nversion = \"0.1.0\"\n[lib]\ncrate-type = [\"staticlib\"]\n[dependencies]\nmacros = { path = \"macros\" }\n",
		"rust/src/lib.rs":                    "macros::slow!();\n#[no_mangle] pub extern \"C\" fn own() {}\n",
		"rust/macros/Cargo.toml":             "[package]\nname = \"macros\"\nversion = \"0.1.0\"\n[lib]\nproc-macro = true\n",
		"rust/macros/src/lib.rs": "#[proc_macro] pub fn slow(_: proc_macro::TokenStream) -> proc_macro::TokenStream { wait::slow(\"rustc\"); Default::default() }\n" +
			"mod wait {" + slow + "}\n",
		"rust/build.rs": `mod wait {` + slow + `}
fn main() {
    println!("cargo:rerun-if-env-changed=SLOW");
    let pids = std::env::var("PIDS").unwrap_or_default();
    match std::env::var("SLOW").unwrap_or_default().as_str() {
        "stubborn" => wait::run("sh -c 'trap \"\" INT TERM HUP; sleep 100' & echo $! >>$PIDS.new;", &pids),
        "children" => wait::run("sleep 100 & echo $! >>$PIDS.new; (sleep 101 & echo $! >>$PIDS.new);", &pids),
        "daemon" => wait::run("setsid sh -c 'echo $$ >$PIDS.d; exec sleep 100' >/dev/null 2>&1 </dev/null & while [ ! -s $PIDS.d ]; do sleep 0.1; done; cat $PIDS.d >>$PIDS.new; rm $PIDS.d;", &pids),
        _ => wait::slow("script"),
    }
}
`,
	})
	return w
}

// waitFor waits for the processes that a build has begun.
func waitFor(t *testing.T, file string, out *bytes.Buffer) []string {
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if text, err := os.ReadFile(file); err == nil {
			return strings.Fields(string(text))
		}
		if time.Now().After(deadline) {
			t.Fatalf("the build does not begin\n%s", out.String())
		}
	}
}

// alive are those of some processes that have not ended.
func alive(pids []string) (left []string) {
	for _, pid := range pids {
		text, err := os.ReadFile("/proc/" + pid + "/stat")
		if err == nil && !strings.HasPrefix(string(text[bytes.LastIndexByte(text, ')'):]), ") Z") {
			left = append(left, string(text[:bytes.LastIndexByte(text, ')')+1]))
		}
	}
	return left
}

// running are the processes whose command line names a directory.
func running(dir string) []string {
	out, err := exec.Command("pgrep", "-a", "-f", dir).Output()
	if err != nil {
		return nil
	}
	return []string{string(out)}
}
