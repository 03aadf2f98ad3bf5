package opamfile

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

// The words of the random files.
var (
	atoms  = []string{"a", "b:c", "a+b", "-5", "1_0", "true", `"s"`, `""`, `"""t"""`, `"\065"`, "\"\\\n  z\"", "\"\r\n\""}
	relops = []string{"=", "!=", "<", "<=", ">", ">=", "~"}
	envops = []string{"+=", "=+", ":=", "=:", "=+="}
	noise  = []string{
		"_", "__", "5", "5-", "-", `"""`, "[", "]", "(", ")", "{", "}", ":", "!", "?", "&", "|", "+", "(*", "*)", "# c\n",
		"\nx: ", "\ny {", "\ny \"n\" {",
	}
	spaces = []string{"", " ", " ", " ", "\n", "\r\n", "\t"}
)

// writer writes random values, mostly well formed.
type writer struct {
	*rand.Rand
	strings.Builder
}

func (w *writer) word(list ...string) {
	if w.Intn(40) == 0 {
		list = noise
	}
	w.WriteString(list[w.Intn(len(list))])
	w.WriteString(spaces[w.Intn(len(spaces))])
}

func (w *writer) value(depth int) {
	if depth == 0 {
		w.word(atoms...)
		return
	}
	switch depth--; w.Intn(9) {
	case 0:
		w.bracket("[", depth, "]")
	case 1:
		w.bracket("(", depth, ")")
	case 2:
		w.value(depth)
		w.bracket("{", depth, "}")
	case 3, 4:
		w.value(depth)
		w.word("&", "|")
		w.value(depth)
	case 5:
		w.word("!", "?")
		w.value(depth)
	case 6:
		w.word(relops...)
		w.word(atoms...)
	case 7:
		w.word(atoms...)
		w.word(append(envops, relops...)...)
		w.word(atoms...)
	default:
		w.word(atoms...)
	}
}

func (w *writer) bracket(open string, depth int, closing string) {
	w.word(open)
	for n := w.Intn(4); n > 0; n-- {
		w.value(depth)
	}
	w.word(closing)
}

func (w *writer) item(depth int) {
	if depth > 0 && w.Intn(4) == 0 {
		w.word("y {", `y "n" {`)
		for n := w.Intn(3); n > 0; n-- {
			w.item(depth - 1)
		}
		w.word("}\n")
		return
	}
	w.word("x: ")
	w.value(4)
	w.WriteString("\n")
}

// Random files, some malformed, are taken or refused as opam does.
func TestOracleRandom(t *testing.T) {
	const count, seed = 20_000, 1
	random := rand.New(rand.NewSource(seed))
	var sources []source
	for i := 0; i < count; i++ {
		w := &writer{Rand: random}
		for n := 1 + w.Intn(3); n > 0; n-- {
			w.item(2)
		}
		sources = append(sources, source{fmt.Sprintf("random %d", i), []byte(w.String())})
	}
	bothRefuse := compareWithOracle(t, sources)
	t.Logf("%d files agree, %d of them refused by both", count, bothRefuse)
}
