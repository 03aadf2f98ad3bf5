package manual

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// What troff would take for its own arrives as it was written.
func TestManEscapes(t *testing.T) {
	const text = ".gitignore begins a line\n'quoted' and `so` too, back\\slash, ~/x^2, --dash\n  .code{it's}"
	m := Of(&cli.App{Name: "tool", Usage: "do it", Description: text, Commands: []*cli.Command{
		{Name: "run", Usage: "run", Description: ".first", Flags: []cli.Flag{&cli.StringFlag{Name: "dir", Usage: ".a `DIR`"}}},
		{Name: "secret", Usage: "not told", Hidden: true},
	}})
	cmd := exec.Command("groff", "-man", "-ww", "-Tascii", "-P-cbou")
	cmd.Stdin = strings.NewReader(m.Man("1.0"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("groff: %v\n%s", err, out)
	}
	page := strings.Join(strings.Fields(string(out)), " ")
	for _, want := range []string{
		".gitignore begins a line 'quoted' and `so` too, back\\slash, ~/x^2, --dash .code{it's}", "tool run [options] Run. .first --dir DIR .a DIR", "tool 1.0",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q:\n%s", want, out)
		}
	}
	if strings.Contains(page, "not told") || strings.Contains(page, "warning") {
		t.Errorf("the page has what it should not:\n%s", out)
	}
}

// Options that three commands share are told once.
func TestCommon(t *testing.T) {
	shared := &cli.BoolFlag{Name: "shared", Usage: "of all"}
	var commands []*cli.Command
	for _, name := range []string{"a", "b", "c"} {
		commands = append(commands, &cli.Command{Name: name, Usage: name, Flags: []cli.Flag{shared, &cli.BoolFlag{Name: "only-" + name, Usage: "of one"}}})
	}
	page := Of(&cli.App{Name: "tool", Usage: "do it", Commands: commands}).Reference()
	if strings.Count(page, "| of all |") != 1 || strings.Count(page, "| of one |") != 3 || strings.Count(page, "Common options: `--shared`.") != 3 {
		t.Errorf("the options of one and of all are told wrongly:\n%s", page)
	}
}
