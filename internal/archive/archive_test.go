package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/problem"
)

// member is one of a made archive; the name stands in the header as it is.
type member struct{ name, text string }

func arOf(members ...member) []byte {
	var b bytes.Buffer
	b.WriteString(magic)
	for _, m := range members {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", m.name, 0, 0, 0, 0o644, len(m.text), m.text)
		if b.Len()%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func words(order binary.ByteOrder, size int, numbers ...uint64) string {
	var b []byte
	for _, n := range numbers {
		var w [8]byte
		if size == 4 {
			order.PutUint32(w[:], uint32(n))
		} else {
			order.PutUint64(w[:], n)
		}
		b = append(b, w[:size]...)
	}
	return string(b)
}

func readBytes(data []byte) (*Archive, error) {
	return read(bytes.NewReader(data), int64(len(data)))
}

func names(a *Archive) string {
	var list []string
	for _, m := range a.Members() {
		list = append(list, m.Name)
	}
	return strings.Join(list, " ")
}

// The four forms of the index and both of long names.
func TestForms(t *testing.T) {
	be, le := binary.BigEndian, binary.LittleEndian
	want := map[string][]int{"f": {0, 1}, "g": {1}}
	// Offsets of the headers of two members, of which the second begins after
	// n bytes of tables and 60+4 of the first.
	gnu := func(name string, size int) []byte {
		long := "a_very_long_member_name.o/\n\n"
		table := 4 * size
		first := uint64(8 + 60 + table + 6 + 60 + len(long))
		return arOf(member{name, words(be, size, 3, first, first+64, first+64) + "f\x00f\x00g\x00"}, member{"//", long}, member{"short.o/", "text"}, member{"/0", "more"})
	}
	bsd := func(name string, size int) []byte {
		table := words(le, size, uint64(size)*6)
		first := uint64(8 + 60 + 20 + 8*size + 4 + 60 - 60)
		table += words(le, size, 0, first, 0, first+68, 2, first+68) + words(le, size, 4) + "f\x00g\x00"
		return arOf(member{"#1/20", name + strings.Repeat("\x00", 20-len(name)) + table}, member{"short.o", "12345678"}, member{"#1/28", "a_very_long_member_name.o\x00\x00\x00more"})
	}
	for name, data := range map[string][]byte{
		"gnu":        gnu("/", 4),
		"gnu 64":     gnu("/SYM64/", 8),
		"bsd":        bsd("__.SYMDEF", 4),
		"bsd sorted": bsd("__.SYMDEF SORTED", 4),
		"bsd 64":     bsd("__.SYMDEF_64", 8),
	} {
		t.Run(name, func(t *testing.T) {
			a, err := readBytes(data)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(a); got != "short.o a_very_long_member_name.o" {
				t.Errorf("members %q", got)
			}
			if m := a.Members()[1]; string(data[m.Offset:m.Offset+m.Size]) != "more" {
				t.Errorf("%+v", m)
			}
			if !reflect.DeepEqual(a.Index(), want) {
				t.Errorf("index %v", a.Index())
			}
			for i := range a.Members() {
				if list, err := a.Symbols(i); err != nil || list != nil {
					t.Errorf("%v, %v", list, err)
				}
			}
			for cut := range data { // a shorter one is an error or a shorter archive
				_, _ = readBytes(data[:cut])
			}
		})
	}
}

func TestRefused(t *testing.T) {
	be, le := binary.BigEndian, binary.LittleEndian
	good := arOf(member{"a.o/", "text"})
	edit := func(at int, text string) []byte {
		return append(append(bytes.Clone(good[:at]), text...), good[at+len(text):]...)
	}
	for name, tt := range map[string]struct {
		data []byte
		text string
	}{
		"empty":          {nil, "cut short"},
		"other":          {[]byte("not an archive"), "does not begin"},
		"thin":           {[]byte(thinMagic), "thin archive"},
		"half header":    {good[:40], "cut short"},
		"half content":   {good[:70], "beyond the end"},
		"no end mark":    {edit(66, "x"), "no member header"},
		"negative":       {edit(56, "-1        "), "not a size"},
		"no number":      {edit(56, "x         "), "not a size"},
		"large":          {edit(56, "9999999999"), "beyond the end"},
		"no long names":  {arOf(member{"/7", "x"}), "a name at"},
		"bsd name":       {arOf(member{"#1/9", "x"}), "bad name length"},
		"count":          {arOf(member{"/", words(be, 4, 1<<31)}), "do not fit"},
		"count 64":       {arOf(member{"/SYM64/", words(be, 8, 1<<63)}), "do not fit"},
		"no count":       {arOf(member{"/", "x"}), "do not fit"},
		"offset":         {arOf(member{"/", words(be, 4, 1, 12345) + "f\x00"}), "no member begins"},
		"endless name":   {arOf(member{"/", words(be, 4, 1, 12345) + "f"}), "without an end"},
		"bsd pairs":      {arOf(member{"__.SYMDEF", words(le, 4, 1<<31, 0)}), "do not fit"},
		"bsd names":      {arOf(member{"__.SYMDEF", words(le, 4, 0, 9)}), "do not fit"},
		"bsd name index": {arOf(member{"__.SYMDEF", words(le, 4, 8, 99, 8, 2) + "f\x00"}), "do not fit"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "lib.a")
			if err := os.WriteFile(file, tt.data, 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Open(file)
			var p *problem.Error
			if !errors.As(err, &p) || p.File != file || len(p.Hints) == 0 || !strings.Contains(p.Text, tt.text) {
				t.Errorf("got %v", err)
			}
		})
	}
	for _, file := range []string{t.TempDir(), "missing.a"} {
		if _, err := Open(file); err == nil {
			t.Errorf("%s: no error", file)
		}
	}
}

func run(t testing.TB, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CARGO_HOME="+filepath.Join(dir, "home"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(file), 0o755)
		if err := errors.Join(err, os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t testing.TB, file string) *Archive {
	t.Helper()
	a, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// rust builds a crate with two C functions and returns its release directory.
func rust(t testing.TB, lto string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"Cargo.toml": "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"staticlib\", \"rlib\"]\n[profile.release]\nlto = " + lto + "\n",
		"src/lib.rs": "#[no_mangle] pub extern \"C\" fn tiny_one() -> i32 { println!(\"x\"); 1 }\n#[no_mangle] pub extern \"C\" fn tiny_two() -> i32 { 2 }\npub fn inner() -> String { format!(\"{}\", 3) }\n",
	})
	run(t, dir, "cargo", "build", "--release", "--offline")
	return filepath.Join(dir, "target/release")
}

// Of what the real cargo makes, only the crate's own two functions are neither
// mangled nor weak nor the runtime's, with and without LTO.
func TestRust(t *testing.T) {
	for _, lto := range []string{"false", `"thin"`, `"fat"`} {
		t.Run("lto="+lto, func(t *testing.T) {
			dir := rust(t, lto)
			a := open(t, filepath.Join(dir, "libtiny.a"))
			for _, f := range []string{"tiny_one", "tiny_two"} {
				if got := a.Index()[f]; len(got) != 1 {
					t.Errorf("%s in %v", f, got)
				}
			}
			for _, rlib := range []string{"libtiny.a", "libtiny.rlib"} {
				if got := own(t, open(t, filepath.Join(dir, rlib))); !reflect.DeepEqual(got, []string{"tiny_one", "tiny_two"}) {
					t.Errorf("%s: %v", rlib, got)
				}
			}
		})
	}
}

// own are the index's symbols that are not the compiler's or the runtime's.
// Weak ones are found where the member is an object.
func own(t *testing.T, a *Archive) []string {
	t.Helper()
	var list []string
	weak := map[string]bool{}
	for i := range a.Members() {
		symbols, err := a.Symbols(i)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range symbols {
			if s.Binding != Strong {
				weak[s.Name] = true
			}
		}
	}
	for name := range a.Index() {
		if !Mangled(name) && !Std(name) && !weak[name] {
			list = append(list, name)
		}
	}
	sort.Strings(list)
	return list
}

// Objects of gcc in an archive of ar: weak, hidden, common and undefined
// symbols, a long member name, one symbol in two members.
func TestGCC(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"a_member_with_a_long_name.c": "int undefined(void);\n__attribute__((weak)) int w(void) { return undefined(); }\n__attribute__((visibility(\"hidden\"))) int h = 1;\nstatic int l(void) { return 2; }\nint f(void) { return l() + w(); }\n",
		"b.c":                         "int common_one;\nint f(void) { return 3; }\n",
	})
	run(t, dir, "gcc", "-c", "-fcommon", "a_member_with_a_long_name.c", "b.c")
	run(t, dir, "ar", "rcs", "lib.a", "a_member_with_a_long_name.o", "b.o")
	a := open(t, filepath.Join(dir, "lib.a"))
	if got := names(a); got != "a_member_with_a_long_name.o b.o" {
		t.Fatal(got)
	}
	if got := a.Index()["f"]; !reflect.DeepEqual(got, []int{0, 1}) {
		t.Errorf("f in %v", got)
	}
	got := map[Symbol]int{}
	for i := range a.Members() {
		list, err := a.Symbols(i)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			s.Info = 0
			got[s]++
		}
	}
	want := map[Symbol]int{{Name: "f", Binding: Strong}: 2, {Name: "w", Binding: Weak}: 1, {Name: "h", Binding: Strong, Hidden: true}: 1, {Name: "common_one", Binding: Common}: 1}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if _, err := a.Symbols(2); err == nil {
		t.Error("member 2 of 2 has symbols")
	}
	run(t, dir, "ar", "rcsT", "thin.a", "b.o")
	if _, err := Open(filepath.Join(dir, "thin.a")); err == nil || !strings.Contains(err.Error(), "thin archive") {
		t.Errorf("got %v", err)
	}
}

// machO makes an object with an external, a private, a weak, a common, an
// undefined, a local and a debugging symbol.
func machO() string {
	le := binary.LittleEndian
	strings := "\x00_ext\x00_priv\x00_weak\x00_comm\x00_undef\x00_local\x00"
	var table string
	for _, s := range []struct {
		at         uint64
		kind, desc byte
		value      uint64
	}{{1, 0x0f, 0, 0}, {6, 0x1f, 0, 0}, {12, 0x0f, 0x80, 0}, {18, 0x01, 0, 8}, {24, 0x01, 0, 0}, {31, 0x0e, 0, 0}, {1, 0x24 | 1, 0, 9}} {
		table += words(le, 4, s.at) + string([]byte{s.kind, 1, s.desc, 0}) + words(le, 8, s.value)
	}
	head := words(le, 4, 0xfeedfacf, 0x0100000c, 0, 1, 2, 32, 0, 0)
	commands := words(le, 4, 0x32, 8) + words(le, 4, 2, 24, 64, 7, uint64(64+len(table)), uint64(len(strings)))
	return head + commands + table + strings
}

func TestMachO(t *testing.T) {
	a, err := readBytes(arOf(member{"o.o/", machO()}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Symbols(0)
	want := []Symbol{{Name: "_ext", Binding: Strong}, {Name: "_priv", Binding: Strong, Hidden: true}, {Name: "_weak", Binding: Weak}, {Name: "_comm", Binding: Common}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestMangled(t *testing.T) {
	for _, s := range []string{"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "__ZN3std2io17h0E", "_Z3foov", "_RNvCs9ltgdHTiPiY_4tiny5inner", "__RNvCs9ltgdHTiPiY_4tiny5inner",
		"_RINvNtC3std3mem8align_ofjE", "_RNvMs_C4tinyNtB2_1S1f", "_RNvXCsA_7mycrateNtB2_3FooNtB2_3Bar3baz", "_RNvYNtC1a1bNtC1c1d1e", "anon.19c9f38ce57571c96cb49bf6a4c70a9a.0.llvm.18007647161817314737", "str.0.llvm.16754171595602853512"} {
		if !Mangled(s) {
			t.Errorf("%s is mangled", s)
		}
	}
	for _, s := range []string{"main", "_main", "_RESULT", "_RMutex", "_RINGBUF", "R", "_R", "caml_alloc", "tiny_one", "anonymous", "llvm", ""} {
		if Mangled(s) {
			t.Errorf("%s is not mangled", s)
		}
	}
}

func TestStd(t *testing.T) {
	for _, s := range []string{"rust_eh_personality", "_rust_eh_personality", "DW.ref.rust_eh_personality", "__rust_alloc", "___rust_alloc", "__rustc_debug_gdb_scripts_section__", "__rdl_alloc", "_rust_extern_with_linkage___dso_handle.llvm.13091752033786151043", "__absvdi2", "__floatunsisf", "__muloti4", "__divdc3", "__extendhfdf2", "__truncsfbf2", "__rust_i128_add", "__cpu_model", "___clear_cache", "__llvm_memcpy_element_unordered_atomic_16"} {
		if !Std(s) {
			t.Errorf("%s is the runtime's", s)
		}
	}
	for _, s := range []string{"rust_panics_here", "my_rust_alloc", "rust_cst_eval", "__printf", "sqrt", "adddf3", "__my_di2", "cpu_model", "__cpu_models", ""} {
		if Std(s) {
			t.Errorf("%s is not the runtime's", s)
		}
	}
}

// Whatever the file: an error or an archive whose members lie in it.
func FuzzOpen(f *testing.F) {
	be, le := binary.BigEndian, binary.LittleEndian
	f.Add(arOf(member{"/", words(be, 4, 1, 8+60+6) + "f\x00"}, member{"//", "long_name_here.o/\n"}, member{"/0", machO()}))
	f.Add(arOf(member{"__.SYMDEF", words(le, 4, 8, 0, 8, 2) + "f\x00"}, member{"#1/4", "a.o\x00text"}))
	dir := f.TempDir()
	write(f, dir, map[string]string{"a.s": ".globl f\n.weak g\nf:\ng:\n", "b.s": ".code32\n.globl f\nf:\n"})
	run(f, dir, "as", "-o", "a.o", "a.s")
	run(f, dir, "as", "--32", "-o", "b.o", "b.s")
	run(f, dir, "ar", "rcs", "lib.a", "a.o", "b.o")
	real, err := os.ReadFile(filepath.Join(dir, "lib.a"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(real)
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := readBytes(data)
		if err != nil {
			return
		}
		for i, m := range a.Members() {
			if m.Offset < 8 || m.Size < 0 || m.Offset+m.Size > int64(len(data)) {
				t.Fatalf("%+v in %d bytes", m, len(data))
			}
			_, _ = a.Symbols(i)
		}
		for name, in := range a.Index() {
			for _, m := range in {
				if m < 0 || m >= len(a.Members()) {
					t.Fatalf("%q in member %d", name, m)
				}
			}
			Mangled(name)
			Std(name)
		}
	})
}

// BenchmarkOpen reads the headers and the index of a real archive, and then the
// symbols of all its members.
func BenchmarkOpen(b *testing.B) {
	file := filepath.Join(rust(b, "false"), "libtiny.a")
	b.Run("index", func(b *testing.B) {
		for i := 0; i < b.N; i++ {
			if a, err := Open(file); err != nil || a.Close() != nil || len(a.Index()) < 1000 {
				b.Fatal(err)
			}
		}
	})
	b.Run("symbols", func(b *testing.B) {
		a := open(b, file)
		for i := 0; i < b.N; i++ {
			for m := range a.Members() {
				if _, err := a.Symbols(m); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func TestSource(t *testing.T) {
	for symbol, want := range map[string]string{
		"_ZN4xdep3valEi": "xdep val", "_Z3foov": "foo", "__ZN4xdep3valEi": "xdep val", "_ZN4xdep1KC1Ev": "xdep K", "_ZNK4xdep1K3getEv": "xdep K get",
		"_ZN4xdep5twiceIiEET_S1_": "xdep twice", "_ZTVN4xdep1KE": "xdep K", "_Z3fooN4xdep1KE": "foo", "main": "", "_Z": "", "_Z99x": "", "_ZN4xdep1K5countE": "xdep K count",
	} {
		if got := strings.Join(Source(symbol), " "); got != want {
			t.Errorf("%s: %q, not %q", symbol, got, want)
		}
	}
}

func TestRustNames(t *testing.T) {
	for symbol, want := range map[string]bool{
		"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE": true, "_ZN4xdep3valEi": false, "_Z3foov": false, "_RNvCs9ltgdHTiPiY_4tiny5inner": true, "foo$val": false,
		"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE.llvm.123": true, "cxxbridge1$box$drop": false, "main": false,
	} {
		if Rust(symbol) != want {
			t.Errorf("%s: not %v", symbol, want)
		}
	}
}
