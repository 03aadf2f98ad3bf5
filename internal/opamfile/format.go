package opamfile

import (
	"strconv"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// checkFormat refuses what opam refuses: from format 2.1 on, `opam-version` is
// the first field and given once.
func checkFormat(f *File) error {
	if len(f.Items) == 0 {
		return nil
	}
	header, ok := formatOf(f.Items[0])
	strict := ok && !header.less(2, 1)
	for _, item := range f.Items[1:] {
		format, ok := formatOf(item)
		switch {
		case !ok:
		case strict:
			return bad(f.Name, item.Line, "opam-version is given twice")
		case !format.less(2, 1):
			return bad(f.Name, item.Line, "opam-version must be the first field")
		}
	}
	return nil
}

// bad is a problem of an opam file.
func bad(name string, line int, format string, args ...any) *problem.Error {
	return problem.New(problem.Input, format, args...).At(name, line).Hint("opam's own word on it: opam lint %s", name)
}

// format is the version of the file format, without the patch level.
type format struct{ major, minor int }

func (f format) less(major, minor int) bool {
	return f.major < major || f.major == major && f.minor < minor
}

// formatOf reads an opam-version field. What is no version counts as 0.0.
func formatOf(item Item) (format, bool) {
	if item.Field != "opam-version" || item.Value.Kind != String {
		return format{}, false
	}
	major, rest, _ := strings.Cut(item.Value.Text, ".")
	minor := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	a, err1 := strconv.Atoi(major)
	b, err2 := strconv.Atoi(minor)
	if err1 != nil || err2 != nil {
		return format{}, true
	}
	return format{a, b}, true
}
