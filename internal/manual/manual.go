// Package manual renders what the command line says of itself: as help, as a man page,
// as a reference page, and as completions for bash, zsh and fish. [Of] reads the command
// line; the other functions write text.
package manual

import (
	"regexp"
	"sort"
	"strings"

	"github.com/urfave/cli/v2"
)

// Manual is the command line as its readers see it.
type Manual struct {
	Name, Usage, Description string
	Groups                   []Group
	Global                   []Option
	Commands                 []Command
	Common                   []Option // those that many commands take, and not among Command.Options
	Variables                []Entry
	ExitCodes                []Entry
}

// Command is one command. Args is what follows its options, such as [DIR].
type Command struct {
	Name, Usage, Args, Description string
	Options                        []Option
	Common                         []Option
}

// Option is a flag; Value is the name of its value, if it takes one.
type Option struct {
	Names      []string // with their dashes
	Value      string
	Usage      string
	Default    string
	Variables  []string
	Repeatable bool
}

// Entry is a term and its explanation.
type Entry struct{ Term, Text string }

// Group is commands that belong together, as the help shows them.
type Group struct {
	Title string
	Lines []Entry
}

// Of reads an application. What is hidden is left out.
func Of(app *cli.App) *Manual {
	m := &Manual{Name: app.Name, Usage: app.Usage, Description: app.Description, Global: options(app.Flags)}
	uses := map[string]int{}
	for _, c := range app.Commands {
		if c.Hidden || c.Name == "help" {
			continue
		}
		command := Command{Name: c.Name, Usage: c.Usage, Args: c.ArgsUsage, Description: c.Description, Options: options(c.Flags)}
		for _, o := range command.Options {
			uses[o.key()]++
		}
		m.Commands = append(m.Commands, command)
	}
	common := map[string]Option{}
	for i := range m.Commands {
		c := &m.Commands[i]
		var own []Option
		for _, o := range c.Options {
			if uses[o.key()] < 3 {
				own = append(own, o)
				continue
			}
			common[o.key()] = o
			c.Common = append(c.Common, o)
		}
		c.Options = own
	}
	for _, o := range common {
		m.Common = append(m.Common, o)
	}
	sort.Slice(m.Common, func(i, j int) bool { return m.Common[i].key() < m.Common[j].key() })
	return m
}

func (o Option) key() string { return strings.Join(o.Names, " ") + " " + o.Usage }

// Long is the option's first name, with its dashes.
func (o Option) Long() string { return o.Names[0] }

// Text explains the option: what it does, its default, its variables.
func (o Option) Text() string {
	text := o.Usage
	if o.Repeatable && !strings.Contains(text, "(repeatable)") {
		text += " (repeatable)"
	}
	if o.Default != "" {
		text += "; default: " + o.Default
	}
	if len(o.Variables) > 0 {
		text += " [$" + strings.Join(o.Variables, ", $") + "]"
	}
	return text
}

func names(list []Option) string {
	all := make([]string, 0, len(list))
	for _, o := range list {
		all = append(all, o.Long())
	}
	return strings.Join(all, ", ")
}

// sentence is a usage text as a sentence of its own.
func sentence(usage string) string { return strings.ToUpper(usage[:1]) + usage[1:] + "." }

func (c Command) all() []Option { return append(append([]Option{}, c.Options...), c.Common...) }

var quoted = regexp.MustCompile("`([^`]+)`")

func options(flags []cli.Flag) []Option {
	var list []Option
	for _, f := range flags {
		doc, ok := f.(cli.DocGenerationFlag)
		if !ok || f.Names()[0] == "help" { // every command has it, and says so itself
			continue
		}
		o := Option{Usage: quoted.ReplaceAllString(doc.GetUsage(), "$1"), Variables: doc.GetEnvVars()}
		for _, name := range f.Names() {
			if len(name) == 1 {
				o.Names = append(o.Names, "-"+name)
			} else {
				o.Names = append(o.Names, "--"+name)
			}
		}
		if doc.TakesValue() {
			o.Value, o.Default = "VALUE", strings.Trim(doc.GetDefaultText(), `"`)
			if q := quoted.FindStringSubmatch(doc.GetUsage()); q != nil {
				o.Value = q[1]
			}
		}
		if s, ok := f.(cli.DocGenerationSliceFlag); ok && s.IsSliceFlag() {
			o.Repeatable, o.Default = true, ""
		}
		list = append(list, o)
	}
	return list
}

// block is a piece of a description: lines that flow, or lines to be shown as they
// are, which begin with blanks.
type block struct {
	code bool
	text string
}

func blocks(description string) []block {
	var list []block
	for _, line := range strings.Split(strings.TrimSpace(description), "\n") {
		code := strings.HasPrefix(line, " ")
		line = strings.TrimSpace(line)
		if n := len(list); n > 0 && list[n-1].code == code {
			list[n-1].text += "\n" + line
		} else if line != "" {
			list = append(list, block{code, line})
		}
	}
	return list
}
