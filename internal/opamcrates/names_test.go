package opamcrates

import (
	"fmt"
	"math/rand"
	"os/exec"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/requirement"
)

func TestNames(t *testing.T) {
	for _, c := range []struct{ crate, version, name, spelled string }{
		{"ff", "0.14.1", "crate-ff-0_14", "0.14.1"},
		{"serde_json", "1.0.100", "crate-serde_json-1", "1.0.100"},
		{"x", "0.0.3", "crate-x-0_0_3", "0.0.3"},
		{"wasi", "0.11.0+wasi-snapshot-preview1", "crate-wasi-0_11", "0.11.0+wasi-snapshot-preview1"},
		{"a", "1.0.0-rc.1", "crate-a-1", "1.0.0~rcA1"},
		{"a", "1.0.0-rc10", "crate-a-1", "1.0.0~rcCbCa"},
		{"a", "2.0.0-Alpha-x.9", "crate-a-2", "2.0.0~DAlphaBaxA9"},
	} {
		if got := PackageName(c.crate, c.version); got != c.name {
			t.Errorf("%s %s: got %s", c.crate, c.version, got)
		}
		if got := Version(c.version); got != c.spelled {
			t.Errorf("%s: got %s, want %s", c.version, got, c.spelled)
		}
	}
}

func randomVersion(r *rand.Rand) string {
	v := fmt.Sprintf("%d.%d.%d", r.Intn(3), r.Intn(12), r.Intn(12))
	if r.Intn(4) == 0 {
		return v
	}
	v = "1.0.0"
	var ids []string
	for n := 1 + r.Intn(3); n > 0; n-- {
		switch r.Intn(3) {
		case 0:
			ids = append(ids, fmt.Sprint(r.Intn(12)))
		default:
			id := ""
			for k := 1 + r.Intn(3); k > 0; k-- {
				id += string("rc-aZ019"[r.Intn(8)])
			}
			if strings.Trim(id, "0123456789") == "" {
				id = "x" + id
			}
			ids = append(ids, id)
		}
	}
	return v + "-" + strings.Join(ids, ".")
}

// The order of the spellings is cargo's order of the versions. dpkg compares as opam
// does.
func TestOrder(t *testing.T) {
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Fatal("the test compares with dpkg, which has opam's order")
	}
	r := rand.New(rand.NewSource(1))
	var script strings.Builder
	type pair struct{ a, b string }
	var pairs []pair
	for i := 0; i < 1500; i++ {
		p := pair{randomVersion(r), randomVersion(r)}
		pairs = append(pairs, p)
		op := []string{"lt", "eq", "gt"}[requirement.Compare(p.a, p.b)+1]
		fmt.Fprintf(&script, "dpkg --compare-versions %s %s %s || echo %d\n", Version(p.a), op, Version(p.b), i)
	}
	out, err := exec.Command("sh", "-c", script.String()).CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	for _, line := range strings.Fields(string(out)) {
		var i int
		if _, err := fmt.Sscan(line, &i); err != nil {
			t.Fatalf("dpkg said %s", out)
		}
		t.Errorf("%s and %s are in another order as %s and %s", pairs[i].a, pairs[i].b, Version(pairs[i].a), Version(pairs[i].b))
	}
}
