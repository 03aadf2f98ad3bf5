// Package manifest reads Cargo.toml files and changes single values in them,
// leaving every other byte, and so every line number that cargo will print, as
// its author wrote it. What a manifest means is cargo's to say (cargo metadata);
// this package only finds and replaces.
package manifest

import (
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Manifest is one parsed Cargo.toml.
type Manifest struct {
	File   string
	Source []byte
	Tree   map[string]any // the decoded document
	values []Value
}

// Value is one key with its value, by its full key path: a key of a table, a
// dotted key and a key of an inline table all look alike.
type Value struct {
	Key        []string
	Text       string // of a string, decoded; of anything else, as written
	String     bool
	start, end int   // of the value, in Source
	own        []int // where the last parts of Key begin: those that stand before the value
	table      int   // where the header of its table begins; -1: it has none
	inline     bool  // it stands in an inline table
}

// Read parses the manifest in file.
func Read(file string) (*Manifest, error) {
	src, err := tree.Read(file, tree.MostOfManifest)
	if err != nil {
		return nil, err
	}
	return Parse(file, src)
}

// Parse parses a manifest. A syntax error is a problem with file and line.
func Parse(file string, src []byte) (*Manifest, error) {
	m := &Manifest{File: file, Source: src}
	if err := toml.Unmarshal(src, &m.Tree); err != nil {
		return nil, SyntaxError(file, err)
	}
	var p unstable.Parser
	p.Reset(src)
	var table []string
	header := -1
	for p.NextExpression() {
		node := p.Expression()
		switch node.Kind {
		case unstable.Table, unstable.ArrayTable:
			table, header = m.header(node.Key())
		case unstable.KeyValue:
			m.collect(Value{Key: table, table: header}, node)
		}
	}
	if err := p.Error(); err != nil {
		return nil, SyntaxError(file, err)
	}
	return m, nil
}

// SyntaxError makes a problem of an error of the TOML library.
func SyntaxError(file string, err error) *problem.Error {
	var decode *toml.DecodeError
	if !errors.As(err, &decode) {
		return problem.New(problem.Input, "not valid TOML: %w", err).At(file, 0)
	}
	line, _ := decode.Position()
	return problem.New(problem.Input, "not valid TOML: %s", strings.TrimPrefix(decode.Error(), "toml: ")).
		At(file, line).Quote(decode.String())
}

// collect adds what a line, or an entry of an inline table, gives its keys; in has the keys
// of the table that it stands in.
func (m *Manifest) collect(in Value, kv *unstable.Node) {
	var lastKey *unstable.Node
	v := Value{Key: append([]string{}, in.Key...), table: in.table, inline: in.inline}
	for it := kv.Key(); it.Next(); {
		lastKey = it.Node()
		v.Key = append(v.Key, string(lastKey.Data))
		v.own = append(v.own, int(lastKey.Raw.Offset))
	}
	value := kv.Value()
	start := int(lastKey.Raw.Offset + lastKey.Raw.Length)
	for m.Source[start] != '=' {
		start++
	}
	for start++; m.Source[start] == ' ' || m.Source[start] == '\t'; {
		start++
	}
	v.start, v.end = start, int(kv.Raw.Offset+kv.Raw.Length)
	if value.Kind == unstable.String {
		v.Text, v.String = string(value.Data), true
		v.end = int(value.Raw.Offset + value.Raw.Length)
	} else {
		v.Text = string(m.Source[v.start:v.end])
	}
	m.values = append(m.values, v)
	if value.Kind == unstable.InlineTable {
		for it := value.Children(); it.Next(); {
			m.collect(Value{Key: v.Key, table: v.table, inline: true}, it.Node())
		}
	}
}

// header reads the keys of a table's header, and finds where it begins.
func (m *Manifest) header(it unstable.Iterator) (list []string, start int) {
	start = -1
	for it.Next() {
		if start < 0 {
			start = strings.LastIndexByte(string(m.Source[:it.Node().Raw.Offset]), '[')
		}
		list = append(list, string(it.Node().Data))
	}
	return list, start
}

// Has tells whether the document has this table or key.
func (m *Manifest) Has(key ...string) bool {
	_, ok := Lookup(m.Tree, key...)
	return ok
}

// Lookup follows key through nested tables.
func Lookup(table map[string]any, key ...string) (any, bool) {
	var v any = table
	for _, k := range key {
		t, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = t[k]; !ok {
			return nil, false
		}
	}
	return v, true
}

// Paths returns the path values of all dependencies, those of targets, of
// [workspace.dependencies] and of [patch] included.
func (m *Manifest) Paths() []Value {
	var list []Value
	for _, v := range m.values {
		if !v.String || len(v.Key) < 3 || v.Key[len(v.Key)-1] != "path" {
			continue
		}
		switch kind := v.Key[len(v.Key)-3]; {
		case kind == "dependencies", kind == "dev-dependencies", kind == "build-dependencies",
			kind == "dev_dependencies", kind == "build_dependencies", v.Key[0] == "patch":
			list = append(list, v)
		}
	}
	return list
}

// Line is the line of v, counted from 1.
func (m *Manifest) Line(v Value) int {
	return 1 + strings.Count(string(m.Source[:v.start]), "\n")
}
