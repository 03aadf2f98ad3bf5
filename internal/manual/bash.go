package manual

import (
	"fmt"
	"strings"
)

// bashScript needs nothing of the package bash-completion, so that it can also be
// sourced by hand, and nothing newer than bash 3.2, which macOS has: where there is no
// compopt, file names are only less pretty. bash may cut --option=value into three
// words.
const bashScript = `# bash completion for NAME. Made by: NAME generate bash

_opam_cargo() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' options='' offer='' i
  local -a how
  local IFS=$' \t\n'
  COMPREPLY=()
  if [ "$cur" = = ]; then
    cur=''
  elif [ "$prev" = = ]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      GLOBAL-VALUED) ((i++)); [ "${COMP_WORDS[i]}" != = ] || ((i++)) ;;
      -*) ;;
      *) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
    '') options='GLOBAL-OPTIONS' offer='commands' ;;
    help) offer='commands' ;;
COMMAND-CASES  esac
  case $prev in
VALUE-CASES    *) case $cur in -*) offer='options' ;; esac ;;
  esac
  case $offer in
    directories) how=(-d) ;;
    files) how=(-f) ;;
    programs) how=(-c) ;;
    options) how=(-W "$options") ;;
    commands) how=(-W 'COMMANDS help') ;;
    when) how=(-W 'WHENS') ;;
    *) return ;;
  esac
  case $offer in
    directories | files | programs) compopt -o filenames 2>/dev/null; IFS=$'\n' ;;
  esac
  COMPREPLY=($(compgen "${how[@]}" -- "$cur"))
}

complete -F _opam_cargo NAME
`

// Bash is the completion for bash.
func (m *Manual) Bash() string {
	commands := make([]string, 0, len(m.Commands))
	var commandCases, valueCases strings.Builder
	for _, c := range m.Commands {
		commands = append(commands, c.Name)
		fmt.Fprintf(&commandCases, "    %s) options='%s' offer='%s' ;;\n", c.Name, bashNames(c.all()), kindOf(c.Args))
	}
	for _, k := range []kind{directory, file, program, when, other} {
		if list := m.valuedOf(k); len(list) > 0 {
			fmt.Fprintf(&valueCases, "    %s) offer='%s' ;;\n", strings.Join(list, "|"), k)
		}
	}
	return strings.NewReplacer(
		"NAME", m.Name, "GLOBAL-VALUED", strings.Join(valued(m.Global), "|"), "GLOBAL-OPTIONS", bashNames(m.Global),
		"COMMAND-CASES", commandCases.String(), "VALUE-CASES", valueCases.String(),
		"COMMANDS", strings.Join(commands, " "), "WHENS", whens,
	).Replace(bashScript)
}

func bashNames(list []Option) string {
	var names []string
	for _, o := range withHelp(list) {
		names = append(names, o.Names...)
	}
	return strings.Join(names, " ")
}
