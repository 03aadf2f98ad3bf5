package resolve

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/graph"
	"github.com/opam-cargo/opam-cargo/internal/lockfile"
	"github.com/opam-cargo/opam-cargo/workspace"
)

var dirs = workspace.Of(&bindings.Root{Dir: "/p"})

func lockOf(names ...string) *lockfile.Lock {
	l := &lockfile.Lock{Version: 3}
	for _, n := range names {
		l.Packages = append(l.Packages, lockfile.Package{Name: n, Version: "1.0.0", Source: lockfile.DefaultRegistry})
	}
	return l
}

func namesOf(l *lockfile.Lock) string {
	names := make([]string, 0, len(l.Packages))
	for _, p := range l.Packages {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

func refusal(words string) error {
	return &cargo.Failure{Args: []string{"metadata"}, Stderr: words, Err: errors.New("exit 101")}
}

// A resolver that refuses a seed with any of the bad sets of crates, naming those that
// named says, one at a time.
func TestSearch(t *testing.T) {
	conflict := func(name string) string {
		return fmt.Sprintf("error: failed to select a version for `%s`.\n  previously selected package `%s v1.0.0` (locked to 1.0.0)", name, name)
	}
	for _, c := range []struct {
		name  string
		seeds []*lockfile.Lock
		say   func(seed *lockfile.Lock) string // cargo's refusal; empty: it resolves
		tried []string
		fails string
	}{
		{"no seed", nil, func(*lockfile.Lock) string { return "" }, []string{""}, ""},
		{"the first seed does", []*lockfile.Lock{lockOf("a", "b"), lockOf("a")}, func(*lockfile.Lock) string { return "" }, []string{"a b"}, ""},
		{"the second does", []*lockfile.Lock{lockOf("a", "b"), lockOf("a")}, func(l *lockfile.Lock) string {
			if len(l.Packages) == 2 {
				return conflict("b")
			}
			return ""
		}, []string{"a b", "a"}, ""},
		{"as few as possible are freed", []*lockfile.Lock{lockOf("a", "b", "c")}, func(l *lockfile.Lock) string {
			// cargo stumbles over a first, but c is what stands in the way.
			switch names := namesOf(l); {
			case strings.Contains(names, "a") && strings.Contains(names, "c"):
				return conflict("a")
			case strings.Contains(names, "c"):
				return conflict("c")
			}
			return ""
		}, []string{"a b c", "b c", "b", "a b", "a b"}, ""},
		{"without a way out, the last word is about the requirements", []*lockfile.Lock{lockOf("a")}, func(l *lockfile.Lock) string {
			if len(l.Packages) > 0 {
				return conflict("a")
			}
			return "error: failed to select a version for the requirement `z = \"^9\"`"
		}, []string{"a", "", ""}, "z = "},
		{"the seed was not the obstacle", []*lockfile.Lock{lockOf("a")}, func(l *lockfile.Lock) string {
			if len(l.Packages) > 0 {
				return "error: no matching package named `q` found"
			}
			return "error: `a` is yanked"
		}, []string{"a", ""}, "named `q`"},
		{"no network is no refusal", []*lockfile.Lock{lockOf("a"), lockOf("b")}, func(*lockfile.Lock) string {
			return "error: failed to download from `x`: [6] Couldn't resolve host name"
		}, []string{"a"}, "host name"},
	} {
		var tried []string
		_, err := search(c.seeds, func(seed *lockfile.Lock) (*graph.Graph, error) {
			tried = append(tried, namesOf(seed))
			if words := c.say(seed); words != "" {
				return nil, refusal(words)
			}
			return &graph.Graph{}, nil
		}, func(string, ...any) {})
		if !slices.Equal(tried, c.tried) {
			t.Errorf("%s: tried %q", c.name, tried)
		}
		if (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func TestChanges(t *testing.T) {
	p := func(name, version, sum string) lockfile.Package {
		return lockfile.Package{Name: name, Version: version, Source: lockfile.DefaultRegistry, Checksum: sum}
	}
	from := &lockfile.Lock{Packages: []lockfile.Package{p("a", "1.0.0", "x"), p("b", "1.0.0", "x"), p("b", "2.0.0", "x"), p("c", "0.1.0", "x"), {Name: "path", Version: "1.0.0"}}}
	to := &lockfile.Lock{Packages: []lockfile.Package{p("a", "1.2.0", "x"), p("b", "1.0.0", "y"), p("b", "2.0.0", "x"), p("d", "0.2.0", "x"), {Name: "path", Version: "2.0.0"}}}
	var got []string
	for _, c := range changes(from, to) {
		got = append(got, c.String())
	}
	if want := "a 1.0.0 -> 1.2.0|b 1.0.0 has another source or checksum|c 0.1.0 is gone|d 0.2.0 is new"; strings.Join(got, "|") != want {
		t.Errorf("got %q", got)
	}
	if len(changes(nil, to)) != 4 || len(changes(from, from)) != 0 {
		t.Error("nothing and the same are not told apart")
	}
}

// A crate of two sources, of one name and range, is two crates.
func TestChangesOfSources(t *testing.T) {
	const one, two, git, commit = "log 1.0.0", "log 1.0.0 registry+https://example.org", "log 1.0.0 git+https://example.org/log#1", "log 1.0.0 git+https://example.org/log#2"
	for _, c := range []struct {
		from, to []string
		want     string
	}{
		{[]string{one}, []string{one, two}, "log 1.0.0 is new"},
		{[]string{two}, []string{one, two}, "log 1.0.0 is new"},
		{[]string{one, two}, []string{two}, "log 1.0.0 is gone"},
		{[]string{one, two}, []string{two, one}, ""},
		{[]string{one}, []string{two}, "log 1.0.0 has another source or checksum"},
		{[]string{git}, []string{commit}, "log 1.0.0 has another source or checksum"},
		{[]string{one, git}, []string{one, commit}, "log 1.0.0 has another source or checksum"},
		{[]string{one, two}, []string{"log 1.2.0", two}, "log 1.0.0 -> 1.2.0"},
		{[]string{one}, []string{"log 1.2.0 registry+https://example.org"}, "log 1.0.0 -> 1.2.0"},
		{[]string{one, two}, []string{git, commit}, "log 1.0.0 has another source or checksum|log 1.0.0 has another source or checksum"},
	} {
		var got []string
		for _, change := range changes(at(c.from...), at(c.to...)) {
			got = append(got, change.String())
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%q -> %q: got %q, want %q", c.from, c.to, got, c.want)
		}
		locked := checkLocked(at(c.from...), &Resolution{Lock: at(c.to...), Graph: graph.Of(nil, dirs)})
		if refused := c.want != "" && !strings.Contains(c.want, "gone"); (locked != nil) != refused {
			t.Errorf("--locked, %q -> %q: %v", c.from, c.to, locked)
		}
	}
}

// The same version with another checksum is no crate of the lock.
func TestCheckLocked(t *testing.T) {
	sum := func(s string) *lockfile.Lock {
		l := lockOf("a")
		l.Packages[0].Checksum = s
		return l
	}
	g := graph.Of(nil, dirs)
	for _, c := range []struct {
		committed, lock *lockfile.Lock
		ok              bool
	}{
		{sum("x"), sum("x"), true},
		{sum("x"), sum("y"), false},
		{lockOf("a", "b"), lockOf("a"), true}, // a repository of several packages has one lock
		{lockOf("a"), lockOf("a", "b"), false},
	} {
		if err := checkLocked(c.committed, &Resolution{Lock: c.lock, Graph: g}); (err == nil) != c.ok {
			t.Errorf("%v -> %v: %v", c.committed.Packages, c.lock.Packages, err)
		}
	}
}

func TestSeeds(t *testing.T) {
	at := func(version string) *lockfile.Lock {
		l := lockOf("a")
		l.Packages[0].Version = version
		return l
	}
	atOther := at("1.0.0")
	atOther.Packages[0].Source = "registry+https://example.org"
	for _, c := range []struct {
		name  string
		locks Locks
		seeds string // the versions of a, a seed each
	}{
		{"none", Locks{}, ""},
		{"one tree's", Locks{Own: []*lockfile.Lock{nil, at("1.0.0")}}, "1.0.0|1.0.0"},
		{"two trees'", Locks{Own: []*lockfile.Lock{at("1.0.0"), at("1.1.0")}}, "1.1.0"},
		{"two ranges", Locks{Own: []*lockfile.Lock{at("1.0.0"), at("2.1.0")}}, "1.0.0 2.1.0"},
		{"the committed one", Locks{Committed: at("1.0.5"), Own: []*lockfile.Lock{at("1.1.0")}}, "1.0.5|1.0.5"},
		{"the network's", Locks{Committed: at("1.0.5"), Online: at("1.3.0")}, "1.3.0"},
		{"opam's choice", Locks{Own: []*lockfile.Lock{at("1.0.0")}, Chosen: at("1.0.2")}, "1.0.2"},
		{"opam's choice is the committed one", Locks{Committed: at("1.0.2"), Chosen: at("1.0.2")}, "1.0.2|1.0.2"},
		{"opam's choice is not of another registry's", Locks{Own: []*lockfile.Lock{atOther}, Chosen: at("1.0.2")}, "1.0.0 1.0.2"},
		{"opam's choice in another range", Locks{Own: []*lockfile.Lock{at("1.0.0")}, Chosen: at("2.0.0")}, "1.0.0 2.0.0"},
	} {
		var got []string
		for _, seed := range c.locks.Seeds() {
			var versions []string
			for _, p := range seed.Packages {
				versions = append(versions, p.Version)
			}
			got = append(got, strings.Join(versions, " "))
		}
		if strings.Join(got, "|") != c.seeds {
			t.Errorf("%s: got %q", c.name, got)
		}
	}
}
