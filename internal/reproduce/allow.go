package reproduce

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/internal/order"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/record"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// This file says what a record may decide of a build. A record is data: it may choose how
// code is generated, and nothing that could make cargo, the compiler or the linker run a
// program, or read or write a file, of the record's choosing. What is not known to be of
// that kind is refused.

var yesOrNo = regexp.MustCompile(`^(y|yes|on|true|n|no|off|false)$`)

// codegen are the options of -C that only choose how code is generated, with their values.
var codegen = map[string]*regexp.Regexp{
	"opt-level":               regexp.MustCompile(`^[0-3sz]$`),
	"target-cpu":              regexp.MustCompile(`^[A-Za-z0-9_.-]+$`),
	"target-feature":          regexp.MustCompile(`^[+-][A-Za-z0-9_.-]+(,[+-][A-Za-z0-9_.-]+)*$`),
	"codegen-units":           regexp.MustCompile(`^[0-9]{1,5}$`),
	"panic":                   regexp.MustCompile(`^(abort|unwind)$`),
	"debuginfo":               regexp.MustCompile(`^([0-2]|none|limited|full|line-directives-only|line-tables-only)$`),
	"strip":                   regexp.MustCompile(`^(none|debuginfo|symbols)$`),
	"lto":                     regexp.MustCompile(`^(y|yes|on|true|n|no|off|false|thin|fat)$`),
	"embed-bitcode":           yesOrNo,
	"overflow-checks":         yesOrNo,
	"debug-assertions":        yesOrNo,
	"force-frame-pointers":    yesOrNo,
	"force-unwind-tables":     yesOrNo,
	"relocation-model":        regexp.MustCompile(`^[a-z-]+$`),
	"code-model":              regexp.MustCompile(`^[a-z]+$`),
	"symbol-mangling-version": regexp.MustCompile(`^(v0|legacy)$`),
}

var (
	isCfg  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(="[A-Za-z0-9_.+-]*")?$`)
	isLint = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_:-]*$`)
)

// refusedFlags are the flags that a record may not give rustc, in cargo's spelling of a
// list: words between spaces.
func refusedFlags(flags string) (refused []string) {
	var words []string
	for _, word := range strings.Split(flags, " ") {
		if word != "" {
			words = append(words, word)
		}
	}
	for i := 0; i < len(words); i++ {
		word := words[i]
		option, value, joined := "", "", true
		switch {
		case word == "-g", word == "-O":
			continue
		case strings.HasPrefix(word, "--"):
			option, value, joined = strings.Cut(word, "=")
		case len(word) > 1 && word[0] == '-':
			option, value, joined = word[:2], word[2:], len(word) > 2
		}
		if option != "" && !joined && i+1 < len(words) {
			i++
			value = words[i]
			word += " " + value
		}
		if !mayFlag(option, value) {
			refused = append(refused, word)
		}
	}
	return refused
}

func mayFlag(option, value string) bool {
	switch option {
	case "-C", "--codegen":
		name, chosen, given := strings.Cut(value, "=")
		pattern := codegen[strings.ReplaceAll(name, "_", "-")]
		return pattern != nil && (pattern.MatchString(chosen) || !given && pattern == yesOrNo)
	case "--cfg":
		return isCfg.MatchString(value)
	case "-A", "-W", "-D", "-F", "--cap-lints":
		return isLint.MatchString(value)
	}
	return false
}

// ofProfile are the keys of a profile that a record's settings may have; those below are
// tables of such keys again.
var ofProfile = map[string]bool{
	"opt-level": true, "debug": true, "strip": true, "debug-assertions": true, "overflow-checks": true, "lto": true, "panic": true,
	"incremental": true, "codegen-units": true, "rpath": true, "inherits": true, "split-debuginfo": true,
}

// refusedSettings are the keys that a record's settings may not have.
func refusedSettings(text string) ([]string, error) {
	var settings map[string]any
	if err := toml.Unmarshal([]byte(text), &settings); err != nil {
		return nil, fmt.Errorf("settings is no TOML: %w", err)
	}
	var refused []string
	for _, key := range order.Keys(settings) {
		table, isTable := settings[key].(map[string]any)
		if !isTable {
			refused = append(refused, key)
			continue
		}
		for _, name := range order.Keys(table) {
			below, isTable := table[name].(map[string]any)
			at := key + "." + name
			switch {
			case key == "bindings", key == "allow": // the tool's own, which reads what it knows
			case isTable && key == "profile":
				refused = append(refused, refusedOfProfile(at, below, 0)...)
			case isTable && key == "patch":
				refused = append(refused, refusedPatches(at, below)...)
			default:
				refused = append(refused, at)
			}
		}
	}
	return refused, nil
}

func refusedOfProfile(at string, profile map[string]any, depth int) (refused []string) {
	for _, key := range order.Keys(profile) {
		below, isTable := profile[key].(map[string]any)
		switch {
		case isTable && depth == 0 && key == "build-override":
			refused = append(refused, refusedOfProfile(at+"."+key, below, 2)...)
		case isTable && depth == 0 && key == "package":
			refused = append(refused, refusedOfProfile(at+"."+key, below, 1)...)
		case isTable && depth == 1: // a package of any name
			refused = append(refused, refusedOfProfile(at+"."+key, below, 2)...)
		case isTable || depth == 1 || !ofProfile[key]:
			refused = append(refused, at+"."+key)
		}
	}
	return refused
}

// refusedPatches are the patches with anything but a directory of the sources, or a
// repository that has an address in the network.
func refusedPatches(at string, patches map[string]any) (refused []string) {
	for _, crate := range order.Keys(patches) {
		spec, isTable := patches[crate].(map[string]any)
		if !isTable {
			refused = append(refused, at+"."+crate)
			continue
		}
		for _, key := range order.Keys(spec) {
			dir, isText := spec[key].(string)
			switch key {
			case "package", "version":
			case "git", "branch", "tag", "rev":
				if !isText || key == "git" && !strings.HasPrefix(dir, "https://") {
					refused = append(refused, at+"."+crate+"."+key)
				}
			case "path":
				if !isText || path.IsAbs(dir) || tree.Outside(path.Join("rust-bindings", dir)) {
					refused = append(refused, at+"."+crate+"."+key)
				}
			default:
				refused = append(refused, at+"."+crate+"."+key)
			}
		}
	}
	return refused
}

// allowed tells whether a record asks for data only; what it may not ask for is one problem
// each, with its name.
func allowed(rec *record.Record, file string) error {
	var problems []error
	refuse := func(what string) {
		problems = append(problems, problem.New(problem.Input, "the record asks for %s, which could run a command; it is not built from", what).At(file, 0).
			Hint("look at the record, and if its build is to be trusted, build with these options yourself: opam-cargo build"))
	}
	for _, flag := range refusedFlags(rec.Rustflags) {
		refuse("the rustc flag " + flag)
	}
	keys, err := refusedSettings(rec.Settings)
	if err != nil {
		return problem.New(problem.Input, "the record is damaged: %w", err).At(file, 0).
			Hint("make it anew: opam-cargo build, or opam reinstall the package")
	}
	for _, key := range keys {
		refuse("the setting " + key)
	}
	return errors.Join(problems...)
}
