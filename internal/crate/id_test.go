package crate

import (
	"strings"
	"testing"
)

// What a crate is said to be becomes names of files: only what cargo itself takes counts.
func TestNewID(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	for _, good := range [][3]string{
		{"serde_json", "1.0.0", sum}, {"a", "0.0.0-rc.1+build.5", ""}, {"libz-sys", "1.1.18+1.3.1", sum}, {"_x", "1.2.3-0", ""},
		{"élan", "1.0.0", ""}, {strings.Repeat("n", 64), "10.20.30", sum},
	} {
		id, err := NewID(good[0], good[1], good[2])
		if err != nil || id.Name() != good[0] || id.Version() != good[1] || id.Checksum() != good[2] || id.String() != good[0]+"-"+good[1] {
			t.Errorf("%q: %v, %v", good, id, err)
		}
	}
	for _, name := range []string{
		"", ".", "..", "a/b", "../a", "/a", `a\b`, "a b", "a\x00", "a\nb", "-a", "a.b", "a\u202eb", "~", "$a", "a:b", strings.Repeat("n", 256), "\xff",
	} {
		if id, err := NewID(name, "1.0.0", sum); err == nil {
			t.Errorf("name %q: %v", name, id)
		}
	}
	for _, version := range []string{
		"", "1", "1.0", "1.0.0.0", "v1.0.0", "01.0.0", "1.0.0/../../x", "1.0.0-", "1.0.0+", "1.0.0+a/b", "1.0.0-../x", "1.0.0\x00", "1.0.0 ", "..",
		"1.0.0+" + strings.Repeat("b", 255),
	} {
		if id, err := NewID("a", version, sum); err == nil {
			t.Errorf("version %q: %v", version, id)
		}
	}
	for _, bad := range []string{"x", sum + "0", sum[1:], strings.ToUpper(sum), strings.Repeat("g", 64), "sha256:" + sum, "../" + sum[3:], sum + "\n"} {
		if id, err := NewID("a", "1.0.0", bad); err == nil {
			t.Errorf("checksum %q: %v", bad, id)
		}
	}
}
