package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/opam-cargo/opam-cargo/bindings"
	"github.com/opam-cargo/opam-cargo/internal/crate"
	"github.com/opam-cargo/opam-cargo/internal/dune"
	"github.com/opam-cargo/opam-cargo/internal/opamfile"
	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/toolchain"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// ExtraSources renders one opam extra-source for each registry crate of the sets:
// the address from the configuration of cargo's index, the sha256 from the lock.
// The crates are downloaded if cargo's cache has them not, so that cargo's index
// is there to say where they come from.
func ExtraSources(ctx context.Context, w toolchain.Wanted, sets []CrateSet) (string, error) {
	var b strings.Builder
	var problems []error
	for _, set := range sets {
		problems = append(problems, foreign(set.Lock, set.File))
		ids := registryCrates(set.Lock)
		files, err := download(ctx, w, set.File, ids)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		from := origins{}
		for _, id := range ids {
			url, err := from.url(ctx, files[id], id)
			if err != nil {
				problems = append(problems, err)
				break
			}
			fmt.Fprintf(&b, "extra-source %s {\n  src: %s\n  checksum: %s\n}\n",
				opamfile.Quote(path.Join(set.Dir, id.String()+".crate")), opamfile.Quote(url), opamfile.Quote("sha256="+id.Checksum()))
		}
	}
	return b.String(), errors.Join(problems...)
}

// origins are where cargo downloaded the files of each directory of its cache from.
type origins map[string]string

func (o origins) url(ctx context.Context, file string, id crate.ID) (string, error) {
	cache := filepath.Dir(file)
	template, known := o[cache]
	if !known {
		var err error
		if template, err = downloadTemplate(ctx, cache); err != nil {
			return "", err
		}
		o[cache] = template
	}
	return expandDownload(template, id), nil
}

// downloadTemplate says where cargo downloaded the files of a directory in its cache
// from: the dl of the index that has the directory's name.
func downloadTemplate(ctx context.Context, cache string) (string, error) {
	registry := filepath.Base(cache)
	index := filepath.Join(filepath.Dir(filepath.Dir(cache)), "index", registry)
	src, err := indexConfig(ctx, index)
	if err != nil {
		return "", problem.New(problem.Input, "cargo's index of %s does not say where crates are downloaded: %w", registry, err).
			Hint("let cargo fetch once: cargo fetch --locked")
	}
	var config struct {
		Download string `json:"dl"`
	}
	if err := json.Unmarshal(src, &config); err != nil || config.Download == "" {
		return "", problem.New(problem.Input, "cargo's index does not say where crates are downloaded").At(index, 0).
			Hint("delete that directory and let cargo fetch again")
	}
	return config.Download, nil
}

// indexConfig is the config.json of one of cargo's indexes: a file, or in the commit
// that cargo fetched last, where the index is a git repository (a mirror's, or of a
// cargo before 1.70).
func indexConfig(ctx context.Context, index string) ([]byte, error) {
	const name = "config.json"
	src, err := os.ReadFile(filepath.Join(index, name))
	repository := filepath.Join(index, ".git")
	if _, missing := os.Stat(repository); err == nil || missing != nil {
		return src, err
	}
	src, err = exec.CommandContext(ctx, "git", "--git-dir="+repository, "show", "refs/remotes/origin/HEAD:"+name).Output()
	if err != nil {
		return nil, fmt.Errorf("git show, in %s: %w", index, err)
	}
	return src, nil
}

// expandDownload fills in the markers of an index's dl, as the registry index's
// documentation has them; without markers the usual path follows.
func expandDownload(template string, id crate.ID) string {
	if !strings.Contains(template, "{") {
		template += "/{crate}/{version}/download"
	}
	return strings.NewReplacer(
		"{crate}", id.Name(), "{version}", id.Version(),
		"{prefix}", indexPrefix(id.Name()), "{lowerprefix}", indexPrefix(strings.ToLower(id.Name())),
		"{sha256-checksum}", id.Checksum(),
	).Replace(template)
}

func indexPrefix(name string) string {
	switch len(name) {
	case 1, 2:
		return fmt.Sprint(len(name))
	case 3:
		return "3/" + name[:1]
	}
	return name[:2] + "/" + name[2:4]
}

// WriteExtraSources puts the sections into the opam file of the root that is named
// file, and takes out what they no longer have. Where dune generates that file they
// go into its template: dune writes the file anew at every build. It returns the
// file that it wrote, relative to the root.
func WriteExtraSources(r *bindings.Root, file string, sets []CrateSet, sections string) (string, error) {
	target := file
	if dune.Generates(r.Dir, file) {
		target = file + ".template"
	}
	name := filepath.Join(r.Dir, target)
	src, err := os.ReadFile(name)
	if err != nil && (target == file || !os.IsNotExist(err)) {
		return "", problem.New(problem.Input, "cannot read the opam file: %w", err).Hint("name an opam file of the project: --write NAME.opam")
	}
	parsed, err := opamfile.Parse(target, src)
	if err != nil {
		return "", err
	}
	return target, tree.WriteIfChanged(name, parsed.ReplaceSections(src, "extra-source", ownSection(sets), sections), false)
}

// ownSection tells which extra-sources are ours: the .crate files in the sets'
// directories.
func ownSection(sets []CrateSet) func(string) bool {
	return func(name string) bool {
		for _, set := range sets {
			if path.Dir(name) == set.Dir && strings.HasSuffix(name, ".crate") {
				return true
			}
		}
		return false
	}
}
