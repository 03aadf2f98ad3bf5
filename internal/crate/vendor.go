package crate

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/opam-cargo/opam-cargo/internal/problem"
	"github.com/opam-cargo/opam-cargo/internal/tree"
)

const revendorHint = "write the vendor directory anew with 'cargo vendor'"

// ReadVendored reads the crate in dir, as cargo vendor writes it: its name and
// version from Cargo.toml, its package sum ("" for a git crate, docs/facts.md#git-crates) and
// the sha256 in hex of its files, by path with slashes, from the checksum file.
// Where a distribution did not know the package sum and wrote something else there
// (Debian does), the crate's content gives one.
func ReadVendored(dir string) (ID, map[string]string, error) {
	sum, files, err := readChecksum(filepath.Join(dir, ChecksumFile))
	if err != nil {
		return ID{}, nil, err
	}
	if sum != "" && !isSum.MatchString(sum) {
		if sum, err = ContentSum(dir); err != nil {
			return ID{}, nil, err
		}
	}
	id, err := readManifest(filepath.Join(dir, manifestFile), sum)
	return id, files, err
}

// ContentSum is a sha256 in hex of all files of a vendored crate, by path.
func ContentSum(dir string) (string, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	list, err := tree.List(dir, nil)
	if err != nil {
		return "", err
	}
	err = tree.Sum(dir, list)
	return strings.TrimPrefix(tree.Hash(list), "sha256:"), err
}

func readChecksum(file string) (string, map[string]string, error) {
	var content struct {
		Package *string           `json:"package"`
		Files   map[string]string `json:"files"`
	}
	text, err := tree.Read(file, tree.MostOfList)
	if err == nil {
		err = json.Unmarshal(text, &content)
	}
	if err != nil {
		return "", nil, problem.New(problem.Input, "not a checksum file of cargo vendor: %w", err).
			At(file, 0).Hint(revendorHint)
	}
	if content.Package == nil {
		return "", content.Files, nil
	}
	return *content.Package, content.Files, nil
}

// readManifest reads name and version; an absent version is 0.0.0 to cargo, and
// very old crates say [project] for [package].
func readManifest(file, sum string) (ID, error) {
	type table struct {
		Name    string `toml:"name"`
		Version any    `toml:"version"`
	}
	var content struct {
		Package *table `toml:"package"`
		Project *table `toml:"project"`
	}
	fail := func(line int, err error) (ID, error) {
		return ID{}, problem.New(problem.Input, "not a vendored crate's manifest: %w", err).
			At(file, line).Hint(revendorHint)
	}
	text, err := tree.Read(file, tree.MostOfManifest)
	if err != nil {
		return fail(0, err)
	}
	if err := toml.Unmarshal(text, &content); err != nil {
		line := 0
		var decode *toml.DecodeError
		if errors.As(err, &decode) {
			line, _ = decode.Position()
		}
		return fail(line, err)
	}
	pkg := content.Package
	if pkg == nil {
		pkg = content.Project
	}
	if pkg == nil || pkg.Name == "" {
		return fail(0, errors.New("no package name"))
	}
	version := "0.0.0"
	if pkg.Version != nil {
		var ok bool
		if version, ok = pkg.Version.(string); !ok {
			return fail(0, errors.New("the version is not a string"))
		}
	}
	id, err := NewID(pkg.Name, version, sum)
	if err != nil {
		return fail(0, err)
	}
	return id, nil
}

// VerifyVendored compares every file that the checksum file of dir lists with
// its sha256, as cargo does before it compiles. Missing and different files are
// one problem, which names the first five. A checksum file that lists none
// proves nothing and passes. Files that are missing below a directory whose name
// begins with _ or . are no matter: dune leaves such directories out when it copies
// a vendor directory, and cargo, which checks no content in the copy that we make,
// says if it needs them. With complete, as cargo vendor writes it, each file must be
// listed: else a build script that nobody knows of could stand beside the others.
func VerifyVendored(dir string, complete bool) error {
	_, files, err := readChecksum(filepath.Join(dir, ChecksumFile))
	if err != nil {
		return err
	}
	var wrong []string
	if complete {
		if wrong, err = unlisted(dir, files); err != nil {
			return problem.New(problem.Input, "cannot read the vendored crate: %w", err).At(dir, 0).Hint(revendorHint)
		}
	}
	for name, want := range files {
		if !filepath.IsLocal(name) {
			wrong = append(wrong, name+" (outside)")
			continue
		}
		got, err := tree.BoundedSum(normal.unpacked, filepath.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist) && leftOutByDune(name):
		case errors.Is(err, fs.ErrNotExist):
			wrong = append(wrong, name+" (missing)")
		case err != nil:
			wrong = append(wrong, name+" (unreadable)")
		case got != want:
			wrong = append(wrong, name)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	sort.Strings(wrong)
	shown, more := wrong, ""
	if len(wrong) > 5 {
		shown, more = wrong[:5], ", ..."
	}
	return problem.New(problem.Input, "%d of %d files are not as cargo vendor wrote them: %s%s",
		len(wrong), len(files), strings.Join(shown, ", "), more).At(dir, 0).
		Hint(revendorHint + "; git must not rewrite line ends there, nor leave files out (.gitattributes, .gitignore)")
}

// unlisted are the files of a vendored crate that its checksum file does not have.
func unlisted(dir string, files map[string]string) ([]string, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	var extra []string
	err = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, file)
		switch {
		case err != nil:
			return err
		case d.IsDir() && rel == ".git":
			return filepath.SkipDir
		case d.Type()&^fs.ModeSymlink == 0 && files[filepath.ToSlash(rel)] == "" && rel != ChecksumFile && rel != ".cargo-ok":
			if target, err := os.Readlink(file); err != nil || inside(filepath.ToSlash(rel), target) { // else [CopyVendored] says more
				extra = append(extra, rel+" (not in "+ChecksumFile+")")
			}
		}
		return nil
	})
	return extra, err
}

// leftOutByDune tells whether a file lies in a directory that dune does not copy.
func leftOutByDune(name string) bool {
	for _, dir := range strings.Split(filepath.ToSlash(filepath.Dir(name)), "/") {
		if strings.HasPrefix(dir, "_") || (strings.HasPrefix(dir, ".") && dir != ".") {
			return true
		}
	}
	return false
}
