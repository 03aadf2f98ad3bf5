package manual

import (
	"fmt"
	"slices"
	"strings"
)

// width is what the help keeps to: the columns of the usual terminal.
const width = 80

// Help is the help of the program.
func (m *Manual) Help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", m.Name, m.Usage)
	fmt.Fprintf(&b, "Usage: %s COMMAND [OPTION ...] [ARGUMENT ...]\n\n", m.Name)
	for _, g := range m.Groups {
		fmt.Fprintf(&b, "%s:\n", g.Title)
		helpEntries(&b, g.Lines)
	}
	forms := make([]string, 0, len(m.Common))
	for _, o := range m.Common {
		forms = append(forms, o.short())
	}
	b.WriteString("\n" + wrap("Options of most commands: "+strings.Join(forms, ", "), 2))
	fmt.Fprintf(&b, "\nExplained by: %s help COMMAND, %s help options, man %s\n", m.Name, m.Name, m.Name)
	return b.String()
}

// CommandHelp is the help of a command.
func (m *Manual) CommandHelp(name string) string {
	var b strings.Builder
	for _, c := range m.Commands {
		if c.Name != name {
			continue
		}
		words := []string{"Usage: " + m.Name, c.Name}
		for _, o := range c.Options {
			words = append(words, "["+o.short()+"]")
		}
		if len(c.Common) > 0 {
			words = append(words, "[OPTION"+nbsp+"...]")
		}
		if c.Args != "" {
			words = append(words, c.Args)
		}
		b.WriteString(wrap(strings.Join(words, " "), 4))
		b.WriteString("\n" + wrap(sentence(c.Usage), 0))
		for i, piece := range blocks(c.Description) {
			switch {
			case piece.code:
				b.WriteString("  " + strings.ReplaceAll(piece.text, "\n", "\n  ") + "\n")
			default:
				if i == 0 {
					b.WriteString("\n")
				}
				b.WriteString(wrap(strings.ReplaceAll(piece.text, "\n", " "), 0))
			}
		}
		if len(c.Options) > 0 {
			b.WriteString("\n")
			helpEntries(&b, optionEntries(c.Options))
		}
		if len(c.Common) > 0 {
			b.WriteString("\n" + wrap("Options of many commands ("+m.Name+" help options): "+names(c.Common), 2))
		}
	}
	return b.String()
}

// OptionsHelp explains the options that several commands take, and what else holds for
// all of them.
func (m *Manual) OptionsHelp() string {
	var b strings.Builder
	b.WriteString("Options of most commands, before or after the arguments; each has a variable,\nOPAM_CARGO_JOBS for --jobs:\n")
	helpEntries(&b, optionEntries(m.Common))
	b.WriteString("\nOther variables:\n")
	helpEntries(&b, slices.DeleteFunc(slices.Clone(m.Variables), func(e Entry) bool { return strings.HasSuffix(e.Term, "...") }))
	b.WriteString("\nExit codes:\n")
	helpEntries(&b, m.ExitCodes)
	return b.String()
}

// short is the option as a usage line has it, in one piece: --out DIR.
func (o Option) short() string { return strings.TrimSuffix(o.Long()+nbsp+o.Value, nbsp) }

func optionEntries(list []Option) []Entry {
	entries := make([]Entry, 0, len(list))
	for _, o := range list {
		told := o
		told.Variables = nil
		entries = append(entries, Entry{strings.TrimSpace(strings.Join(o.Names, ", ") + " " + o.Value), told.Text()})
	}
	return entries
}

// helpEntries are terms and their explanations, in two columns.
func helpEntries(b *strings.Builder, list []Entry) {
	column := 0
	for _, e := range list {
		column = max(column, min(len(e.Term), 22))
	}
	for _, e := range list {
		text := wrap(strings.Repeat(nbsp, column+4)+e.Text, column+4)
		if len(e.Term) > column {
			fmt.Fprintf(b, "  %s\n%s", e.Term, text)
			continue
		}
		fmt.Fprintf(b, "  %-*s  %s", column, e.Term, text[column+4:])
	}
}

// nbsp is a blank at which no line is broken.
const nbsp = "\x00"

// wrap breaks a text into lines of the width; all but the first are indented.
func wrap(text string, indent int) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Split(text, " ") {
		switch {
		case i == 0:
		case at+1+len(word) > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	return strings.ReplaceAll(b.String(), nbsp, " ") + "\n"
}
