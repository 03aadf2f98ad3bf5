package wrapper

import (
	"reflect"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	r := Remap{Names: [][2]string{{"/w", "umbrella"}, {"bindings", "rust-bindings"}}, Capped: "/w/bindings", Archives: []string{"/w", "/w/each/a"}}
	remap := []string{"--remap-path-prefix=/w=umbrella", "--remap-path-prefix=bindings=rust-bindings"}
	for _, c := range []struct {
		name, cwd, args string
		added           []string
	}{
		{"a question about the compiler", "/w", "-vV", nil},
		{"cargo's probe", "/w", "- --crate-name ___ --print=file-names", nil},
		{"a path crate", "/w", "--crate-name foo --edition=2021 bindings/foo/src/lib.rs --crate-type lib", append([]string{"--cap-lints=warn"}, remap...)},
		{"a registry crate", "/w/crates/log-0.4.20", "--crate-name log src/lib.rs --cap-lints allow", remap},
		{"the umbrella crate", "/w", "--crate-name rust_bindings --edition=2021 src/lib.rs", append([]string{"--print=native-static-libs"}, remap...)},
		{"a binding's own archive", "/w", "--crate-name rust_bindings_a each/a/src/lib.rs", append([]string{"--print=native-static-libs"}, remap...)},
		{"a path crate, by an absolute path", "/", "--crate-name foo /w/bindings/foo/build.rs", append([]string{"--cap-lints=warn"}, remap...)},
	} {
		args := strings.Fields(c.args)
		want := append(append([]string{}, args...), c.added...)
		if got := r.rustc(args, c.cwd); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}
