package resolve

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// at is a lock of "NAME VERSION" entries of the default registry; of another source with
// a third word.
func at(entries ...string) *lockfile.Lock {
	l := &lockfile.Lock{Version: 3}
	for _, e := range entries {
		words := append(strings.Fields(e), lockfile.DefaultRegistry)
		l.Packages = append(l.Packages, lockfile.Package{Name: words[0], Version: words[1], Source: words[2]})
	}
	return l
}

// graphOf has the crates of a lock, and one more for each requirement "NAME VERSION REQ"
// on one of them.
func graphOf(l *lockfile.Lock, requirements ...string) *graph.Graph {
	var nodes []graph.Node
	for _, p := range l.Packages {
		nodes = append(nodes, graph.Node{ID: p.Name + " " + p.Version, Name: p.Name, Version: p.Version, Source: p.Source})
	}
	for i, r := range requirements {
		w := strings.SplitN(r, " ", 3)
		nodes = append(nodes, graph.Node{ID: string(rune('A' + i)), Deps: []string{w[0] + " " + w[1]}, Wants: map[string]graph.Want{w[0]: {Req: w[2]}}})
	}
	return graph.Of(nodes, dirs)
}

func versions(list []lockfile.Package) string {
	var words []string
	for _, p := range list {
		words = append(words, p.Name+" "+p.Version)
	}
	return strings.Join(words, ", ")
}

func TestMovedForNothing(t *testing.T) {
	for _, c := range []struct {
		name         string
		seed, answer *lockfile.Lock
		requirements []string
		want         string
	}{
		{"it stayed", at("log 0.4.20"), at("log 0.4.20"), []string{"log 0.4.20 ^0.4"}, ""},
		{"it moved, and could have stayed", at("log 0.4.20"), at("log 0.4.28"), []string{"log 0.4.28 ^0.4"}, "log 0.4.20"},
		{"downwards too", at("log 0.4.20"), at("log 0.4.1"), []string{"log 0.4.1 *"}, "log 0.4.20"},
		{"one needs a newer one", at("log 0.4.20"), at("log 0.4.28"), []string{"log 0.4.28 ^0.4", "log 0.4.28 ^0.4.21"}, ""},
		{"one asks twice", at("log 0.4.20"), at("log 0.4.28"), []string{"log 0.4.28 ^0.4 and >=0.4.22"}, ""},
		{"nobody here wants it", at("log 0.4.20"), at("log 0.4.28"), nil, ""},
		{"another range", at("log 0.3.9"), at("log 0.4.28"), []string{"log 0.4.28 >=0.3"}, ""},
		{"both ranges, and one moved", at("log 0.3.9", "log 0.4.20"), at("log 0.3.9", "log 0.4.28"), []string{"log 0.3.9 ^0.3", "log 0.4.28 ^0.4"}, "log 0.4.20"},
		{"another source", at("log 0.4.20"), at("log 0.4.28 registry+https://example.org"), []string{"log 0.4.28 ^0.4"}, ""},
		{"git moves by its commit", at("log 0.4.20 git+https://example.org/log#1"), at("log 0.4.28 git+https://example.org/log#2"), []string{"log 0.4.28 ^0.4"}, ""},
		{"a pre-release is not allowed by every requirement", at("log 1.0.0-rc.1"), at("log 1.0.0"), []string{"log 1.0.0 ^1"}, ""},
		{"a requirement that cannot be read", at("log 0.4.20"), at("log 0.4.28"), []string{"log 0.4.28 ?"}, ""},
		{"no seed", at(), at("log 0.4.28"), []string{"log 0.4.28 ^0.4"}, ""},
	} {
		if got := versions(movedForNothing(c.seed, c.answer, graphOf(c.answer, c.requirements...))); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestInsist(t *testing.T) {
	seed, answer := at("a 1.0.0", "log 0.4.20"), at("a 1.0.0", "log 0.4.28")
	wants := func(l *lockfile.Lock) *graph.Graph {
		return graphOf(l, "a 1.0.0 ^1", "log "+l.Packages[1].Version+" ^0.4")
	}
	broken := errors.New("it does not run")
	for _, c := range []struct {
		name   string
		answer *lockfile.Lock
		says   func(seed *lockfile.Lock) (*lockfile.Lock, error)
		tried  []string
		log    string
		err    string
	}{
		{"nothing moved", seed, nil, nil, "0.4.20", ""},
		{"it was read the second time", answer, func(l *lockfile.Lock) (*lockfile.Lock, error) { return l, nil }, []string{"a 1.0.0, log 0.4.20"}, "0.4.20", ""},
		{"there was a need", answer, func(l *lockfile.Lock) (*lockfile.Lock, error) {
			if l.Packages[1].Version == "0.4.20" {
				return nil, refusal("error: failed to select a version for `log`.\n  previously selected package `log v0.4.20` (locked to 0.4.20)")
			}
			return l, nil
		}, []string{"a 1.0.0, log 0.4.20", "a 1.0.0, log 0.4.28"}, "0.4.28", ""},
		{"it is never read", answer, func(*lockfile.Lock) (*lockfile.Lock, error) { return answer, nil }, []string{"a 1.0.0, log 0.4.20"}, "", "cargo has not kept log 0.4.20"},
		{"it cannot be asked", answer, func(*lockfile.Lock) (*lockfile.Lock, error) { return nil, broken }, []string{"a 1.0.0, log 0.4.20"}, "", "it does not run"},
	} {
		var tried []string
		g, err := insist(seed, c.answer, wants(c.answer), func(l *lockfile.Lock) (*lockfile.Lock, *graph.Graph, error) {
			tried = append(tried, versions(l.Packages))
			lock, err := c.says(l)
			if err != nil {
				return nil, nil, err
			}
			return lock, wants(lock), nil
		})
		if !slices.Equal(tried, c.tried) {
			t.Errorf("%s: tried %q", c.name, tried)
		}
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: got %v", c.name, err)
			}
		} else if err != nil || g.Find("log", c.log) == nil {
			t.Errorf("%s: got %v, %v", c.name, g, err)
		}
	}
	_, err := insist(seed, answer, wants(answer), func(*lockfile.Lock) (*lockfile.Lock, *graph.Graph, error) { return answer, wants(answer), nil })
	if problem.ExitCode(err) != problem.Input || len(problem.List(err)[0].Hints) == 0 {
		t.Errorf("got %v", err)
	}
}
