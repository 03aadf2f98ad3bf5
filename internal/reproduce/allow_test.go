package reproduce

import (
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/record"
)

// What rustc's flags in a record may be, in each spelling that rustc takes.
func TestRecordFlags(t *testing.T) {
	for _, flags := range []string{
		"", " ", "-C opt-level=2", "-Copt-level=3", "--codegen opt-level=s", "--codegen=opt-level=z", "-C target-cpu=native", "-Ctarget-cpu=x86-64-v3",
		"-C target-feature=+avx2,-sse4.1", "-C codegen-units=1", "-Ccodegen_units=16", "-C panic=abort", "-C debuginfo=2", "-g -O", "-C strip=symbols",
		"-C lto=thin", "-C overflow-checks", "-C overflow-checks=off", "-C debug-assertions=on", "--cfg fast", "--cfg=feature=\"x\"", "--cfg   fast",
		"-C force-frame-pointers=yes", "-C relocation-model=pic", "-Dwarnings -A unused_mut", "--cap-lints=warn",
	} {
		if refused := refusedFlags(flags); len(refused) > 0 {
			t.Errorf("%q: refused are %q", flags, refused)
		}
	}
	for _, flags := range []string{
		"-C linker=/tmp/x", "-Clinker=x", "--codegen=linker=x", "--codegen linker=x", "-C link-arg=-wrapper", "-Clink-arg=x", "-Clink_arg=x", "-C link-args=x",
		"-C pre-link-args=x", "-Z unstable-options", "-Zcodegen-backend=/tmp/x.so", "@/tmp/args", "--sysroot /tmp", "--sysroot=/tmp", "-L /tmp", "-L/tmp",
		"-l x", "-lx", "--extern x=/tmp/x.so", "--extern=proc=x.so", "-o /tmp/x", "-o/tmp/x", "--out-dir=/home", "--emit=asm=/tmp/x", "--print=link-args",
		"-C profile-use=/tmp/x", "-C profile-generate=/tmp", "-C incremental=/tmp/x", "-C save-temps", "-C dlltool=/tmp/x", "-C llvm-args=-load=/tmp/x.so",
		"-C passes=x", "-C ar=/tmp/x", "-C linker-flavor=ld", "-C link-self-contained=no", "-C linker-plugin-lto=/tmp/x.so", "-C remark=all",
		"--remap-path-prefix=/=x", "--crate-name=x", "--target=/tmp/x.json", "--target x.json", "--test", "-", "/tmp/x.rs", "x", "-C", "--cfg", "--cfg a b",
		"-C opt-level=3\t-Clinker=x", "-C\nlinker=x", "-C opt-level", "-C opt-level=3,linker=x", "-C target-cpu=../x", "-C target-cpu=@x", "-v", "-Vv", "--error-format=json",
		"--diagnostic-width=1 -Clinker=x", "-gClinker=x", "-OClinker=x", "--explain E1", "--env-set X=y", "--json=x", "-W", "--verbose",
	} {
		if len(refusedFlags(flags)) == 0 {
			t.Errorf("%q is taken", flags)
		}
	}
}

func TestRecordSettings(t *testing.T) {
	for _, text := range []string{
		"", "[profile.release]\nlto = \"thin\"\nopt-level = 3\ndebug = 1\n[profile.release.package.log]\nopt-level = 1\n[profile.release.package.\"*\"]\nopt-level = 1",
		"[profile.x]\ninherits = \"release\"\n[profile.x.build-override]\nopt-level = 0", "[bindings.foocaml]\nfeatures = [\"a\"]",
		"[patch.crates-io]\nlog = { path = \"../vendor/log\" }", "[patch.crates-io]\nlog = { git = \"https://example.org/log\", rev = \"1\" }",
	} {
		if refused, err := refusedSettings(text); err != nil || len(refused) > 0 {
			t.Errorf("%q: refused are %q, %v", text, refused, err)
		}
	}
	for text, key := range map[string]string{
		"wrapper = \"/tmp/x\"":   "wrapper",
		"profile = 1":            "profile",
		"[profile]\nrelease = 1": "profile.release",
		"[profile.release]\nrustflags = [\"-Clinker=x\"]":                        "profile.release.rustflags",
		"[profile.release]\ncodegen-backend = \"x\"":                             "profile.release.codegen-backend",
		"[profile.release.package.log]\nrustflags = [\"x\"]":                     "profile.release.package.log.rustflags",
		"[profile.release.package.log.package.x]\nlto = true":                    "profile.release.package.log.package",
		"[profile.release.build-override]\nrustflags = [\"x\"]":                  "profile.release.build-override.rustflags",
		"[profile.release.lto]\nx = 1":                                           "profile.release.lto",
		"[build]\nrustc-wrapper = \"x\"":                                         "build.rustc-wrapper",
		"[build.x]\nrustc = \"x\"":                                               "build.x",
		"[target.x86_64-unknown-linux-gnu]\nlinker = \"x\"":                      "target.x86_64-unknown-linux-gnu",
		"[env]\nPATH = \"/tmp\"":                                                 "env.PATH",
		"[alias]\nb = \"x\"":                                                     "alias.b",
		"[patch.crates-io]\nlog = { path = \"/tmp/log\" }":                       "patch.crates-io.log.path",
		"[patch.crates-io]\nlog = { path = \"../../log\" }":                      "patch.crates-io.log.path",
		"[patch.crates-io]\nlog = { git = \"ext::sh -c id\" }":                   "patch.crates-io.log.git",
		"[patch.crates-io]\nlog = { git = \"file:///tmp/log\" }":                 "patch.crates-io.log.git",
		"[patch.crates-io]\nlog = { git = \"ssh://-oProxyCommand=id/x\" }":       "patch.crates-io.log.git",
		"[patch.crates-io]\nlog = { path = \"../log\", registry-index = \"x\" }": "patch.crates-io.log.registry-index",
		"[patch]\ncrates-io = \"x\"":                                             "patch.crates-io",
		"[patch.crates-io]\nlog = \"1\"":                                         "patch.crates-io.log",
	} {
		if refused, err := refusedSettings(text); err != nil || strings.Join(refused, " ") != key {
			t.Errorf("%q: refused are %q, %v", text, refused, err)
		}
	}
	if _, err := refusedSettings("[profile"); err == nil {
		t.Error("what is no TOML is taken")
	}
}

// What is refused is told with its name, all of it at once.
func TestAllowed(t *testing.T) {
	rec := &record.Record{Rustflags: "-C opt-level=2 -Clinker=x -Zy", Settings: "[build]\nrustc = \"x\""}
	list := problem.List(allowed(rec, "rust-bindings.json"))
	var words []string
	for _, e := range list {
		words = append(words, e.Error())
	}
	for _, want := range []string{"-Clinker=x", "-Zy", "build.rustc"} {
		if !strings.Contains(strings.Join(words, "\n"), want) {
			t.Errorf("%s is not told in %q", want, words)
		}
	}
	if len(list) != 3 || allowed(&record.Record{}, "") != nil {
		t.Errorf("got %q", words)
	}
}
