package scaffold

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/internal/edit"
	"github.com/opam-cargo/opam-cargo/internal/opamfile"
)

// A buildCommand is one of an opam file's build: field.
type buildCommand struct {
	words []string
	value opamfile.Value
	file  string // that it stands in: the opam file, or its template
	run   *run
	gone  bool // it was taken out
}

// buildCommands reads the build: field of the package, in its opam file and in the
// template of that.
func (p *Project) buildCommands(pkg Package) []buildCommand {
	var list []buildCommand
	for _, name := range []string{pkg.Opam, pkg.Opam + ".template"} {
		_, file, err := p.opam(name)
		if err != nil {
			continue // said where the file is edited
		}
		value, ok := file.Field("build")
		commands, err := file.Commands("build")
		if !ok || err != nil {
			continue
		}
		elements := []opamfile.Value{value}
		if value.Kind == opamfile.List && (len(value.Args) == 0 || value.Args[0].Kind == opamfile.List || value.Args[0].Kind == opamfile.Option) {
			elements = value.Args
		}
		for i, words := range commands {
			b := buildCommand{words: words, file: name, run: newRun(p)}
			if len(elements) == len(commands) && len(commands) > 1 {
				b.value = elements[i]
			}
			b.run.command(&scope{dir: projectPlace}, words)
			list = append(list, b)
		}
	}
	return list
}

// takeOutOfBuild removes the commands that only call cargo; those that do more are left
// to the user.
func (a *analysis) takeOutOfBuild() error {
	for i, b := range a.build {
		p := a.p
		text := strings.Join(b.words, " ")
		if len(b.run.calls) == 0 {
			if makefile, err := p.read("Makefile"); err == nil && (b.words[0] == "make" || b.words[0] == "%{make}%") && bytes.Contains(makefile, []byte("cargo")) {
				p.byHand("%s: the command %q of build: runs the Makefile, which names cargo: take out what calls that", b.file, text)
			}
			continue
		}
		for _, c := range b.run.calls {
			for _, said := range c.unsaid() {
				p.byHand("%s: %s", b.file, said)
			}
		}
		src, file, err := p.opam(b.file)
		if err != nil {
			return err
		}
		at, ok := find(file, b.value)
		if !ok || len(b.run.also) > 0 {
			p.byHand("%s: take cargo out of the command %q of build:", b.file, text)
			continue
		}
		start, end := at.Start, at.End
		for start > 0 && strings.IndexByte(" \t", src[start-1]) >= 0 {
			start--
		}
		if start > 0 && src[start-1] == '\n' && end < len(src) && src[end] == '\n' {
			end++
		}
		p.set(b.file, edit.Apply(src, []edit.Edit{edit.At(start, end, "")}), "build: without %s", text)
		a.build[i].gone = true
		p.Found = append(p.Found, fmt.Sprintf("%s: the command %s of build: calls cargo", b.file, text))
	}
	return nil
}

// find is the element of build: that was read, where it is now.
func find(file *opamfile.File, value opamfile.Value) (opamfile.Value, bool) {
	field, ok := file.Field("build")
	if !ok || value.End == 0 {
		return value, false
	}
	for _, element := range field.Args {
		if element.String() == value.String() {
			return element, true
		}
	}
	return value, false
}

// onlySources tells whether a configuration of cargo's says nothing that a build by
// opam-cargo would need: where crates are, and flags for the shared library on macOS.
// What it says besides is told.
func (p *Project) onlySources(name string) bool {
	src, err := p.read(name)
	var config map[string]any
	if err != nil || toml.Unmarshal(src, &config) != nil {
		return false
	}
	only := true
	for _, key := range sorted(config) {
		table, _ := config[key].(map[string]any)
		for _, inner := range sorted(table) {
			text := fmt.Sprint(table[inner])
			switch {
			case key == "source", key == "net", key == "term", key == "alias", key == "registry", key == "http":
			case key == "build" && (inner == "target-dir" || inner == "jobs" || inner == "rustflags" && harmlessFlags(text)):
			case key == "target" && harmlessTarget(table[inner]):
			default:
				only = false
				p.byHand("%s: the program's build does not read %s.%s = %s: what takes its place is in rust-bindings/settings.toml or OPAM_CARGO_RUSTFLAGS", name, key, inner, text)
			}
		}
	}
	return only
}

// harmlessTarget tells whether a [target.X] says nothing but flags for macOS.
func harmlessTarget(value any) bool {
	table, _ := value.(map[string]any)
	for key, v := range table {
		if key != "rustflags" || !harmlessFlags(fmt.Sprint(v)) {
			return false
		}
	}
	return true
}
