package opamcrates

import (
	"strings"
	"testing"
)

func TestDepend(t *testing.T) {
	for _, c := range []struct{ req, known, want string }{
		{"^1.2", "1 2", `"crate-x-1" {>= "1.2.0"}`},
		{"^1", "1 2", `"crate-x-1" {>= "1.0.0"}`},
		{"~1.2.3", "1", `"crate-x-1" {>= "1.2.3" & < "1.3.0~"}`},
		{"=1.2.3", "1", `"crate-x-1" {>= "1.2.3" & < "1.2.4~"}`},
		{"=1.0.0-rc.1", "1", `"crate-x-1" {>= "1.0.0~rcA1" & < "1.0.0~rcA1A0"}`},
		{"^0.3.1", "0.3 0.4", `"crate-x-0_3" {>= "0.3.1"}`},
		{"^0.0.3", "0.0.3 0.0.4", `"crate-x-0_0_3" {>= "0.0.3"}`},
		{">=0.2, <0.5", "0.2 0.4 0.5", `("crate-x-0_4" | "crate-x-0_2" {>= "0.2.0"})`},
		{">=1.2, <3", "1 2", `("crate-x-2" | "crate-x-1" {>= "1.2.0"})`},
		{"*", "0.9 1", `("crate-x-1" | "crate-x-0_9")`},
		{">=1.5", "1 2", `("crate-x-2" | "crate-x-1" {>= "1.5.0"})`},
		{"<1.4", "1", `"crate-x-1" {< "1.4.0~"}`},
		{"^2.0.0-rc.2", "2", `"crate-x-2" {>= "2.0.0~rcA2"}`},
		{"^3", "1 2", ``},
	} {
		got, err := Depend(Requirement{"x", c.req}, strings.Fields(c.known))
		if err != nil || got != c.want {
			t.Errorf("%s of %s: got %s, want %s (%v)", c.req, c.known, got, c.want, err)
		}
	}
}
