package object

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/archive"
)

// Request is what [Link] makes an archive of.
type Request struct {
	Library *Library
	Members []int            // see [Library.Reach]
	Roots   []string         // symbols that stay global; those that the members do not define are left out
	Weak    map[int][]string // definitions of members that give way to others
	Debug   bool             // debug information stays
	Tools   Tools
	Out     string // the archive to make
	Name    string // of its one member
}

// Result is what was linked.
type Result struct {
	Roots     []string // sorted
	Undefined []string // what a program must bring
	Linker    string   // what it says of its version
	Objcopy   string
}

// ErrUnable is that no linker here makes such an object; its text says what each did.
var ErrUnable = errors.New("no linker here makes one object of an archive")

// PostponedError is that a member's code is still to be made by the C compiler's link-time
// optimisation.
type PostponedError struct{ Member int }

func (e *PostponedError) Error() string {
	return "a member was compiled for link-time optimisation only"
}

// Link makes the archive of one object. It is an [ErrUnable] where no tools do.
func Link(ctx context.Context, req Request) (*Result, error) {
	p, err := prepare(req)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(p.dir)
	var tried []string
	for _, ld := range req.Tools.linkers(ctx) {
		if err := p.link(ctx, ld); err != nil {
			tried = append(tried, ld+": "+err.Error())
			continue
		}
		objcopy, err := p.localizeWithAny(ctx)
		if err == nil {
			err = p.acceptable(ctx, ld)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			tried = append(tried, ld+": "+err.Error())
			continue
		}
		res := &Result{Roots: p.roots, Undefined: p.undefined, Linker: version(ctx, ld)}
		if objcopy != "" {
			res.Objcopy = version(ctx, objcopy)
		}
		return res, p.archive(ctx)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if len(tried) == 0 {
		tried = []string{"there is none on PATH"}
	}
	return nil, fmt.Errorf("%w: %s", ErrUnable, strings.Join(tried, "; "))
}

// partial is a partial link in progress.
type partial struct {
	req       Request
	dir       string // scratch
	macho     bool
	roots     []string
	undefined []string // of the members together
	starts    int64    // bytes in the sections that run or are found unasked
}

func (p *partial) file(name string) string { return filepath.Join(p.dir, name) }

// prepare writes the members as one archive, in which what runs or is found unasked is
// marked to be kept.
func prepare(req Request) (*partial, error) {
	p := &partial{req: req}
	defined := map[string]bool{}
	for _, m := range req.Members {
		o, err := req.Library.Object(m)
		if err != nil {
			return nil, err
		}
		if o.Postponed {
			return nil, &PostponedError{m}
		}
		if o.Format == archive.Other {
			return nil, fmt.Errorf("%w: the member %s is no object of this machine", ErrUnable, req.Library.Members()[m].Name)
		}
		p.macho = p.macho || o.Format == archive.MachO
		for _, s := range o.Symbols {
			if s.Binding != archive.Undefined {
				defined[s.Name] = true
			}
		}
		for _, s := range o.Starts {
			if !s.Comdat {
				p.starts += s.Size
			}
		}
	}
	for _, name := range req.Roots {
		if defined[name] {
			p.roots = append(p.roots, name)
			delete(defined, name) // each once
		}
	}
	sort.Strings(p.roots)
	if len(p.roots) == 0 {
		return nil, fmt.Errorf("%w: it defines none of the symbols that are wanted", ErrUnable)
	}
	var err error
	if p.undefined, err = req.Library.Undefined(req.Members); err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "opam-cargo-object-"); err != nil {
		return nil, err
	}
	err = archive.Write(p.file("members.a"), func(add func([]byte) error) error {
		for _, m := range req.Members {
			content, err := p.kept(m)
			if err != nil {
				return err
			}
			if err := add(content); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		os.RemoveAll(p.dir)
		return nil, err
	}
	return p, nil
}

const (
	retain  = 1 << 21 // SHF_GNU_RETAIN: garbage collection keeps the section
	gnuABI  = 3       // ELFOSABI_GNU, without which the flag means nothing
	abiByte = elf.EI_OSABI
)

// kept is a member's content, whose sections that run or are found unasked are marked.
func (p *partial) kept(m int) ([]byte, error) {
	content, err := p.req.Library.Content(m)
	o := p.req.Library.objects[m]
	if err != nil || o.Format != archive.ELF {
		return content, err
	}
	for _, s := range o.Symbols {
		if s.Binding == archive.Strong && slices.Contains(p.req.Weak[m], s.Name) {
			content[s.Info] = byte(elf.STB_WEAK)<<4 | content[s.Info]&0xf
		}
	}
	if len(o.Starts) == 0 {
		return content, nil
	}
	for _, s := range o.Starts {
		at := s.Flags + 2 // the byte of bit 21, little endian
		if s.Big {
			at = s.Flags + 1
			if s.Wide {
				at = s.Flags + 5
			}
		}
		if at < 0 || at >= int64(len(content)) {
			return nil, errors.New("a broken object file")
		}
		content[at] |= retain >> 16
	}
	if content[abiByte] == 0 {
		content[abiByte] = gnuABI
	}
	return content, nil
}

// link links linked.o.
func (p *partial) link(ctx context.Context, ld string) error {
	args := []string{"-r"}
	if p.macho {
		list := p.file("roots")
		if err := os.WriteFile(list, []byte(strings.Join(p.roots, "\n")+"\n"), 0o600); err != nil {
			return err
		}
		args = append(args, "-exported_symbols_list", list, "-dead_strip", "-all_load")
		if !p.req.Debug {
			args = append(args, "-S")
		}
		args = append(args, "-o", p.file("linked.o"), p.file("members.a"))
		return p.run(ctx, ld, args...)
	}
	args = append(args, "--gc-sections")
	for _, name := range p.roots {
		args = append(args, "-u", name)
	}
	args = append(args, "-o", p.file("linked.o"), "--whole-archive", p.file("members.a"))
	return p.run(ctx, ld, "@"+p.response(args))
}

// response writes a response file: there may be more roots than a command line takes.
func (p *partial) response(args []string) string {
	var b strings.Builder
	for _, a := range args {
		b.WriteByte('"')
		b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a))
		b.WriteString("\"\n")
	}
	file := p.file("arguments")
	_ = os.WriteFile(file, []byte(b.String()), 0o600) // the linker says that it is not there
	return file
}

func (p *partial) localizeWithAny(ctx context.Context) (string, error) {
	if p.macho { // the linker has made them local
		return "", errors.Join(os.Rename(p.file("linked.o"), p.file("object.o")), p.verify())
	}
	err := errors.New("there is no objcopy")
	for _, objcopy := range p.req.Tools.objcopies() {
		if err = p.localize(ctx, objcopy); err == nil {
			err = p.verify()
		}
		if err == nil {
			return objcopy, nil
		}
	}
	return "", err
}

// localize makes object.o of linked.o. Only strong definitions become local: of weak and
// unique ones, and of members of COMDAT groups, the linker of the program keeps one, and
// unwinding, type information and statics of inline functions depend on its being one.
// What dropped sections wanted stands as local undefined symbols in linked.o, which any
// objcopy would make global ones: they are dropped.
func (p *partial) localize(ctx context.Context, objcopy string) error {
	o, err := archive.ReadObject(p.file("linked.o"))
	if err != nil {
		return err
	}
	roots := map[string]bool{}
	for _, name := range p.roots {
		roots[name] = true
	}
	var local []string
	for _, s := range o.Symbols {
		if s.Clashes() && !roots[s.Name] {
			local = append(local, s.Name)
		}
	}
	args := []string{"-R", ".llvmbc", "-R", ".llvmcmd", "-R", ".gnu.lto_*", "-R", ".gnu.debuglto_*"}
	if !p.req.Debug {
		args = append(args, "--strip-debug")
	}
	for flag, names := range map[string][]string{"--localize-symbols=": local, "--strip-unneeded-symbols=": o.Orphans} {
		if len(names) == 0 {
			continue
		}
		file := p.file(strings.Trim(flag, "-="))
		if err := os.WriteFile(file, []byte(strings.Join(names, "\n")+"\n"), 0o600); err != nil {
			return err
		}
		args = append(args, flag+file)
	}
	return p.run(ctx, objcopy, append(args, p.file("linked.o"), p.file("object.o"))...)
}

func (p *partial) run(ctx context.Context, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	var said bytes.Buffer
	cmd.Stderr, cmd.Stdout = &said, &said
	if err := cmd.Run(); err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("%w: %s", err, line)
	}
	return nil
}

// archive puts the object into its archive.
func (p *partial) archive(ctx context.Context) error {
	content, err := os.ReadFile(p.file("object.o"))
	if err != nil {
		return err
	}
	if p.macho { // whose index has another form
		if err := os.Rename(p.file("object.o"), p.file(p.req.Name)); err != nil {
			return err
		}
		return p.run(ctx, "libtool", "-static", "-no_warning_for_no_symbols", "-D", "-o", p.req.Out, p.file(p.req.Name))
	}
	o, err := archive.ReadObject(p.file("object.o"))
	if err != nil {
		return err
	}
	var names []string
	for _, s := range o.Symbols {
		if s.Binding != archive.Undefined {
			names = append(names, s.Name)
		}
	}
	return archive.WriteOne(p.req.Out, p.req.Name, content, names)
}
