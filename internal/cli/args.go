package cli

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// arrange puts a command line into the order that the library reads: flags before
// arguments, wherever they were written, and the command help in place of --help.
// After a -- all are arguments.
func arrange(c *cli.App, args []string) []string {
	global, rest, help := flagsFirst(c.Flags, args[1:], true)
	if len(rest) == 0 {
		if help {
			rest = []string{"help"}
		}
		return append(append(args[:1:1], global...), rest...)
	}
	var own []cli.Flag
	if command := c.Command(rest[0]); command != nil {
		own = command.Flags
	}
	flags, arguments, helpOf := flagsFirst(own, rest[1:], false)
	if help || helpOf {
		return append(append(args[:1:1], global...), "help", rest[0])
	}
	line := append(append(append(args[:1:1], global...), rest[0]), flags...)
	if len(arguments) > 0 {
		line = append(line, "--")
	}
	return append(line, arguments...)
}

// flagsFirst splits args into flags, with their values, and arguments; with toFirst it
// stops before the first argument. A glued value of a short flag (-j4) is cut off.
func flagsFirst(known []cli.Flag, args []string, toFirst bool) (flags, arguments []string, help bool) {
	valued := map[string]bool{}
	for _, f := range known {
		doc, ok := f.(cli.DocGenerationFlag)
		for _, name := range f.Names() {
			valued[name] = ok && doc.TakesValue()
		}
	}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, _, has := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch {
		case arg == "--":
			return flags, append(arguments, args[i+1:]...), help
		case arg == "--help" || arg == "-h":
			help = true
		case len(arg) < 2 || arg[0] != '-':
			if toFirst {
				return flags, args[i:], help
			}
			arguments = append(arguments, arg)
		case valued[name] && !has && i+1 == len(args):
			return append(flags, arg), nil, help // its value is missing: the library says so
		case valued[name] && !has:
			flags = append(flags, arg, args[i+1])
			i++
		case arg[1] != '-' && len(name) > 1 && valued[name[:1]] && !isKnown(valued, name):
			flags = append(flags, arg[:2], arg[2:])
		default:
			flags = append(flags, arg)
		}
	}
	return flags, arguments, help
}

func isKnown(names map[string]bool, name string) bool {
	_, ok := names[name]
	return ok
}
