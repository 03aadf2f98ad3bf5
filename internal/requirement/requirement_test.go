package requirement

import "testing"

// The tables of cargo's reference, and its rule for pre-releases.
func TestRange(t *testing.T) {
	for _, c := range []struct {
		req      string
		yes, not []string
	}{
		{"*", []string{"0.0.0", "9.1.2"}, []string{"1.0.0-rc.1"}},
		{"", []string{"0.0.0", "9.1.2"}, nil},
		{"1.2.3", []string{"1.2.3", "1.9.0", "1.2.4+build"}, []string{"1.2.2", "2.0.0", "2.0.0-rc.1", "1.3.0-rc.1"}},
		{"^1", []string{"1.0.0", "1.9.9"}, []string{"0.9.9", "2.0.0"}},
		{"^0.2.3", []string{"0.2.3", "0.2.9"}, []string{"0.2.2", "0.3.0"}},
		{"^0.0.3", []string{"0.0.3"}, []string{"0.0.2", "0.0.4"}},
		{"^0.0", []string{"0.0.0", "0.0.7"}, []string{"0.1.0"}},
		{"^0", []string{"0.0.0", "0.9.9"}, []string{"1.0.0"}},
		{"~1.2.3", []string{"1.2.3", "1.2.9"}, []string{"1.3.0"}},
		{"~1.2", []string{"1.2.0", "1.2.9"}, []string{"1.3.0"}},
		{"~1", []string{"1.0.0", "1.9.0"}, []string{"2.0.0"}},
		{"1.*", []string{"1.0.0", "1.9.0"}, []string{"2.0.0"}},
		{"1.2.*", []string{"1.2.0", "1.2.9"}, []string{"1.3.0"}},
		{"=1.2.3", []string{"1.2.3", "1.2.3+x"}, []string{"1.2.4", "1.2.2"}},
		{"=1.2", []string{"1.2.0", "1.2.9"}, []string{"1.3.0"}},
		{"=1.0.0-rc.1", []string{"1.0.0-rc.1"}, []string{"1.0.0-rc.2", "1.0.0"}},
		{">1.2", []string{"1.3.0"}, []string{"1.2.9"}},
		{">1.2.3", []string{"1.2.4"}, []string{"1.2.3"}},
		{">=1.2, <1.5", []string{"1.2.0", "1.4.9"}, []string{"1.5.0", "1.1.9"}},
		{"<=1.2", []string{"1.2.9", "0.1.0"}, []string{"1.3.0"}},
		{"< 2.0", []string{"1.9.9"}, []string{"2.0.0", "2.0.0-rc.1"}},
		{"^0.10.0-rc.2", []string{"0.10.0-rc.2", "0.10.0-rc.10", "0.10.0", "0.10.5"}, []string{"0.10.0-rc.1", "0.10.1-rc.1", "0.11.0"}},
	} {
		r, err := Parse(c.req)
		if err != nil {
			t.Errorf("%s: %v", c.req, err)
			continue
		}
		for _, v := range c.yes {
			if !r.Has(v) {
				t.Errorf("%q does not have %s: %+v", c.req, v, r)
			}
		}
		for _, v := range c.not {
			if r.Has(v) {
				t.Errorf("%q has %s: %+v", c.req, v, r)
			}
		}
	}
	for _, bad := range []string{"one", "1.2.3.4", "=> 1", "^"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestEmpty(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		empty bool
	}{
		{"^1.1", "^2", true}, {"^1.1", "^1.9", false}, {"=1.2.3", "^1.2", false}, {">=1, <3", "^2", false}, {"<1", ">=1", true}, {"*", "^0.3", false},
	} {
		a, errA := Parse(c.a)
		b, errB := Parse(c.b)
		if errA != nil || errB != nil || a.And(b).Empty() != c.empty {
			t.Errorf("%s and %s: %v %v %v", c.a, c.b, a.And(b), errA, errB)
		}
	}
}
