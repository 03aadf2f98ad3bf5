package problem

import (
	"os/exec"
	"testing"
)

// TestWord lets a shell read the words.
func TestWord(t *testing.T) {
	for _, text := range []string{"", "a/b.c", "~", "~root/x", "1.0~beta", "two words", "it's", "$HOME", "*", "a;b", "#", "-x", "a\nb", `\`, "é"} {
		out, err := exec.Command("sh", "-c", "printf %s "+Word(text)).Output()
		if err != nil || string(out) != text {
			t.Errorf("%q is the word %s, which sh reads as %q, %v", text, Word(text), out, err)
		}
	}
	if Word("1.0~beta") != "1.0~beta" {
		t.Error("a word that needs no quotes has some")
	}
}
