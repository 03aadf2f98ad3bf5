// Package registrytest is a crates registry on 127.0.0.1 for tests: cargo's sparse
// protocol, over crates that a test describes as directories.
package registrytest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
)

// Registry serves crates and counts downloads.
type Registry struct {
	server    *httptest.Server
	index     map[string]string // crate -> its index file
	crates    map[string][]byte // name-version -> .crate
	mu        sync.Mutex
	downloads int
}

// New serves the crates in the directories dir/NAME-VERSION, each with a
// Cargo.toml, and the files dir/NAME-VERSION.crate as they are. A directory with a
// file named yanked is yanked.
func New(dir string) (*Registry, error) {
	r := &Registry{index: map[string]string{}, crates: map[string][]byte{}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		add := r.add
		if strings.HasSuffix(e.Name(), ".crate") {
			add = r.addFile
		}
		if err := add(filepath.Join(dir, e.Name())); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
	}
	r.server = httptest.NewServer(http.HandlerFunc(r.serve))
	return r, nil
}

// Close stops the server.
func (r *Registry) Close() { r.server.Close() }

// Downloads is the number of .crate files asked for since the last call.
func (r *Registry) Downloads() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.downloads
	r.downloads = 0
	return n
}

// Config is the cargo configuration that puts the registry in place of the default
// one: locks then name the default one, with this one's checksums.
func (r *Registry) Config() string {
	return fmt.Sprintf("[source.crates-io]\nreplace-with = \"test\"\n[source.test]\nregistry = \"sparse+%s/index/\"\n", r.server.URL)
}

// Crate is a .crate file; nil where there is none.
func (r *Registry) Crate(nameVersion string) []byte { return r.crates[nameVersion] }

// Sum is the sha256 of a .crate file.
func (r *Registry) Sum(nameVersion string) string {
	sum := sha256.Sum256(r.crates[nameVersion])
	return hex.EncodeToString(sum[:])
}

func (r *Registry) serve(w http.ResponseWriter, req *http.Request) {
	switch name := path.Base(req.URL.Path); {
	case req.URL.Path == "/index/config.json":
		fmt.Fprintf(w, `{"dl":"%s/dl","api":null}`, r.server.URL)
	case strings.HasPrefix(req.URL.Path, "/index/") && r.index[name] != "":
		fmt.Fprint(w, r.index[name])
	case strings.HasPrefix(req.URL.Path, "/dl/") && name == "download":
		r.mu.Lock()
		r.downloads++
		r.mu.Unlock()
		parts := strings.Split(req.URL.Path, "/")
		if content := r.crates[parts[2]+"-"+parts[3]]; content != nil {
			w.Write(content) //nolint:errcheck // the client sees it
			return
		}
		http.NotFound(w, req)
	default:
		http.NotFound(w, req)
	}
}

type manifest struct {
	Package struct {
		Name    string `toml:"name"`
		Version string `toml:"version"`
		Links   string `toml:"links"`
	} `toml:"package"`
	Dependencies map[string]any      `toml:"dependencies"`
	Features     map[string][]string `toml:"features"`
}

// add makes the .crate file and the index line of one directory.
func (r *Registry) add(dir string) error {
	src, err := os.ReadFile(filepath.Join(dir, "Cargo.toml"))
	if err != nil {
		return err
	}
	var m manifest
	if err := toml.Unmarshal(src, &m); err != nil {
		return err
	}
	id := m.Package.Name + "-" + m.Package.Version
	if r.crates[id], err = pack(dir, id); err != nil {
		return err
	}
	_, err = os.Stat(filepath.Join(dir, "yanked"))
	return r.indexLine(m, err == nil)
}

// addFile makes the index line of one .crate file.
func (r *Registry) addFile(file string) error {
	id := strings.TrimSuffix(filepath.Base(file), ".crate")
	src, err := exec.Command("tar", "-xzOf", file, id+"/Cargo.toml").Output()
	if err != nil {
		return err
	}
	var m manifest
	if err := toml.Unmarshal(src, &m); err != nil {
		return err
	}
	if r.crates[id], err = os.ReadFile(file); err != nil {
		return err
	}
	return r.indexLine(m, false)
}

func (r *Registry) indexLine(m manifest, yanked bool) error {
	id := m.Package.Name + "-" + m.Package.Version
	line := map[string]any{"name": m.Package.Name, "vers": m.Package.Version, "deps": deps(m), "cksum": r.Sum(id), "features": m.Features, "yanked": yanked}
	if m.Features == nil {
		line["features"] = map[string]any{}
	}
	if m.Package.Links != "" {
		line["links"] = m.Package.Links
	}
	text, err := json.Marshal(line)
	r.index[m.Package.Name] += string(text) + "\n"
	return err
}

func deps(m manifest) []map[string]any {
	list := make([]map[string]any, 0, len(m.Dependencies))
	for name, v := range m.Dependencies {
		dep := map[string]any{"name": name, "features": []string{}, "optional": false, "default_features": true, "target": nil, "kind": "normal"}
		switch spec := v.(type) {
		case string:
			dep["req"] = spec
		case map[string]any:
			dep["req"] = spec["version"]
			if optional, ok := spec["optional"]; ok {
				dep["optional"] = optional
			}
		}
		list = append(list, dep)
	}
	sort.Slice(list, func(i, j int) bool { return list[i]["name"].(string) < list[j]["name"].(string) })
	return list
}

// pack makes a .crate file, always the same one.
func pack(dir, root string) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		if err := t.WriteHeader(&tar.Header{Name: path.Join(root, filepath.ToSlash(rel)), Mode: 0o644, Size: int64(len(content))}); err != nil {
			return err
		}
		_, err = t.Write(content)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = errors.Join(t.Close(), z.Close())
	return b.Bytes(), err
}
