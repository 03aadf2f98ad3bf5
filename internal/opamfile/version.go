package opamfile

import (
	"cmp"
	"strings"
)

const digits = "0123456789"

// compareVersions orders versions as opam and Debian do: parts without digits
// and numbers take turns. Among the former `~` comes before the end of the
// version, then letters, then the rest.
func compareVersions(a, b string) int {
	for a != "" || b != "" {
		wordA, wordB := a[:wordLen(a)], b[:wordLen(b)]
		if c := compareWords(wordA, wordB); c != 0 {
			return c
		}
		a, b = a[len(wordA):], b[len(wordB):]
		numberA, numberB := a[:numberLen(a)], b[:numberLen(b)]
		if c := compareNumbers(numberA, numberB); c != 0 {
			return c
		}
		a, b = a[len(numberA):], b[len(numberB):]
	}
	return 0
}

func wordLen(s string) int {
	if i := strings.IndexAny(s, digits); i >= 0 {
		return i
	}
	return len(s)
}

func numberLen(s string) int { return len(s) - len(strings.TrimLeft(s, digits)) }

func compareWords(a, b string) int {
	for i := 0; i < max(len(a), len(b)); i++ {
		if c := cmp.Compare(weight(a, i), weight(b, i)); c != 0 {
			return c
		}
	}
	return 0
}

func weight(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	c := s[i]
	switch {
	case c == '~':
		return -1
	case 'a' <= c|0x20 && c|0x20 <= 'z':
		return int(c)
	}
	return int(c) + 256
}

// compareNumbers compares numbers of any length, an empty one as zero.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
