// Package opamfile reads opam files: the installed ones, in which the
// dependency cone of a package is found, and those of the root. [Parse] gives a
// tree that keeps byte offsets, so that other commands can edit a file in
// place. [File.Depends] and [Formula.Select] answer which installed packages a
// package depends on, [File.Commands] what it runs.
package opamfile

// File is a parsed opam file.
type File struct {
	Name  string // as given to Parse, for messages
	Items []Item
}

// Item is a field (Section is nil) or a section (Field is empty).
type Item struct {
	Field   string
	Value   Value
	Section *Section
	Line    int // of the first byte, counted from 1
	Start   int // byte offset of the first byte of the name
	End     int // byte offset after the last byte of the value or the `}`
}

// Section is a block such as `extra-source "crates.tar.gz" { ... }`. Its
// offsets are those of its item.
type Section struct {
	Kind  string
	Name  string // empty if it has none
	Named bool
	Items []Item
	Line  int
	Start int
	End   int
}

// Field gives the value of a top level field: the first one of that name.
func (f *File) Field(name string) (Value, bool) { return field(f.Items, name) }

// Field gives the value of a field of the section: the first one of that name.
func (s *Section) Field(name string) (Value, bool) { return field(s.Items, name) }

func field(items []Item, name string) (Value, bool) {
	for _, item := range items {
		if item.Section == nil && item.Field == name {
			return item.Value, true
		}
	}
	return Value{}, false
}

// Strings is a field that is a string or a list of strings, such as license.
func (f *File) Strings(name string) []string {
	value, ok := f.Field(name)
	if !ok {
		return nil
	}
	list := []Value{value}
	if value.Kind == List {
		list = value.Args
	}
	var texts []string
	for _, v := range list {
		if v.Kind == String {
			texts = append(texts, v.Text)
		}
	}
	return texts
}

// StringField gives the text of a top level field that is one string.
func (f *File) StringField(name string) (string, bool) {
	v, ok := f.Field(name)
	return v.Text, ok && v.Kind == String
}

// StringField gives the text of a field of the section that is one string.
func (s *Section) StringField(name string) (string, bool) {
	v, ok := s.Field(name)
	return v.Text, ok && v.Kind == String
}

// Sections gives the top level sections of a kind, in the order of the file.
func (f *File) Sections(kind string) []Section {
	var list []Section
	for _, item := range f.Items {
		if item.Section != nil && item.Section.Kind == kind {
			list = append(list, *item.Section)
		}
	}
	return list
}
