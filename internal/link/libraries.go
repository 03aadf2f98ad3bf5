package link

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/opam-cargo/opam-cargo/internal/tree"
)

// search are the directories where build scripts found the libraries that the archive
// needs. Those that cargo has put into the archive need none.
func (in Input) search(libs []string) []string {
	var list []string
	for _, n := range in.Compiled.Natives {
		node := in.Graph.Node(n.ID)
		if node != nil && !in.Graph.Linked(node.ID) {
			continue
		}
		for _, dir := range n.Dirs {
			if !slices.Contains(list, dir) && slices.ContainsFunc(libs, func(lib string) bool { return holds(dir, lib) }) {
				list = append(list, dir)
			}
		}
	}
	return list
}

// addLibraries adds the libraries that were found, which may be gone in a later build.
func (w *Wanted) addLibraries(needs Needs) {
	for _, arg := range needs.NativeLibs {
		name := strings.TrimPrefix(arg, "-l")
		for _, dir := range needs.Search {
			if !holds(dir, arg) {
				continue
			}
			if w.Files == nil {
				w.Files = map[string]string{}
			}
			for _, ending := range libraryEndings {
				file := filepath.Join(dir, "lib"+name+ending)
				w.Files[file] = stampOf(file)
			}
		}
	}
}

var libraryEndings = []string{".so", ".a", ".dylib", ".tbd"}

// holds tells whether a directory has the library of a linker argument.
func holds(dir, arg string) bool {
	name, ok := strings.CutPrefix(arg, "-l")
	if !ok {
		return false
	}
	for _, ending := range libraryEndings {
		if info, err := os.Stat(filepath.Join(dir, "lib"+name+ending)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// usual are the libraries that every C compiler has.
var usual = []string{"-lgcc_s", "-lgcc", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc", "-lSystem", "-liconv", "-lresolv"}

// tellMissing warns of libraries that the linker of the program will not find, with the
// crates that want them, and says what a library needs to be found as the program runs.
func (in Input) tellMissing(ctx context.Context, needs Needs) (told bool) {
	if in.Target != "" || runtime.GOOS == "darwin" { // other tools, and libraries that are stubs
		return false
	}
	for _, arg := range needs.NativeLibs {
		name, ok := strings.CutPrefix(arg, "-l")
		if !ok || slices.Contains(usual, arg) {
			continue
		}
		if dir := in.foundIn(needs.Search, name); dir != "" {
			in.tellLoader(dir, name)
			continue
		}
		if in.linkerFinds(ctx, needs.Search, arg) {
			continue
		}
		told = true
		in.Site.Out.Warn("%s wants the library %s, which is not found where the C compiler looks: the program will not link", in.wanting(name), name)
		in.Site.Out.Hint("install it; where it is in a directory of its own, name that in LIBRARY_PATH")
	}
	return told
}

// foundIn is the directory that has a library.
func (in Input) foundIn(dirs []string, name string) string {
	for _, dir := range dirs {
		if holds(dir, "-l"+name) {
			return dir
		}
	}
	return ""
}

// linkerFinds asks the C compiler, whose search nobody can foretell.
func (in Input) linkerFinds(ctx context.Context, dirs []string, arg string) bool {
	cc := compiler(in.Site.Getenv)
	args := append(cc[1:], "-shared", "-o", os.DevNull)
	for _, dir := range dirs {
		args = append(args, "-L"+dir)
	}
	out, err := exec.CommandContext(ctx, cc[0], append(args, arg)...).CombinedOutput()
	return err == nil || !strings.Contains(string(out), strings.TrimPrefix(arg, "-l"))
}

// wanting names the packages and crates whose build scripts ask for a library.
func (in Input) wanting(name string) string {
	var list []string
	for _, n := range in.Compiled.Natives {
		node := in.Graph.Node(n.ID)
		if node != nil && slices.Contains(n.Libs, name) {
			list = append(list, fmt.Sprintf("%s: the crate %s %s", strings.Join(in.Graph.Owners(node.ID), ", "), node.Name, node.Version))
		}
	}
	if len(list) == 0 {
		return "the Rust code"
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " and ")
}

// tellLoader says how a program finds a shared library in a directory where its loader does
// not look by itself.
func (in Input) tellLoader(dir, name string) {
	shared, err := os.Stat(filepath.Join(dir, "lib"+name+".so"))
	if err != nil || !shared.Mode().IsRegular() || loaderLooksIn(dir, in.Site.Getenv("LD_LIBRARY_PATH")) {
		return
	}
	in.Site.Out.Say("the program needs lib%s.so of %s, where it is not looked for as the program runs", name, dir)
	in.Site.Out.Hint("in the dune file of the executable: (link_flags (-ccopt -Wl,-rpath,%s)); or set LD_LIBRARY_PATH", dir)
}

// loaderLooksIn tells whether a directory is among the loader's own.
func loaderLooksIn(dir, path string) bool {
	if slices.Contains(filepath.SplitList(path), dir) {
		return true
	}
	for _, base := range []string{"/lib", "/usr/lib", "/lib64", "/usr/lib64"} {
		if dir == base || strings.HasPrefix(dir, base+"/") && strings.Contains(filepath.Base(dir), "-linux-") {
			return true
		}
	}
	for _, file := range append(tree.Glob("/etc/ld.so.conf.d", "*.conf"), "/etc/ld.so.conf") {
		src, err := os.ReadFile(file)
		if err == nil && slices.Contains(strings.Fields(string(src)), dir) {
			return true
		}
	}
	return false
}
