package manual

import (
	"fmt"
	"strings"
)

// Zsh is the completion for zsh: a function for its fpath.
func (m *Manual) Zsh() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#compdef %s\n# Made by: %s generate zsh\n\n", m.Name, m.Name)
	fmt.Fprintf(&b, "_%s() {\n  local curcontext=$curcontext state line\n  typeset -A opt_args\n  local -a commands\n  commands=(\n", m.Name)
	for _, c := range m.Commands {
		fmt.Fprintf(&b, "    %s\n", shellQuote(c.Name+":"+c.Usage))
	}
	b.WriteString("    'help:show help'\n  )\n")
	fmt.Fprintf(&b, "  _arguments -C %s\n", zshLines(append(zshOptions(m.Global), "1: :->command", "*:: :->arguments")))
	b.WriteString("  case $state in\n  command) _describe command commands ;;\n  arguments)\n")
	fmt.Fprintf(&b, "    curcontext=${curcontext%%:*:*}:%s-$line[1]:\n    case $line[1] in\n", m.Name)
	for _, c := range m.Commands {
		specs := zshOptions(c.all())
		if kindOf(c.Args) != other { // else a message would stand in the way of the options
			specs = append(specs, "*"+zshValue(c.Args))
		}
		fmt.Fprintf(&b, "    %s) _arguments %s ;;\n", c.Name, zshLines(specs))
	}
	b.WriteString("    help) _describe command commands ;;\n    esac ;;\n  esac\n}\n\n")
	fmt.Fprintf(&b, "_%s \"$@\"\n", m.Name)
	return b.String()
}

// zshLines puts each specification on a line of its own.
func zshLines(specs []string) string {
	var b strings.Builder
	for _, s := range specs {
		b.WriteString(" \\\n    " + shellQuote(s))
	}
	return b.String()[1:]
}

func zshOptions(list []Option) []string {
	var specs []string
	for _, o := range withHelp(list) {
		exclusive := "(" + strings.Join(o.Names, " ") + ")"
		if o.Repeatable {
			exclusive = "*"
		}
		for _, name := range o.Names {
			value := ""
			if o.Value != "" {
				value = zshValue(o.Value)
				if strings.HasPrefix(name, "--") {
					name += "="
				}
			}
			specs = append(specs, exclusive+name+"["+zshEscapes.Replace(o.Usage)+"]"+value)
		}
	}
	return specs
}

// zshValue is the message and the action for a value.
func zshValue(value string) string {
	action := map[kind]string{directory: "_files -/", file: "_files", program: "_command_names -e", when: "(" + whens + ")", other: " "}[kindOf(value)]
	return ":" + zshEscapes.Replace(value) + ":" + action
}

var zshEscapes = strings.NewReplacer("[", `\[`, "]", `\]`, ":", `\:`)

// shellQuote makes a word of s, for bash and zsh.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
