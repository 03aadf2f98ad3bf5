package tree

import (
	"os"
	"path/filepath"
	"strings"
)

// Escapes returns the links of list that are absolute or lead out of root, followed as
// the system follows them, through other links too: they would mean something else, or
// nothing, where the tree is installed. A link that leads nowhere inside of it does not.
func Escapes(root string, list []Entry) []Entry {
	var out []Entry
	for _, e := range list {
		if e.Link != "" && leaves(root, e.Path) {
			out = append(out, e)
		}
	}
	return out
}

// mostHops is how many links Linux follows on the way to one file.
const mostHops = 40

// leaves tells whether the way from root to name, with slashes, leads out of root at any
// step, or to an absolute path.
func leaves(root, name string) bool {
	todo := strings.Split(name, "/")
	var at []string
	for hops := 0; len(todo) > 0; {
		part := todo[0]
		todo = todo[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if len(at) == 0 {
				return true
			}
			at = at[:len(at)-1]
			continue
		}
		at = append(at, part)
		target, err := os.Readlink(filepath.Join(root, filepath.Join(at...)))
		if err != nil {
			continue // no link; or nothing is there, and the rest of the way is what it says
		}
		if hops++; hops > mostHops {
			return false // a circle: the system does not follow it either
		}
		if target = filepath.ToSlash(target); strings.HasPrefix(target, "/") {
			return true
		}
		at = at[:len(at)-1]
		todo = append(strings.Split(target, "/"), todo...)
	}
	return false
}
