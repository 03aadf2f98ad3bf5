package opamfile

// Commands gives the commands of a field such as `install`, each as its
// arguments. Filters are ignored, %{...}% stays as it is, and a bare variable
// comes out in that form: make as %{make}%. An absent field has no commands, and
// an empty command is none.
func (f *File) Commands(field string) ([][]string, error) {
	value, ok := f.Field(field)
	if !ok {
		return nil, nil
	}
	var commands [][]string
	for _, v := range commandValues(unfiltered(value)) {
		command, err := f.command(field, unfiltered(v))
		if err != nil {
			return nil, err
		}
		if len(command) > 0 {
			commands = append(commands, command)
		}
	}
	return commands, nil
}

// commandValues gives the commands of a field's value: its elements if one of
// them is a list, else the value is one command itself.
func commandValues(value Value) []Value {
	if value.Kind == List {
		for _, v := range value.Args {
			if unfiltered(v).Kind == List {
				return value.Args
			}
		}
	}
	return []Value{value}
}

func (f *File) command(field string, v Value) ([]string, error) {
	args := []Value{v}
	if v.Kind == List {
		args = v.Args
	}
	var command []string
	for _, arg := range args {
		arg = unfiltered(arg)
		switch arg.Kind {
		case String:
			command = append(command, arg.Text)
		case Ident:
			command = append(command, "%{"+arg.Text+"}%")
		default:
			return nil, bad(f.Name, arg.Line, "an argument in `%s` is a string or a variable, not `%s`", field, arg)
		}
	}
	return command, nil
}

// unfiltered takes the filters off a value.
func unfiltered(v Value) Value {
	for v.Kind == Option {
		v = v.Args[0]
	}
	return v
}
