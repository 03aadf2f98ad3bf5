package opamfile

import "strings"

// AddToList returns the source of f with elements added to the end of a list field, in
// the layout of the list; a field that is one value, or for commands one command,
// becomes a list, and one that is not there comes to the end of the file. Every other
// byte stays.
func (f *File) AddToList(src []byte, field string, elements ...string) []byte {
	value, ok := f.Field(field)
	switch {
	case len(elements) == 0:
		return src
	case !ok && len(elements) == 1:
		return appendLine(src, field+": ["+elements[0]+"]")
	case !ok:
		return appendLine(src, field+": [\n  "+strings.Join(elements, "\n  ")+"\n]")
	case value.Kind == List && len(value.Args) == 0:
		return splice(src, value.Start, value.End, "["+strings.Join(elements, " ")+"]")
	case value.Kind != List || isCommand(value) && strings.HasPrefix(elements[0], "["):
		old := string(src[value.Start:value.End])
		return splice(src, value.Start, value.End, "[\n  "+old+"\n  "+strings.Join(elements, "\n  ")+"\n]")
	}
	last := value.Args[len(value.Args)-1]
	begin := strings.LastIndexByte(string(src[:last.Start]), '\n') + 1
	indent := string(src[begin:last.Start])
	if strings.TrimSpace(indent) != "" { // not on a line of its own
		return splice(src, last.End, last.End, " "+strings.Join(elements, " "))
	}
	at := last.End
	rest, _, _ := strings.Cut(string(src[at:]), "\n")
	if strings.HasPrefix(strings.TrimLeft(rest, " \t"), "#") {
		at += len(rest) // the comment stays behind its element
	}
	return splice(src, at, at, "\n"+indent+strings.Join(elements, "\n"+indent))
}

// isCommand tells whether a list is one command, not a list of commands.
func isCommand(list Value) bool {
	for _, v := range list.Args {
		if unfiltered(v).Kind == List {
			return false
		}
	}
	return true
}

// AddCondition returns the source of f with a filter field that also wants condition.
func (f *File) AddCondition(src []byte, field, condition string) []byte {
	value, ok := f.Field(field)
	if !ok {
		return appendLine(src, field+": "+condition)
	}
	old := string(src[value.Start:value.End])
	if value.Kind == Logop && value.Text == "|" {
		old = "(" + old + ")"
	}
	return splice(src, value.Start, value.End, old+" & "+condition)
}

// Mentions tells whether the string or variable stands anywhere in the value.
func (v Value) Mentions(text string) bool {
	for _, inner := range append(append([]Value{}, v.Args...), v.Filter...) {
		if inner.Mentions(text) {
			return true
		}
	}
	return (v.Kind == String || v.Kind == Ident) && v.Text == text
}

func splice(src []byte, start, end int, text string) []byte {
	return []byte(string(src[:start]) + text + string(src[end:]))
}

func appendLine(src []byte, line string) []byte {
	text := strings.TrimRight(string(src), "\n")
	if text != "" {
		text += "\n"
	}
	return []byte(text + line + "\n")
}
