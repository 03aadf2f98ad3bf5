package wrapper

import (
	"path/filepath"
	"strings"
)

// rustc is what rustc, run in cwd, gets. Questions about the compiler itself
// (no --crate-name) stay as they are: cargo keeps their answers.
func (r Remap) rustc(args []string, cwd string) []string {
	compile, capped, source := false, false, ""
	for i, a := range args {
		switch {
		case a == "--crate-name":
			compile = true
		case strings.HasPrefix(a, "--cap-lints"):
			capped = true
		case strings.HasSuffix(a, ".rs") && (i == 0 || !strings.HasPrefix(args[i-1], "-") || strings.HasPrefix(args[i-1], "--edition")):
			source = a
		}
	}
	if !compile || source == "" {
		return args
	}
	out := append([]string{}, args...)
	if !filepath.IsAbs(source) {
		source = filepath.Join(cwd, source)
	}
	if !capped && strings.HasPrefix(source, r.Capped+string(filepath.Separator)) {
		out = append(out, "--cap-lints=warn")
	}
	for _, dir := range r.Archives {
		if filepath.Dir(source) == filepath.Join(dir, "src") {
			out = append(out, "--print=native-static-libs")
		}
	}
	for _, n := range r.Names {
		out = append(out, "--remap-path-prefix="+n[0]+"="+n[1])
	}
	return out
}
