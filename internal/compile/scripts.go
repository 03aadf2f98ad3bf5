package compile

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/cargo"
	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Variable is an environment variable that a build script asked for.
type Variable struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256,omitempty"` // of its value; empty: it was not set
}

// Values are the variables of the environment that cargo build gets.
func (in Input) Values() map[string]string {
	return values(in.Site.Cargo.Environment(in.fixed()...))
}

// Here says what a build by c, for the host and without flags, would have of the variables
// that a record names.
func Here(c *cargo.Cargo, getenv func(string) string, asked []Variable) []Variable {
	all := values(c.Environment(fixed(getenv, "", "")...))
	here := make([]Variable, 0, len(asked))
	for _, v := range asked {
		here = append(here, Of(v.Name, all))
	}
	return here
}

func values(env []string) map[string]string {
	values := map[string]string{}
	for _, kv := range env { // of two, the later counts
		name, value, _ := strings.Cut(kv, "=")
		values[name] = value
	}
	return values
}

// Of is the variable name as values have it.
func Of(name string, values map[string]string) Variable {
	v := Variable{Name: name}
	if value, ok := values[name]; ok {
		v.SHA256 = tree.BytesSum([]byte(value))
	}
	return v
}

// What build scripts tell cargo, and what rustc notes of the variables that sources embed.
var (
	asksFor = regexp.MustCompile(`(?m)^cargo::?rerun-if-env-changed=(.+)$`)
	watches = regexp.MustCompile(`(?m)^cargo::?rerun-if-changed=(.+)$`)
	embeds  = regexp.MustCompile(`(?m)^# env-dep:([^=\n]+)`)
)

// scriptOutputs reads what build scripts printed. Where a cargo keeps it elsewhere, there
// is none.
func scriptOutputs(outDirs []string) []string {
	texts := make([]string, 0, len(outDirs))
	for _, dir := range outDirs {
		if text, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "output")); err == nil {
			texts = append(texts, string(text))
		}
	}
	return texts
}

// askedVariables are the environment variables that build scripts asked for, in what they
// printed, and those that sources read while they are compiled (env!), as rustc's
// dependency files tell; with their values.
func askedVariables(printed []string, rlibs []Rlib, values map[string]string) []Variable {
	names := map[string]bool{}
	for _, r := range rlibs {
		file := strings.TrimSuffix(filepath.Base(r.File), ".rlib")
		text, err := os.ReadFile(filepath.Join(filepath.Dir(r.File), strings.TrimPrefix(file, "lib")+".d"))
		if err != nil {
			continue
		}
		for _, m := range embeds.FindAllStringSubmatch(string(text), -1) {
			if name := m[1]; !strings.HasPrefix(name, "CARGO") && name != "OUT_DIR" { // which cargo sets
				names[name] = true
			}
		}
	}
	for _, text := range printed {
		for _, m := range asksFor.FindAllStringSubmatch(text, -1) {
			names[strings.TrimSpace(m[1])] = true
		}
	}
	list := make([]Variable, 0, len(names))
	for _, name := range order.Keys(names) {
		list = append(list, Of(name, values))
	}
	return list
}

// watchedFiles are the files that build scripts told cargo to watch, but for those in the
// directories ours.
func watchedFiles(printed []string, ours ...string) []string {
	isOurs := func(file string) bool {
		return slices.ContainsFunc(ours, func(dir string) bool {
			_, below := tree.Below(dir, file)
			return dir != "" && below
		})
	}
	var list []string
	for _, text := range printed {
		for _, m := range watches.FindAllStringSubmatch(text, -1) {
			file := strings.TrimSpace(m[1])
			if filepath.IsAbs(file) && !isOurs(file) && !slices.Contains(list, file) {
				list = append(list, file)
			}
		}
	}
	sort.Strings(list)
	return list
}
