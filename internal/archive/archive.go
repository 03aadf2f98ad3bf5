// Package archive reads static archives, .a and .rlib: their members, their
// symbol index and the symbols of single members. It finds out which crate owns
// which symbol, and symbols that two crates define (docs/facts.md#symbols-defined-twice). Entry points:
// [Open], [Archive.Index], [Archive.Symbols], [Mangled], [Std].
//
// Only headers, the index and the symbol tables asked for are read. No input
// makes it panic or allocate more than a small multiple of the file's size.
package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

const (
	magic     = "!<arch>\n"
	thinMagic = "!<thin>\n"
	headerLen = 60
	// maxTable bounds the index and the table of long names, maxMembers the
	// members; the archive of a large program has 1/100 of either.
	maxTable   = 64 << 20
	maxMembers = 1 << 20
)

// Member is a file in an archive. Index tables are no members.
type Member struct {
	Name   string
	Offset int64 // of its content in the archive, in bytes
	Size   int64 // of its content, in bytes
}

// Archive is an open archive.
type Archive struct {
	file    string
	r       io.ReaderAt
	size    int64
	closer  io.Closer
	members []Member
	headers map[int64]int // offset of a member's header -> its number
	index   map[string][]int
}

// Open reads the headers and the index of the archive file, in GNU's form (//
// for long names, / or /SYM64/ for the index) or BSD's and macOS's (#1/len,
// __.SYMDEF). A thin archive, whose members are other files, and whatever is
// not a whole archive is a problem naming file. The archive stays open for
// [Archive.Symbols] until [Archive.Close].
func Open(file string) (*Archive, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, bad(file, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	var a *Archive
	if err == nil {
		a, err = read(f, info.Size())
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, bad(file, err)
	}
	a.file, a.closer = file, f
	return a, nil
}

func bad(file string, err error) error {
	return problem.New(problem.Input, "not a usable static archive: %w", err).At(file, 0).
		Hint("remove the file and build again")
}

// Close closes the file.
func (a *Archive) Close() error { return a.closer.Close() }

// Members are the archive's files in their order; their positions are the
// member numbers of [Archive.Index] and [Archive.Symbols].
func (a *Archive) Members() []Member { return a.members }

// Index maps each symbol of the archive's own index to the numbers of the
// members that define it, each once, in order. It is empty where the archive
// has no index. On macOS the symbols have one more leading underscore than in C.
// The map is the archive's own: do not change it.
func (a *Archive) Index() map[string][]int { return a.index }

func read(r io.ReaderAt, size int64) (*Archive, error) {
	a := &Archive{r: r, size: size, headers: map[int64]int{}, index: map[string][]int{}}
	start, err := a.bytes(0, int64(len(magic)))
	switch {
	case err != nil:
		return nil, err
	case string(start) == thinMagic:
		return nil, errors.New("a thin archive, which only points to other files")
	case string(start) != magic:
		return nil, errors.New("it does not begin as an archive")
	}
	var table, longNames []byte
	var tableForm form
	for at := int64(len(magic)); at < size; {
		m, err := a.header(at, longNames)
		if err != nil {
			return nil, fmt.Errorf("member at %d: %w", at, err)
		}
		next := m.Offset + m.Size
		next += next % 2
		switch f := indexForm(m.Name); {
		case m.Name == "//":
			longNames, err = a.table(m)
		case f == gnu32 && table != nil, strings.HasPrefix(m.Name, "/<"):
			// Windows has a second index, and tables of its own.
		case f != 0:
			tableForm = f
			table, err = a.table(m)
		default:
			a.headers[at] = len(a.members)
			a.members = append(a.members, m)
		}
		if err != nil {
			return nil, fmt.Errorf("member at %d: %w", at, err)
		}
		if len(a.members) > maxMembers {
			return nil, fmt.Errorf("more than %d members", maxMembers)
		}
		at = next
	}
	if err := a.readIndex(tableForm, table); err != nil {
		return nil, fmt.Errorf("symbol index: %w", err)
	}
	return a, nil
}

// header reads the member header at an offset. The name is resolved, but for
// the tables', which keep the one that [indexForm] knows.
func (a *Archive) header(at int64, longNames []byte) (Member, error) {
	h, err := a.bytes(at, headerLen)
	if err != nil {
		return Member{}, err
	}
	if string(h[58:]) != "`\n" {
		return Member{}, errors.New("no member header there")
	}
	size, err := number(h[48:58])
	if err != nil {
		return Member{}, err
	}
	m := Member{Name: strings.TrimRight(string(h[:16]), " "), Offset: at + headerLen, Size: size}
	if m.Size > a.size-m.Offset {
		return Member{}, fmt.Errorf("its %d bytes reach beyond the end of the file", m.Size)
	}
	switch {
	case strings.HasPrefix(m.Name, "#1/"):
		err = a.bsdName(&m)
	case len(m.Name) > 1 && m.Name[0] == '/' && m.Name[1] >= '0' && m.Name[1] <= '9':
		m.Name, err = longName(longNames, m.Name[1:])
	case m.Name != "/" && m.Name != "//" && m.Name != "/SYM64/":
		m.Name = strings.TrimSuffix(m.Name, "/")
	}
	return m, err
}

// bsdName takes the name from the start of the content.
func (a *Archive) bsdName(m *Member) error {
	n, err := number([]byte(m.Name[3:]))
	if err != nil || n > m.Size || n > 1<<16 {
		return fmt.Errorf("a bad name length %q", m.Name)
	}
	name, err := a.bytes(m.Offset, n)
	if err != nil {
		return err
	}
	m.Name = strings.TrimRight(string(name), "\x00")
	m.Offset += n
	m.Size -= n
	return nil
}

// longName is the name at an offset of GNU's table, which ends with "/\n".
func longName(table []byte, offset string) (string, error) {
	n, err := number([]byte(offset))
	if err != nil || n >= int64(len(table)) {
		return "", fmt.Errorf("a name at %q of a table of %d bytes", offset, len(table))
	}
	name, _, found := bytes.Cut(table[n:min(int64(len(table)), n+1<<16)], []byte("\n"))
	if !found {
		return "", errors.New("a name without an end")
	}
	return strings.TrimSuffix(string(name), "/"), nil
}

func number(field []byte) (int64, error) {
	text := strings.TrimRight(string(field), " ")
	n, err := strconv.ParseUint(text, 10, 62) // refuses signs
	if err != nil {
		return 0, fmt.Errorf("%q is not a size", text)
	}
	return int64(n), nil
}

func (a *Archive) table(m Member) ([]byte, error) {
	if m.Size > maxTable {
		return nil, fmt.Errorf("a table of %d bytes", m.Size)
	}
	return a.bytes(m.Offset, m.Size)
}

// bytes reads n bytes at an offset; n is checked against the file first.
func (a *Archive) bytes(at, n int64) ([]byte, error) {
	if at < 0 || n < 0 || at > a.size || n > a.size-at {
		return nil, errors.New("cut short")
	}
	b := make([]byte, n)
	if got, err := a.r.ReadAt(b, at); int64(got) < n {
		return nil, err
	}
	return b, nil
}
