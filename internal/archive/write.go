package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Write makes an archive of files, without an index: for linkers that are told to take
// all of it. Its bytes depend on the contents alone.
func Write(file string, contents func(add func(content []byte) error) error) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := &writer{to: f}
	_, err = io.WriteString(f, magic)
	err = errors.Join(err, contents(w.add), f.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}

// WriteOne makes an archive of one object with an index of the symbols that it defines.
func WriteOne(file, name string, content []byte, symbols []string) error {
	var names bytes.Buffer
	for _, s := range symbols {
		names.WriteString(s)
		names.WriteByte(0)
	}
	if names.Len()%2 == 1 {
		names.WriteByte(0)
	}
	header := len(magic) + headerLen + 4 + 4*len(symbols) + names.Len()
	var index bytes.Buffer
	put := func(n int) { index.Write([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) }
	put(len(symbols))
	for range symbols {
		put(header)
	}
	index.Write(names.Bytes())
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := &writer{to: f}
	_, err = io.WriteString(f, magic)
	err = errors.Join(err, w.put("/", index.Bytes()), w.put(name+"/", content), f.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}

type writer struct {
	to io.Writer
	n  int
}

// add appends a member with a name of its own.
func (w *writer) add(content []byte) error {
	w.n++
	return w.put(fmt.Sprintf("%d.o/", w.n), content)
}

func (w *writer) put(name string, content []byte) error {
	_, err := fmt.Fprintf(w.to, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", name, 0, 0, 0, 0o644, len(content))
	if err == nil {
		_, err = w.to.Write(content)
	}
	if err == nil && len(content)%2 == 1 {
		_, err = io.WriteString(w.to, "\n")
	}
	return err
}
