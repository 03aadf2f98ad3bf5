package cargo

import (
	"errors"
	"regexp"
	"strings"
)

// This file reads the English of cargo and rustc: whatever they word in another way in
// another release is to be mended here, and nowhere else. words_test.go has what each
// function was seen to read, with the release. What is here explains a failure that
// cargo or rustc decided, or says what to try next; it never makes one.

// Words are what a failed cargo said.
func Words(err error) string {
	var f *Failure
	if errors.As(err, &f) {
		return strings.TrimSpace(f.Stderr)
	}
	return err.Error()
}

// NoNetwork tells whether err is a cargo that failed for want of the network.
func NoNetwork(err error) bool {
	var f *Failure
	return errors.As(err, &f) && networkWords.MatchString(f.Stderr)
}

var networkWords = regexp.MustCompile(`(?i)network failure|could ?n.t resolve|failed to resolve address|could not resolve|` +
	`couldn't connect|` +
	`failed to connect|timed out|timeout was reached|download of .* failed|failed to download|but --offline was specified|` +
	`spurious network error|offline was specified`)

// Unloadable finds the crate of a directory source that cargo cannot read: where, the
// directory of the source by its last names, and entry, the crate's in it.
func Unloadable(words string) (where, entry string, found bool) {
	m := unloadable.FindStringSubmatch(words)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

var unloadable = regexp.MustCompile("(?:failed to (?:parse|load|read) (?:the )?(?:manifest (?:at|for) )?`|--> )" +
	"[^`\n]*/(crates|sources/[0-9a-f]+|rust-crates)/([^/`\n]+)/(?:Cargo.toml(?:`|:[0-9])|.cargo-checksum.json`)")

// Obstacles are the crates that a refusal of the resolver names, those first that are
// likely to stand in the way: locked versions that do not do, crates that no version was
// found for, and the packages on the paths of requirements that it lists.
func Obstacles(words string) []string {
	var names []string
	for _, pattern := range []*regexp.Regexp{lockedTo, noVersion, onPath} {
		for _, m := range pattern.FindAllStringSubmatch(words, -1) {
			names = append(names, m[1])
		}
	}
	return names
}

var (
	lockedTo  = regexp.MustCompile("`([A-Za-z0-9_-]+)[^`]*`[^\n]* \\(locked to ")
	noVersion = regexp.MustCompile("failed to select a version for (?:the requirement )?`([A-Za-z0-9_-]+)")
	onPath    = regexp.MustCompile("package `([A-Za-z0-9_-]+) v")
)

// LockedInTheWay tells whether a refusal of the resolver is for a version of the lock.
func LockedInTheWay(words string) bool { return strings.Contains(words, "(locked to ") }

// NoCandidate tells whether a refusal is for a crate, or a version of it, that is in no
// source.
func NoCandidate(words string) bool {
	return strings.Contains(words, "no matching package") || strings.Contains(words, "candidate versions found")
}

// Needs is a crate that needs a newer rustc.
type Needs struct{ Name, Version, Rustc string }

// TooOld finds the crates whose rust-version is above the rustc that there is.
func TooOld(words string) []Needs {
	found := needsRustc.FindAllStringSubmatch(words, -1)
	list := make([]Needs, 0, len(found))
	for _, m := range found {
		list = append(list, Needs{m[1] + m[4], m[2] + m[5], m[3] + m[6]}) // one of two forms
	}
	return list
}

var needsRustc = regexp.MustCompile("package `([^ `]+) v([^ `]+)[^`]*` cannot be built because it requires rustc ([0-9.]+)|" +
	"(?m)^ +([^@ ]+)@([^ ]+) requires rustc ([0-9.]+)")

// FailedPackage finds the package that did not compile, or whose build script failed;
// dir is a path crate's directory.
func FailedPackage(words string) (name, version, dir string, found bool) {
	m := failedPackage.FindStringSubmatch(words)
	if m == nil {
		return "", "", "", false
	}
	return m[1], m[2], m[3], true
}

var failedPackage = regexp.MustCompile("error: (?:failed to run custom build command for|could not compile) " +
	"`([^ `]+) v([^ `]+)(?: \\(([^)]+)\\))?`")

// TwoAllocators finds the two libraries that set the global allocator, in an error of
// rustc's.
func TwoAllocators(text string) (a, b string, found bool) {
	m := twoAllocators.FindStringSubmatch(text)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

var twoAllocators = regexp.MustCompile("the `#\\[global_allocator\\]` in ([A-Za-z0-9_]+) " +
	"conflicts with global allocator in: ([A-Za-z0-9_]+)")

// TwoPanicHandlers finds the libraries that have a panic handler, in an error of rustc's,
// those of std and of the crate that is compiled among them.
func TwoPanicHandlers(text string) (libs []string, found bool) {
	if !twoLangItems.MatchString(text) {
		return nil, false
	}
	for _, m := range crateOfMessage.FindAllStringSubmatch(text, -1) {
		libs = append(libs, m[1])
	}
	return libs, true
}

var (
	twoLangItems   = regexp.MustCompile("duplicate lang item.*`panic_impl`")
	crateOfMessage = regexp.MustCompile("crate `([A-Za-z0-9_]+)`")
)

// NativeLibs reads the linker arguments that rustc notes for a static library. note tells
// whether the message is such a note, or belongs to one in older releases.
func NativeLibs(message string) (libs []string, note bool) {
	if text, ok := strings.CutPrefix(message, "native-static-libs: "); ok {
		return strings.Fields(text), true
	}
	return nil, strings.HasPrefix(strings.ToLower(message), "link against the following native artifacts")
}

// RenameSources puts what rename says of a tree in place of rust-bindings/TREE, the name
// under which its files are compiled, where a rendered diagnostic points into them; empty
// leaves it as it is.
func RenameSources(rendered string, rename func(tree string) string) string {
	return spanArrow.ReplaceAllStringFunc(rendered, func(m string) string {
		parts := spanArrow.FindStringSubmatch(m)
		if to := rename(parts[3]); to != "" {
			return parts[1] + parts[2] + to + "/"
		}
		return m
	})
}

var spanArrow = regexp.MustCompile(`(--> |::: )(\x1b\[[0-9;]*m)?rust-bindings/([^/\s]+)/`)

// Progress tells whether a line of cargo's says only how far it got.
func Progress(line string) bool { return progress.MatchString(line) }

var progress = regexp.MustCompile(`^(\x1b\[[0-9;]*m)*\s+(\x1b\[[0-9;]*m)*` +
	`(Compiling|Finished|Fresh|Building|Updating|Locking|Blocking|Adding|Downloading|Downloaded)(\x1b\[[0-9;]*m)* `)

// Blocked finds the lock that a cargo waits for, as another one has it.
func Blocked(line string) (lock string, found bool) {
	m := blocking.FindStringSubmatch(line)
	if m == nil {
		return "", false
	}
	return m[1], true
}

var blocking = regexp.MustCompile(`^(?:\x1b\[[0-9;]*m)*\s+(?:\x1b\[[0-9;]*m)*Blocking(?:\x1b\[[0-9;]*m)* waiting for file lock on ([^\n]+)`)

// CannotMerge tells rustc's error where link-time optimisation meets two definitions of one
// symbol, which it does not name. Seen in 1.95.
func CannotMerge(text string) bool { return strings.Contains(text, "failed to load bitcode of module") }
