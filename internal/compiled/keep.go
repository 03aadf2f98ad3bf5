package compiled

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// Left is what a build leaves of its compiled crates to be kept: a file in W/out.
type Left struct {
	Set     Set      `json:"set"`
	Store   string   `json:"store"`   // the directory of the crates' sources
	Target  string   `json:"target"`  // cargo's directory of the profile
	Without []string `json:"without"` // packages and libraries that are the program's own
}

// Write writes it.
func (l Left) Write(file string) error {
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	return tree.WriteIfChanged(file, text, false)
}

// Touched is one of the crates whose sources in the store are not as install-crate
// unpacked them; empty where all are.
func Touched(store string, crates map[string]string) string {
	for id := range crates {
		if !crate.Untouched(filepath.Join(store, id)) {
			return id
		}
	}
	return ""
}

// Keep keeps in the switch what the build that left file compiled of the registry crates.
// It returns the size of what is new, in bytes; 0 where nothing is, or where the build did
// not use the switch's own crates.
func Keep(file, prefix string) (int64, error) {
	src, err := tree.Read(file, tree.MostOfList)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var l Left
	err = json.Unmarshal(src, &l)
	if _, own := tree.Below(filepath.Dir(filepath.Dir(file)), l.Target); err == nil && !own {
		err = fmt.Errorf("%s is not this workspace's", l.Target)
	}
	if err == nil {
		err = l.Set.check()
	}
	if err != nil {
		return 0, problem.New(problem.Input, "what the build left is damaged: %w", err).At(file, 0).Hint("build again: opam-cargo build")
	}
	if l.Store != crate.Store(prefix) || Touched(l.Store, l.Set.Crates) != "" {
		return 0, nil
	}
	size, err := Save(Dir(prefix), l.Set, l.Target, l.Without)
	if err != nil {
		return 0, problem.New(problem.Input, "cannot keep the compiled crates: %w", err).At(Dir(prefix), 0).
			Hint("make room, or take --compiled out of the install: field of the package")
	}
	return size, nil
}
