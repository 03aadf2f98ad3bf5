package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// form is the form of a symbol index.
type form byte

const (
	gnu32 form = iota + 1
	gnu64
	bsd32
	bsd64
)

// indexForm tells the form of the index by its member's name, 0 for no index.
func indexForm(name string) form {
	switch name {
	case "/":
		return gnu32
	case "/SYM64/":
		return gnu64
	case "__.SYMDEF", "__.SYMDEF SORTED":
		return bsd32
	case "__.SYMDEF_64", "__.SYMDEF_64 SORTED":
		return bsd64
	}
	return 0
}

// readIndex fills the index from a table of a form; none is fine.
func (a *Archive) readIndex(f form, table []byte) (err error) {
	switch f {
	case gnu32:
		err = a.gnuIndex(table, word{4, binary.BigEndian})
	case gnu64:
		err = a.gnuIndex(table, word{8, binary.BigEndian})
	case bsd32:
		err = a.bsdIndex(table, word{4, binary.LittleEndian})
	case bsd64:
		err = a.bsdIndex(table, word{8, binary.LittleEndian})
	}
	for name, list := range a.index {
		slices.Sort(list)
		a.index[name] = slices.Compact(list)
	}
	return err
}

// word is how an index writes its numbers.
type word struct {
	len   int // bytes: 4 or 8
	order binary.ByteOrder
}

func (w word) at(b []byte, i int) uint64 {
	if w.len == 4 {
		return uint64(w.order.Uint32(b[i*4:]))
	}
	return w.order.Uint64(b[i*8:])
}

var errIndex = errors.New("its numbers do not fit its size")

// gnuIndex reads a count, that many header offsets, and that many names, each
// ended by a NUL.
func (a *Archive) gnuIndex(t []byte, w word) error {
	if len(t) < w.len {
		return errIndex
	}
	n := w.at(t, 0)
	if n > uint64((len(t)-w.len)/w.len) {
		return errIndex
	}
	offsets := t[w.len:]
	names := offsets[int(n)*w.len:]
	for i := 0; i < int(n); i++ {
		name, rest, found := bytes.Cut(names, []byte{0})
		if !found {
			return errors.New("a name without an end")
		}
		names = rest
		if err := a.addSymbol(string(name), w.at(offsets, i)); err != nil {
			return err
		}
	}
	return nil
}

// bsdIndex reads the size in bytes of an array of pairs (offset of the name in
// the names, offset of the member's header), the array, the size of the names,
// and the names.
func (a *Archive) bsdIndex(t []byte, w word) error {
	if len(t) < 2*w.len {
		return errIndex
	}
	size := w.at(t, 0)
	if size > uint64(len(t)-2*w.len) || size%uint64(2*w.len) != 0 {
		return errIndex
	}
	pairs, rest := t[w.len:w.len+int(size)], t[w.len+int(size):]
	names := rest[w.len:]
	if w.at(rest, 0) > uint64(len(names)) {
		return errIndex
	}
	names = names[:w.at(rest, 0)]
	total := 0
	for i := 0; i < int(size)/w.len; i += 2 {
		at := w.at(pairs, i)
		if at >= uint64(len(names)) {
			return errIndex
		}
		name, _, found := bytes.Cut(names[at:], []byte{0})
		if !found {
			return errors.New("a name without an end")
		}
		// Names may overlap, so that a short table could spell a great many.
		if total += len(name); total > maxTable {
			return errIndex
		}
		if err := a.addSymbol(string(name), w.at(pairs, i+1)); err != nil {
			return err
		}
	}
	return nil
}

func (a *Archive) addSymbol(name string, header uint64) error {
	member, ok := a.headers[int64(header)]
	if !ok {
		return fmt.Errorf("symbol %.80q is said to be at %d, where no member begins", name, header)
	}
	a.index[name] = append(a.index[name], member)
	return nil
}
