package archive

import (
	"debug/elf"
	"debug/macho"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Binding is how a definition counts beside another of the same name.
type Binding byte

// The bindings. Of several weak, unique or common definitions one is taken, and that is
// no error.
const (
	Undefined Binding = iota // wanted, not defined
	Strong
	Weak
	Unique // one in the whole process, whoever defines it
	Common
)

// Symbol is a symbol of an object that others may see, or that it wants of others.
type Symbol struct {
	Name    string // as in the object; on macOS with one more leading underscore
	Binding Binding
	// Optional is an undefined symbol that need not be defined by anybody.
	Optional bool
	// Hidden means that it is not seen outside the program or shared library
	// that the object is linked into. Static linking sees it.
	Hidden bool
	// Comdat means that the definition is a member of a group of which the linker keeps
	// one: inline functions of C++, counters of coverage.
	Comdat bool
	// Info is the offset in an ELF member of its type and binding.
	Info int64
}

// Clashes tells whether a second such definition is an error.
func (s Symbol) Clashes() bool { return s.Binding == Strong && !s.Comdat }

// Format is the format of a member.
type Format byte

// The formats. Others are lib.rmeta and the LLVM bitcode of link-time optimisation.
const (
	Other Format = iota
	ELF
	MachO
)

// Object is what matters of an object file for linking.
type Object struct {
	Format  Format
	Machine string // for comparison only
	Symbols []Symbol
	// Orphans are local symbols that are undefined: what a partial link leaves behind of
	// dropped sections.
	Orphans []string
	// Starts are the numbers of sections that run or are found without a symbol's being
	// wanted: constructors, and those that __start_NAME finds.
	Starts []Start
	// Postponed means that its code is still to be made by gcc's link-time optimisation.
	Postponed bool
}

// Start is a section of [Object.Starts].
type Start struct {
	Name  string
	Size  int64
	Flags int64 // offset in the member of its flags
	Wide  bool  // flags of 8 bytes, else of 4
	Big   bool  // big endian
	// Comdat is that of its symbols: of several such sections one is kept.
	Comdat bool
}

// Symbols returns the defined global symbols of an ELF or Mach-O member, in the
// order of its table. Others, as lib.rmeta and LLVM bitcode, have none: under
// fat LTO only [Archive.Index] tells their symbols. A broken object is a problem.
func (a *Archive) Symbols(member int) ([]Symbol, error) {
	o, err := a.Object(member)
	if err != nil {
		return nil, err
	}
	var list []Symbol
	for _, s := range o.Symbols {
		if s.Binding != Undefined {
			list = append(list, s)
		}
	}
	return list, nil
}

// Wanted returns the names of the symbols that a member wants of others.
func (a *Archive) Wanted(member int) ([]string, error) {
	o, err := a.Object(member)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range o.Symbols {
		if s.Binding == Undefined {
			names = append(names, s.Name)
		}
	}
	return names, nil
}

// Object reads a member.
func (a *Archive) Object(member int) (*Object, error) {
	if member < 0 || member >= len(a.members) {
		return nil, fmt.Errorf("internal error: member %d of %d", member, len(a.members))
	}
	m := a.members[member]
	o, err := readObject(io.NewSectionReader(a.r, m.Offset, m.Size))
	if err != nil {
		return nil, bad(a.file, fmt.Errorf("member %s: %w", m.Name, err))
	}
	return o, nil
}

// Content is the content of a member.
func (a *Archive) Content(member int) ([]byte, error) {
	m := a.members[member]
	return a.bytes(m.Offset, m.Size)
}

// ReadObject reads an object file.
func ReadObject(file string) (*Object, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return readObject(io.NewSectionReader(f, 0, info.Size()))
}

var errObject = errors.New("a broken object file")

// readObject reads an object of any format. debug/elf and debug/macho are not made for
// hostile input: a panic of theirs is a broken object.
func readObject(r *io.SectionReader) (o *Object, err error) {
	defer func() {
		if recover() != nil {
			o, err = nil, errObject
		}
	}()
	var head [4]byte
	if n, _ := r.ReadAt(head[:], 0); n < len(head) {
		return &Object{}, nil
	}
	little, big := binary.LittleEndian.Uint32(head[:]), binary.BigEndian.Uint32(head[:])
	switch {
	case string(head[:]) == elf.ELFMAG:
		return readELF(r)
	case little == macho.Magic32, little == macho.Magic64, big == macho.Magic32, big == macho.Magic64:
		return readMachO(r)
	}
	return &Object{}, nil
}

const (
	groupComdat = 1  // the flag of a group of which the linker keeps one
	uniqueBind  = 10 // STB_GNU_UNIQUE
)

func readELF(r *io.SectionReader) (*Object, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errObject, err)
	}
	o := &Object{Format: ELF, Machine: fmt.Sprint(f.Machine, f.Class, f.Data)}
	list, err := f.Symbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return nil, fmt.Errorf("%w: %w", errObject, err)
	}
	table := f.SectionByType(elf.SHT_SYMTAB)
	each, info := int64(16), int64(12)
	if f.Class == elf.ELFCLASS64 {
		each, info = 24, 4
	}
	comdat, large, err := elfTables(f)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errObject, err)
	}
	if err := o.elfStarts(f, r, comdat); err != nil {
		return nil, err
	}
	for i, s := range list {
		in := int(s.Section)
		if s.Section == elf.SHN_XINDEX && 4*(i+2) <= len(large) {
			in = int(f.ByteOrder.Uint32(large[4*(i+1):])) // elf.Symbols leaves out the first
		}
		o.Postponed = o.Postponed || s.Name == "__gnu_lto_slim"
		bind := elf.ST_BIND(s.Info)
		if bind == elf.STB_LOCAL {
			if s.Section == elf.SHN_UNDEF && s.Name != "" {
				o.Orphans = append(o.Orphans, s.Name)
			}
			continue
		}
		see := elf.ST_VISIBILITY(s.Other)
		o.Symbols = append(o.Symbols, Symbol{
			Name: s.Name, Binding: elfBinding(bind, s.Section), Optional: s.Section == elf.SHN_UNDEF && bind == elf.STB_WEAK,
			Hidden: see == elf.STV_HIDDEN || see == elf.STV_INTERNAL, Comdat: comdat[in],
			Info: int64(table.Offset) + int64(i+1)*each + info,
		})
	}
	return o, nil
}

func elfBinding(bind elf.SymBind, in elf.SectionIndex) Binding {
	switch {
	case in == elf.SHN_UNDEF:
		return Undefined
	case in == elf.SHN_COMMON:
		return Common
	case bind == uniqueBind:
		return Unique
	case bind == elf.STB_GLOBAL:
		return Strong
	}
	return Weak
}

// elfTables are the sections that are members of COMDAT groups, and the table of section
// numbers that are too large for a symbol.
func elfTables(f *elf.File) (comdat map[int]bool, large []byte, err error) {
	comdat = map[int]bool{}
	for _, s := range f.Sections {
		switch s.Type {
		case elf.SHT_SYMTAB_SHNDX:
			if large, err = s.Data(); err != nil {
				return nil, nil, err
			}
		case elf.SHT_GROUP:
			words, err := s.Data()
			if err != nil {
				return nil, nil, err
			}
			if len(words) < 4 || f.ByteOrder.Uint32(words)&groupComdat == 0 {
				continue
			}
			for words = words[4:]; len(words) >= 4; words = words[4:] {
				comdat[int(f.ByteOrder.Uint32(words))] = true
			}
		}
	}
	return comdat, large, nil
}

// elfStarts finds the sections of [Object.Starts].
func (o *Object) elfStarts(f *elf.File, r *io.SectionReader, comdat map[int]bool) error {
	wide := f.Class == elf.ELFCLASS64
	at, each := int64(32), int64(40)
	if wide {
		at, each = 40, 64
	}
	var field [8]byte
	if _, err := r.ReadAt(field[:], at); err != nil {
		return errObject
	}
	table := int64(f.ByteOrder.Uint32(field[:]))
	if wide {
		table = int64(f.ByteOrder.Uint64(field[:]))
	}
	for i, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && (identifier(s.Name) || constructs(s.Name)) {
			o.Starts = append(o.Starts, Start{
				Name: s.Name, Size: int64(s.Size), Flags: table + int64(i)*each + 8, Wide: wide, Big: f.Data == elf.ELFDATA2MSB,
				Comdat: comdat[i],
			})
		}
	}
	return nil
}

// constructs tells a section whose functions run before or after main.
func constructs(section string) bool {
	for _, name := range []string{".init_array", ".preinit_array", ".fini_array", ".ctors", ".dtors"} {
		if section == name || strings.HasPrefix(section, name+".") {
			return true
		}
	}
	return false
}

// identifier tells a name of C: the linker defines __start_NAME for such a section.
func identifier(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// Mach-O's nlist: type bits, and the descriptor bit of a weak definition and reference.
const (
	nStab    = 0xe0
	nPrivate = 0x10
	nType    = 0x0e
	nExtern  = 0x01
	nWeakRef = 0x40
	nWeakDef = 0x80
)

func readMachO(r *io.SectionReader) (*Object, error) {
	f, err := macho.NewFile(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errObject, err)
	}
	o := &Object{Format: MachO, Machine: fmt.Sprint(f.Cpu)}
	for _, s := range f.Sections {
		// Registrations of linkme and inventory lie in sections of their own in __DATA.
		if s.Name == "__mod_init_func" || s.Name == "__mod_term_func" || s.Name == "__init_offsets" || s.Flags&machoNoDeadStrip != 0 {
			o.Starts = append(o.Starts, Start{Name: s.Name})
		}
	}
	if f.Symtab == nil {
		return o, nil
	}
	for _, s := range f.Symtab.Syms {
		if s.Type&nStab != 0 || s.Type&nExtern == 0 {
			continue
		}
		name := s.Name
		if strings.Contains(name, ".") {
			name = "_" + name // debug/macho takes it off such names
		}
		sym := Symbol{Name: name, Binding: Strong, Hidden: s.Type&nPrivate != 0}
		switch {
		case s.Type&nType == 0 && s.Value == 0:
			sym.Binding, sym.Optional = Undefined, s.Desc&nWeakRef != 0
		case s.Type&nType == 0: // undefined with a size
			sym.Binding = Common
		case s.Desc&nWeakDef != 0:
			sym.Binding = Weak
		}
		o.Symbols = append(o.Symbols, sym)
	}
	return o, nil
}

const machoNoDeadStrip = 0x10000000
