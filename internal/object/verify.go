package object

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/archive"
)

// verify reads object.o: a linker that does not know a flag of another, or drops what it
// should keep, is found here and not in somebody's program.
func (p *partial) verify() error {
	o, err := archive.ReadObject(p.file("object.o"))
	if err != nil {
		return err
	}
	missing, expected := map[string]bool{}, map[string]bool{}
	for _, name := range p.roots {
		missing[name] = true
	}
	for _, name := range p.undefined {
		expected[name] = true
	}
	var undefined []string
	for _, s := range o.Symbols {
		switch {
		case s.Binding != archive.Undefined:
			if s.Clashes() && !missing[s.Name] && (!p.macho || !s.Hidden) {
				return fmt.Errorf("it leaves %s global", s.Name)
			}
			delete(missing, s.Name)
		case !s.Optional && !expected[s.Name] && !byLinker(s.Name):
			return fmt.Errorf("it leaves %s undefined", s.Name)
		case !s.Optional:
			undefined = append(undefined, s.Name)
		}
	}
	for name := range missing {
		return fmt.Errorf("it drops the symbol %s", name)
	}
	if len(o.Orphans) > 0 {
		return fmt.Errorf("it leaves the local symbol %s undefined", o.Orphans[0])
	}
	kept := int64(0)
	for _, s := range o.Starts {
		kept += s.Size
	}
	if !p.macho && kept < p.starts {
		return fmt.Errorf("it drops constructors or registrations")
	}
	p.undefined = undefined
	return nil
}

// byLinker tells the symbols that the linker itself defines.
func byLinker(name string) bool {
	return name == "_GLOBAL_OFFSET_TABLE_" || strings.HasPrefix(name, "__start_") || strings.HasPrefix(name, "__stop_")
}

// acceptable lets the C compiler's own linker read an object that another one made: GNU ld
// does not take every object of lld's.
func (p *partial) acceptable(ctx context.Context, ld string) error {
	if p.macho || filepath.Base(ld) != "ld.lld" {
		return nil
	}
	cc := p.req.Tools.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	words := strings.Fields(cc)
	return p.run(ctx, words[0], append(words[1:], "-r", "-nostdlib", "-o", p.file("again.o"), p.file("object.o"))...)
}
