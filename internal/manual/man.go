package manual

import (
	"fmt"
	"strings"
)

// Man is the man page, for the version given. It has no date, so that it is the same
// whenever it is made.
func (m *Manual) Man(version string) string {
	var b strings.Builder
	name := roff(m.Name)
	fmt.Fprintf(&b, ".\\\" Made by: %s generate man\n", m.Name)
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"%s %s\" \"User Commands\"\n", strings.ToUpper(name), name, roff(version))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", name, roff(m.Usage))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n\\fB%s\\fR [\\fIglobal options\\fR] \\fIcommand\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]\n", name)
	fmt.Fprintf(&b, ".PP\n\\fB%s\\fR ...\n", roff(strings.Replace(m.Name, "-", " ", 1)))
	b.WriteString(".SH DESCRIPTION\n")
	manText(&b, m.Description)
	b.WriteString(".SH COMMANDS\n")
	for _, c := range m.Commands {
		fmt.Fprintf(&b, ".SS %s\n\\fB%s %s\\fR [\\fIoptions\\fR]", roff(c.Name), name, roff(c.Name))
		if c.Args != "" {
			fmt.Fprintf(&b, " %s", roff(c.Args))
		}
		fmt.Fprintf(&b, "\n.PP\n%s\n", roff(sentence(c.Usage)))
		if c.Description != "" {
			b.WriteString(".PP\n")
			manText(&b, c.Description)
		}
		manOptions(&b, c.Options)
		fmt.Fprintf(&b, ".PP\nCommon options: %s.\n", roff(names(c.Common)))
	}
	b.WriteString(".SH COMMON OPTIONS\nEach command takes those that it names above.\n")
	manOptions(&b, m.Common)
	b.WriteString(".SH GLOBAL OPTIONS\nThey may stand before the command.\n")
	manOptions(&b, m.Global)
	b.WriteString(".SH ENVIRONMENT\nAn option with a variable takes its value from there when it is not given.\n")
	manEntries(&b, m.Variables)
	b.WriteString(".SH EXIT STATUS\n")
	manEntries(&b, m.ExitCodes)
	b.WriteString(".SH SEE ALSO\n\\fBopam\\fR(1), \\fBcargo\\fR(1), \\fBdune\\fR(1)\n")
	return b.String()
}

func manText(b *strings.Builder, description string) {
	for i, piece := range blocks(description) {
		switch {
		case piece.code:
			fmt.Fprintf(b, ".PP\n.RS 4\n.nf\n%s\n.fi\n.RE\n", roff(piece.text))
		case i > 0:
			fmt.Fprintf(b, ".PP\n%s\n", roff(piece.text))
		default:
			fmt.Fprintf(b, "%s\n", roff(piece.text))
		}
	}
}

func manOptions(b *strings.Builder, list []Option) {
	for _, o := range list {
		forms := make([]string, 0, len(o.Names))
		for _, name := range o.Names {
			form := "\\fB" + roff(name) + "\\fR"
			if o.Value != "" {
				form += " \\fI" + roff(o.Value) + "\\fR"
			}
			forms = append(forms, form)
		}
		fmt.Fprintf(b, ".TP\n%s\n%s\n", strings.Join(forms, ", "), roff(o.Text()))
	}
}

func manEntries(b *strings.Builder, list []Entry) {
	for _, e := range list {
		fmt.Fprintf(b, ".TP\n\\fB%s\\fR\n%s\n", roff(e.Term), roff(e.Text))
	}
}

var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "\n.", "\n\\&.")

// roff is text in roff's notation: a line that begins with a dot is no request.
func roff(text string) string {
	return strings.TrimPrefix(roffEscapes.Replace("\n"+text), "\n")
}
