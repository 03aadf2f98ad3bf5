package link

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/archive"
)

// offer is the symbols that somebody may want, by the last of the names that a source
// would have: the symbol itself, or the name of a C++ function.
type offer map[string][]string

func offerOf(symbols []string) offer {
	o := offer{}
	for _, s := range symbols {
		key := s
		if names := archive.Source(s); len(names) > 0 {
			key = names[len(names)-1]
		} else {
			o[strings.TrimPrefix(s, "_")] = append(o[strings.TrimPrefix(s, "_")], s) // macOS
		}
		o[key] = append(o[key], s)
	}
	return o
}

// text finds the names of an offer in the text of sources: a name of C as a word, of C++
// where all its parts are words, and one that a macro or string pastes together of words
// that stand in one file.
type text struct {
	offer offer
	found map[string]bool
}

func newText(o offer) *text {
	return &text{offer: o, found: map[string]bool{}}
}

// add looks at a source.
func (t *text) add(src []byte) {
	t.look(src, bytes.Contains(src, []byte("##")) || bytes.Contains(src, []byte(`" ^`)) || bytes.Contains(src, []byte(`^ "`)))
}

// look looks at any file that holds names as they are, in which they may be pasted together.
func (t *text) look(src []byte, pastes bool) {
	var own map[string]bool
	if pastes {
		own = map[string]bool{}
	}
	for i := 0; i < len(src); {
		if !letter(src[i]) {
			i++
			continue
		}
		end := i + 1
		for end < len(src) && (letter(src[end]) || digit(src[end])) {
			end++
		}
		word := src[i:end]
		if symbols, ok := t.offer[string(word)]; ok {
			for _, s := range symbols {
				t.found[s] = true
			}
		}
		if pastes {
			own[string(word)] = true
		}
		i = end
		for i < len(src) && digit(src[i]) {
			i++
		}
	}
	if pastes {
		addNumbers(own, src)
		for name, symbols := range t.offer {
			if !t.found[symbols[0]] && pasted(name, own, 4) {
				for _, s := range symbols {
					t.found[s] = true
				}
			}
		}
	}
}

// addNumbers adds the numbers of a source: they are pasted too.
func addNumbers(words map[string]bool, src []byte) {
	for i := 0; i < len(src); i++ {
		if !digit(src[i]) || i > 0 && letter(src[i-1]) {
			continue
		}
		end := i
		for end < len(src) && (digit(src[end]) || letter(src[end])) {
			end++
		}
		words[string(src[i:end])] = true
		i = end
	}
}

// pasted tells whether a name is made of at most n words.
func pasted(name string, words map[string]bool, n int) bool {
	if n == 0 || name == "" {
		return name == ""
	}
	for end := len(name); end > 0; end-- {
		if words[name[:end]] && pasted(name[end:], words, n-1) {
			return true
		}
	}
	return false
}

func letter(c byte) bool { return c == '_' || c == '$' || c|32 >= 'a' && c|32 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// names are what was found, sorted.
func (t *text) names() []string {
	list := make([]string, 0, len(t.found))
	for s := range t.found {
		list = append(list, s)
	}
	sort.Strings(list)
	return list
}

// sourceEndings are those of files that name C symbols.
var sourceEndings = []string{
	".ml", ".mli", ".mll", ".mly", ".mlp", ".c", ".h", ".cc", ".cpp", ".cxx", ".C", ".hh", ".hpp", ".hxx", ".inc", ".def", ".m", ".mm", ".s", ".S", ".in",
}

// inTree looks at all sources of a directory that C stubs may be compiled from, and whose
// OCaml modules may have externals: what dune has built of them is not looked at, so that
// a first build and a later one want the same.
func (t *text) inTree(dir string) error {
	return filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && file != dir && (os.IsPermission(err) || os.IsNotExist(err)):
			return fs.SkipDir // nobody's source
		case err != nil:
			return err
		case d.IsDir() && file != dir && skipped(file, d.Name()):
			return fs.SkipDir
		case !d.Type().IsRegular() || !slices.ContainsFunc(sourceEndings, func(e string) bool { return strings.HasSuffix(d.Name(), e) }):
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > maxSource {
			return nil //nolint:nilerr // it is gone
		}
		src, err := os.ReadFile(file)
		if err == nil {
			t.add(src)
		}
		return nil //nolint:nilerr // what cannot be read is not compiled either
	})
}

const maxSource = 8 << 20

// skipped tells a directory below which nothing is compiled with the program by dune: hidden
// ones, build outputs, vendored crates.
func skipped(dir, name string) bool {
	if name[0] == '.' || name == "_build" || name == "_opam" || name == "node_modules" {
		return true
	}
	for _, mark := range []string{".cargo-checksum.json", "CACHEDIR.TAG", ".rustc_info.json"} {
		if _, err := os.Lstat(filepath.Join(dir, mark)); err == nil {
			return true
		}
	}
	return false
}
