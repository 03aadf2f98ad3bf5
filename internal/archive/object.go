package archive

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Symbol is a symbol that an object defines for others.
type Symbol struct {
	Name string // as in the object; on macOS with one more leading underscore
	// Weak means that further definitions are no error: weak, unique and common
	// symbols.
	Weak bool
	// Hidden means that it is not seen outside the program or shared library
	// that the object is linked into. Static linking sees it.
	Hidden bool

	undefined bool // wanted, not defined; see [Archive.Wanted]
}

// Symbols returns the defined global symbols of an ELF or Mach-O member, in the
// order of its table. Others, as lib.rmeta and LLVM bitcode, have none: under
// fat LTO only [Archive.Index] tells their symbols. A broken object is a problem.
//
// debug/elf and debug/macho say themselves that they are not made for hostile
// input (their names are copies, which a small file can make large), so that
// only their constants are used.
func (a *Archive) Symbols(member int) ([]Symbol, error) {
	all, err := a.all(member)
	return slices.DeleteFunc(all, func(s Symbol) bool { return s.undefined }), err
}

// Wanted returns the names of the symbols that a member wants of others.
func (a *Archive) Wanted(member int) ([]string, error) {
	all, err := a.all(member)
	var names []string
	for _, s := range all {
		if s.undefined {
			names = append(names, s.Name)
		}
	}
	return names, err
}

func (a *Archive) all(member int) ([]Symbol, error) {
	if member < 0 || member >= len(a.members) {
		return nil, fmt.Errorf("internal error: member %d of %d", member, len(a.members))
	}
	m := a.members[member]
	o := &object{a: a, at: m.Offset, size: m.Size}
	symbols, err := o.symbols()
	if err != nil {
		return nil, bad(a.file, fmt.Errorf("member %s: %w", m.Name, err))
	}
	return symbols, nil
}

// object is the content of a member.
type object struct {
	a        *Archive
	at, size int64
	order    binary.ByteOrder
	wide     bool // 64 bits
	names    int  // bytes of names so far
}

var errObject = errors.New("a broken object file")

// bytes reads within the member.
func (o *object) bytes(at, n uint64) ([]byte, error) {
	if size := uint64(o.size); at > size || n > size-at {
		return nil, errObject
	}
	return o.a.bytes(o.at+int64(at), int64(n))
}

func (o *object) symbols() ([]Symbol, error) {
	head, err := o.bytes(0, uint64(min(o.size, 64)))
	if err != nil || len(head) < 28 {
		return nil, err
	}
	if string(head[:4]) == elf.ELFMAG {
		return o.elf(head)
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if m := order.Uint32(head); m == macho.Magic32 || m == macho.Magic64 {
			o.order, o.wide = order, m == macho.Magic64
			return o.macho(head)
		}
	}
	return nil, nil
}

// name is the string at an offset of a string table. Names may overlap, so that
// their sum is bounded too.
func (o *object) name(table []byte, at uint32) (string, error) {
	if uint64(at) >= uint64(len(table)) {
		return "", errObject
	}
	name, _, found := bytes.Cut(table[at:], []byte{0})
	if o.names += len(name); !found || o.names > maxTable {
		return "", errObject
	}
	return string(name), nil
}

// section is what matters of an ELF section header.
type section struct {
	kind         elf.SectionType
	flags        elf.SectionFlag
	offset, size uint64
	link         uint32
}

func (o *object) section(h []byte) section {
	u32 := o.order.Uint32
	s := section{kind: elf.SectionType(u32(h[4:])), flags: elf.SectionFlag(u32(h[8:]))}
	if o.wide {
		s.flags = elf.SectionFlag(o.order.Uint64(h[8:]))
		s.offset, s.size, s.link = o.order.Uint64(h[24:]), o.order.Uint64(h[32:]), u32(h[40:])
	} else {
		s.offset, s.size, s.link = uint64(u32(h[16:])), uint64(u32(h[20:])), u32(h[24:])
	}
	return s
}

func (o *object) elf(head []byte) ([]Symbol, error) {
	sections, err := o.sections(head)
	if err != nil {
		return nil, err
	}
	for _, s := range sections {
		if s.kind != elf.SHT_SYMTAB {
			continue
		}
		if uint64(s.link) >= uint64(len(sections)) {
			return nil, errObject
		}
		strings := sections[s.link]
		if (s.flags|strings.flags)&elf.SHF_COMPRESSED != 0 {
			return nil, errObject
		}
		table, err := o.bytes(s.offset, s.size)
		if err != nil {
			return nil, err
		}
		names, err := o.bytes(strings.offset, strings.size)
		if err != nil {
			return nil, err
		}
		return o.elfSymbols(table, names)
	}
	return nil, nil
}

func (o *object) sections(head []byte) ([]section, error) {
	if len(head) < 52 {
		return nil, errObject
	}
	o.order = binary.LittleEndian
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		o.order = binary.BigEndian
	}
	o.wide = elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS64
	at, each, count := uint64(o.order.Uint32(head[32:])), uint64(40), head[48:]
	if o.wide {
		if len(head) < 64 {
			return nil, errObject
		}
		at, each, count = o.order.Uint64(head[40:]), 64, head[60:]
	}
	n := uint64(o.order.Uint16(count))
	if at == 0 {
		return nil, nil
	}
	if n == 0 { // too many for the header: the first section tells
		first, err := o.bytes(at, each)
		if err != nil {
			return nil, err
		}
		n = o.section(first).size
	}
	if n > uint64(o.size)/each {
		return nil, errObject
	}
	table, err := o.bytes(at, n*each)
	if err != nil {
		return nil, err
	}
	list := make([]section, n)
	for i := range list {
		list[i] = o.section(table[uint64(i)*each:])
	}
	return list, nil
}

func (o *object) elfSymbols(table, names []byte) ([]Symbol, error) {
	each, info, index := 16, 12, 14
	if o.wide {
		each, info, index = 24, 4, 6
	}
	var list []Symbol
	for ; len(table) >= each; table = table[each:] {
		in := elf.SectionIndex(o.order.Uint16(table[index:]))
		bind := elf.ST_BIND(table[info])
		if bind == elf.STB_LOCAL {
			continue
		}
		name, err := o.name(names, o.order.Uint32(table))
		if err != nil {
			return nil, err
		}
		see := elf.ST_VISIBILITY(table[info+1])
		list = append(list, Symbol{
			Name: name,
			Weak: bind != elf.STB_GLOBAL || in == elf.SHN_COMMON,

			undefined: in == elf.SHN_UNDEF,
			Hidden:    see == elf.STV_HIDDEN || see == elf.STV_INTERNAL,
		})
	}
	return list, nil
}

// Mach-O's nlist: type bits and the descriptor bit of a weak definition.
const (
	nStab    = 0xe0
	nPrivate = 0x10
	nType    = 0x0e
	nExtern  = 0x01
	nWeakDef = 0x80
)

func (o *object) macho(head []byte) ([]Symbol, error) {
	at := uint64(28)
	if o.wide {
		at = 32
	}
	commands, err := o.bytes(at, uint64(o.order.Uint32(head[20:])))
	if err != nil {
		return nil, err
	}
	for len(commands) >= 8 {
		size := uint64(o.order.Uint32(commands[4:]))
		if size < 8 || size > uint64(len(commands)) {
			return nil, errObject
		}
		if macho.LoadCmd(o.order.Uint32(commands)) == macho.LoadCmdSymtab && size >= 24 {
			return o.machoSymbols(commands)
		}
		commands = commands[size:]
	}
	return nil, nil
}

func (o *object) machoSymbols(command []byte) ([]Symbol, error) {
	each := 12
	if o.wide {
		each = 16
	}
	u32 := func(at int) uint64 { return uint64(o.order.Uint32(command[at:])) }
	table, err := o.bytes(u32(8), u32(12)*uint64(each))
	if err != nil {
		return nil, err
	}
	names, err := o.bytes(u32(16), u32(20))
	if err != nil {
		return nil, err
	}
	var list []Symbol
	for ; len(table) >= each; table = table[each:] {
		kind, desc := table[4], o.order.Uint16(table[6:])
		value := uint64(o.order.Uint32(table[8:]))
		if o.wide {
			value = o.order.Uint64(table[8:])
		}
		undefined := kind&nType == 0
		if kind&nStab != 0 || kind&nExtern == 0 {
			continue
		}
		name, err := o.name(names, o.order.Uint32(table))
		if err != nil {
			return nil, err
		}
		list = append(list, Symbol{
			Name:   name,
			Weak:   desc&nWeakDef != 0 || undefined, // undefined with a size is common
			Hidden: kind&nPrivate != 0,

			undefined: undefined && value == 0,
		})
	}
	return list, nil
}
