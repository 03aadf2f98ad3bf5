package manual

import (
	"fmt"
	"strings"
)

// Bash is the completion for bash. It needs nothing of the package bash-completion,
// so that it can also be sourced by hand, and runs in bash 3.2, which macOS has.
func (m *Manual) Bash() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# bash completion for %s. Made by: %s generate bash\n", m.Name, m.Name)
	b.WriteString(`
_opam_cargo() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' options='' arguments='' word i
  COMPREPLY=()
  # bash may cut --option=value into three words
  if [ "$cur" = = ]; then
    cur=''
  elif [ "$prev" = = ]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
`)
	fmt.Fprintf(&b, "      %s) ((i++)); [ \"${COMP_WORDS[i]}\" != = ] || ((i++)) ;;\n", strings.Join(valued(m.Global), "|"))
	b.WriteString(`      -*) ;;
      *) command=$word; break ;;
    esac
  done
  case $command in
`)
	fmt.Fprintf(&b, "    '') options='%s' arguments='commands' ;;\n", bashNames(m.Global))
	for _, c := range m.Commands {
		fmt.Fprintf(&b, "    %s) options='%s' arguments='%s' ;;\n", c.Name, bashNames(c.all()), kindOf(c.Args))
	}
	b.WriteString(`    help) arguments='commands' ;;
  esac
  case $prev in
`)
	for _, kind := range []kind{directory, file, program, when, other} {
		if list := m.valuedOf(kind); len(list) > 0 {
			fmt.Fprintf(&b, "    %s) arguments='%s' ;;\n", strings.Join(list, "|"), kind)
		}
	}
	b.WriteString(`    *) case $cur in -*) arguments='options' ;; esac ;;
  esac
  local IFS=$'\n'
  case $arguments in
    options) IFS=$' \n'; COMPREPLY=($(compgen -W "$options" -- "$cur")) ;;
`)
	var names []string
	for _, c := range m.Commands {
		names = append(names, c.Name)
	}
	fmt.Fprintf(&b, "    commands) IFS=$' \\n'; COMPREPLY=($(compgen -W '%s help' -- \"$cur\")) ;;\n", strings.Join(names, " "))
	fmt.Fprintf(&b, "    %s) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"$cur\")) ;;\n", directory)
	fmt.Fprintf(&b, "    %s) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n", file)
	fmt.Fprintf(&b, "    %s) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -c -- \"$cur\")) ;;\n", program)
	fmt.Fprintf(&b, "    %s) IFS=$' \\n'; COMPREPLY=($(compgen -W '%s' -- \"$cur\")) ;;\n", when, whens)
	b.WriteString("  esac\n}\n\n")
	fmt.Fprintf(&b, "complete -F _opam_cargo %s\n", m.Name)
	return b.String()
}

func bashNames(list []Option) string {
	var names []string
	for _, o := range withHelp(list) {
		names = append(names, o.Names...)
	}
	return strings.Join(names, " ")
}
