package manual

import (
	"fmt"
	"strings"
)

// Fish is the completion for fish.
func (m *Manual) Fish() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# fish completion for %s. Made by: %s generate fish\n\ncomplete -c %s -f\n", m.Name, m.Name, m.Name)
	fishOptions(&b, m.Name, "__fish_use_subcommand", m.Global)
	for _, c := range m.Commands {
		fmt.Fprintf(&b, "complete -c %s -n __fish_use_subcommand -a %s -d %s\n", m.Name, c.Name, fishQuote(c.Usage))
	}
	fmt.Fprintf(&b, "complete -c %s -n __fish_use_subcommand -a help -d 'show help'\n", m.Name)
	for _, c := range m.Commands {
		condition := fishQuote("__fish_seen_subcommand_from " + c.Name)
		fmt.Fprintf(&b, "complete -c %s -n %s %s\n", m.Name, condition, fishValue(kindOf(c.Args)))
		fishOptions(&b, m.Name, condition, c.all())
	}
	return b.String()
}

func fishOptions(b *strings.Builder, name, condition string, list []Option) {
	for _, o := range withHelp(list) {
		fmt.Fprintf(b, "complete -c %s -n %s", name, condition)
		for _, n := range o.Names {
			if long, ok := strings.CutPrefix(n, "--"); ok {
				fmt.Fprintf(b, " -l %s", long)
			} else {
				fmt.Fprintf(b, " -s %s", n[1:])
			}
		}
		if o.Value != "" {
			fmt.Fprintf(b, " -r %s", fishValue(kindOf(o.Value)))
		}
		fmt.Fprintf(b, " -d %s\n", fishQuote(o.Usage))
	}
}

// fishValue is what fish offers for a value.
func fishValue(k kind) string {
	return map[kind]string{
		directory: "-f -a '(__fish_complete_directories)'", file: "-F", program: "-f -a '(__fish_complete_command)'",
		when: "-f -a '" + whens + "'", other: "-f",
	}[k]
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
