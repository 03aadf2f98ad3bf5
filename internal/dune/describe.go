package dune

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Library is an OCaml library as dune sees it.
type Library struct {
	Name     string   // its public name, if it has one
	Alias    string   // its name in its own project, where that differs
	Requires []string // names of libraries
	Dir      string   // of its sources, or where it is installed
}

// entering is what dune says of the workspace's root where it is above the directory.
var entering = regexp.MustCompile(`Entering directory '([^']*)'`)

// Describe asks dune for the libraries that the workspace around dir sees, and what each
// requires: those of the workspace, and the installed ones that they use. It fails where
// there is no dune, another one builds, or a library is missing.
func Describe(ctx context.Context, dir string) ([]Library, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "dune", "describe")
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	if m := entering.FindStringSubmatch(stderr.String()); m != nil {
		dir = m[1]
	}
	return readDescription(stdout.Bytes(), dir)
}

func readDescription(text []byte, root string) ([]Library, error) {
	top, err := Parse(text)
	if err != nil || len(top) == 0 {
		return nil, err
	}
	var list []Library
	names := map[string]string{} // of the uids
	for _, n := range top[0].List {
		if n.Name() != "library" || len(n.Args()) != 1 {
			continue
		}
		// The fields of a record are the elements of one list.
		fields := Node{IsList: true, List: append([]Node{{Atom: "library"}}, n.Args()[0].List...)}
		lib := Library{Name: strings.Join(fields.FieldWords("name"), ""), Dir: strings.Join(fields.FieldWords("source_dir"), "")}
		if requires, ok := fields.Field("requires"); ok && len(requires.Args()) == 1 {
			for _, uid := range requires.Args()[0].List {
				lib.Requires = append(lib.Requires, uid.Atom)
			}
		}
		if !filepath.IsAbs(lib.Dir) { // _build/default/src stands for src
			if parts := strings.SplitN(filepath.ToSlash(lib.Dir), "/", 3); parts[0] == "_build" {
				lib.Dir = strings.Join(parts[min(2, len(parts)):], "/")
			}
			lib.Dir = filepath.Join(root, lib.Dir)
		}
		names[strings.Join(fields.FieldWords("uid"), "")] = lib.Name
		list = append(list, lib)
	}
	for _, lib := range list {
		for i, uid := range lib.Requires {
			lib.Requires[i] = names[uid]
		}
	}
	return list, nil
}
