package cargo

import "testing"

// As cargo compares a rust-version with its rustc.
func TestAtLeast(t *testing.T) {
	for _, c := range []struct {
		version, min string
		want         bool
	}{
		{"1.95.0", "1.95.0", true},
		{"1.95.0", "1.95", true},
		{"1.95.0", "1", true},
		{"1.95.0", "1.95.9", false},
		{"1.95.9", "1.95.0", true},
		{"1.95.10", "1.95.9", true},
		{"1.95.0", "1.100", false},
		{"1.100.0", "1.95.9", true},
		{"2.0.0", "1.95.9", true},
		{"1.95.0", "2", false},
		{"1.97.0-nightly", "1.97.0", true},
		{"1.97.0-nightly", "1.97.1", false},
		{"1.96.0-beta.3 (0123abcd 2026-04-01)", "1.96", true},
		{"1.63.0 (fd9c4297c 2022-07-01)", "1.65", false},
		{"", "1.65", false},
		{"1.65", "", true},
	} {
		if got := AtLeast(c.version, c.min); got != c.want {
			t.Errorf("%q, at least %q: %v", c.version, c.min, got)
		}
	}
}
