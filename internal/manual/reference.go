package manual

import (
	"fmt"
	"strings"
)

// Reference is the reference page, in Markdown.
func (m *Manual) Reference() string {
	var b strings.Builder
	b.WriteString("# Reference\n\n<!-- Made by: go run . generate reference >docs/reference.md -->\n\n")
	fmt.Fprintf(&b, "    %s [global options] COMMAND [options] [arguments]\n", m.Name)
	fmt.Fprintf(&b, "    %s ...\n\n", strings.Replace(m.Name, "-", " ", 1))
	markdownText(&b, m.Description)
	commands := make([]Entry, 0, len(m.Commands))
	for _, c := range m.Commands {
		commands = append(commands, Entry{fmt.Sprintf("[%s](#%s)", c.Name, c.Name), c.Usage})
	}
	markdownTable(&b, "command", commands)
	for _, c := range m.Commands {
		synopsis := strings.TrimSpace(fmt.Sprintf("%s %s [options] %s", m.Name, c.Name, c.Args))
		fmt.Fprintf(&b, "## %s\n\n    %s\n\n%s\n\n", c.Name, synopsis, sentence(c.Usage))
		markdownText(&b, c.Description)
		markdownOptions(&b, c.Options)
		fmt.Fprintf(&b, "Common options: `%s`.\n\n", strings.ReplaceAll(names(c.Common), ", ", "`, `"))
	}
	b.WriteString("## Common options\n\nEach command takes those that it names above.\n\n")
	markdownOptions(&b, m.Common)
	b.WriteString("## Global options\n\nThey may stand before the command.\n\n")
	markdownOptions(&b, m.Global)
	b.WriteString("## Environment\n\nAn option with a variable takes its value from there when it is not given.\n\n")
	markdownTable(&b, "variable", m.Variables)
	b.WriteString("## Exit codes\n\n")
	markdownTable(&b, "code", m.ExitCodes)
	return strings.TrimSuffix(b.String(), "\n")
}

func markdownText(b *strings.Builder, description string) {
	for _, piece := range blocks(description) {
		text := piece.text
		if piece.code {
			text = "    " + strings.ReplaceAll(text, "\n", "\n    ")
		}
		fmt.Fprintf(b, "%s\n\n", text)
	}
}

func markdownOptions(b *strings.Builder, list []Option) {
	rows := make([]Entry, 0, len(list))
	for _, o := range list {
		form := "`" + strings.TrimSpace(strings.Join(o.Names, "`, `")+" "+o.Value) + "`"
		rows = append(rows, Entry{form, o.Text()})
	}
	if len(rows) > 0 {
		markdownTable(b, "option", rows)
	}
}

func markdownTable(b *strings.Builder, head string, rows []Entry) {
	fmt.Fprintf(b, "| %s | meaning |\n| --- | --- |\n", head)
	for _, r := range rows {
		fmt.Fprintf(b, "| %s | %s |\n", strings.ReplaceAll(r.Term, "|", `\|`), cell.Replace(r.Text))
	}
	b.WriteString("\n")
}

// cell is what Markdown would take for markup in a table.
var cell = strings.NewReplacer("|", `\|`, "<", `\<`, "*", `\*`)
