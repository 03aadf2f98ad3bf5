package wrapper

import (
	"reflect"
	"strings"
	"testing"
)

func TestC(t *testing.T) {
	r := Remap{Names: [][2]string{{"/w", "umbrella"}, {"bindings", "rust-bindings"}}}
	for _, c := range []struct{ name, args, want string }{
		{CC, "-O2 -c a.c", "cc -O2 -c a.c -ffile-prefix-map=/w=umbrella"},
		{CXX, "-c a.cc", "c++ -c a.cc -ffile-prefix-map=/w=umbrella"},
		{CC, "clang -O2 -c a.c", "clang -O2 -c a.c -ffile-prefix-map=/w=umbrella"},
		{CC, "/opt/bin/gcc-12 -m64 a.c", "/opt/bin/gcc-12 -m64 a.c -ffile-prefix-map=/w=umbrella"},
		{CC, "a.c -o a", "cc a.c -o a -ffile-prefix-map=/w=umbrella"},
		{CC, "", "cc -ffile-prefix-map=/w=umbrella"},
	} {
		if got := r.c(c.name, strings.Fields(c.args)); !reflect.DeepEqual(got, strings.Fields(c.want)) {
			t.Errorf("%s %s: got %v", c.name, c.args, got)
		}
	}
}
