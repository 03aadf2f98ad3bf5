package object

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/archive"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func run(t *testing.T, dir string, words ...string) string {
	t.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", words, err, out)
	}
	return string(out)
}

// rust makes lib<name>.a of a crate.
func rust(t *testing.T, dir, name, source string, flags ...string) string {
	t.Helper()
	src := write(t, dir, name+".rs", source)
	file := filepath.Join(dir, "lib"+name+".a")
	run(t, dir, append([]string{"rustc", "--crate-type", "staticlib", "--edition", "2021", "-O", "-o", file, src}, flags...)...)
	return file
}

// native makes lib<name>.a of C and C++ sources, name -> text.
func native(t *testing.T, dir, name string, sources ...string) string {
	t.Helper()
	file := filepath.Join(dir, "lib"+name+".a")
	args := []string{"ar", "crs", file}
	for i := 0; i < len(sources); i += 2 {
		src := write(t, dir, sources[i], sources[i+1])
		cc := "cc"
		if !strings.HasSuffix(src, ".c") {
			cc = "c++"
		}
		run(t, dir, cc, "-c", "-O1", "-fPIC", "-ffunction-sections", "-fdata-sections", "-o", src+".o", src)
		args = append(args, src+".o")
	}
	run(t, dir, args...)
	return file
}

var here = Tools{Getenv: os.Getenv}

// linked makes lib<...>-one.a of an archive.
func linked(t *testing.T, file string, roots ...string) (string, *Result) {
	t.Helper()
	out := strings.TrimSuffix(file, ".a") + "-one.a"
	res, err := link(file, out, roots...)
	if err != nil {
		t.Fatal(err)
	}
	return out, res
}

func link(file, out string, roots ...string) (*Result, error) {
	l, err := Open(file)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	members, err := l.Reach(Wish{Roots: roots})
	if err != nil {
		return nil, err
	}
	return Link(context.Background(), Request{Library: l, Members: members, Roots: roots, Tools: here, Out: out, Name: "one.o"})
}

// program links a C or C++ main with archives in each order, runs it, and compares.
func program(t *testing.T, dir, language, source, want string, archives ...string) {
	t.Helper()
	main := write(t, dir, "main."+language, source)
	cc := map[string]string{"c": "cc", "cc": "c++"}[language]
	for _, order := range [][]string{archives, reversed(archives)} {
		// As OCaml links: exported, and before the libraries.
		args := append([]string{cc, "-o", "main", main, "-Wl,-E"}, order...)
		run(t, dir, append(args, "-lpthread", "-ldl", "-lm", "-lgcc_s", "-lstdc++")...)
		if got := run(t, dir, "./main"); strings.TrimSpace(got) != want {
			t.Errorf("%v: %q, not %q", order, got, want)
		}
	}
}

func reversed(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func globals(t *testing.T, file string) []string {
	t.Helper()
	a, err := archive.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if len(a.Members()) != 1 {
		t.Fatalf("%d members", len(a.Members()))
	}
	symbols, err := a.Symbols(0)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, s := range symbols {
		if s.Clashes() {
			list = append(list, s.Name)
		}
	}
	slices.Sort(list)
	return list
}

const everything = `
use std::sync::Mutex; use std::cell::Cell; use std::collections::HashMap;
static S: Mutex<i32> = Mutex::new(0);
thread_local! { static T: Cell<i32> = Cell::new(1); }
#[no_mangle] pub extern "C" fn NAME_val(k: i32) -> i32 {
	let r = std::panic::catch_unwind(|| { std::panic::set_hook(Box::new(|_| ())); if k > 0 { panic!("x") } 1 });
	*S.lock().unwrap() += 1;
	let mut m = HashMap::new(); m.insert(k, "a"); 
	let h = std::thread::spawn(|| T.with(|t| { t.set(t.get() + 5); t.get() }));
	h.join().unwrap() * 100 + (if r.is_err() { 10 } else { 0 }) + T.with(|t| t.get()) + m.len() as i32 - 1
}
#[no_mangle] pub extern "C" fn NAME_count() -> i32 { let mut s = S.lock().unwrap(); *s += 1; *s }
#[no_mangle] pub extern "C" fn NAME_unwanted() -> i32 { println!("{:?}", std::env::args()); 2 }
`

// Panics, catch_unwind, threads, thread locals: alone, two objects together, and one beside
// a whole archive, in both orders; with each way that rustc is asked to generate code.
func TestRust(t *testing.T) {
	for _, flags := range [][]string{nil, {"-g"}, {"-Clto=fat"}, {"-Cpanic=unwind", "-Ccodegen-units=1"}, {"-Copt-level=0"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a directory")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			a := rust(t, dir, "a", strings.ReplaceAll(everything, "NAME", "a"), flags...)
			b := rust(t, dir, "b", strings.ReplaceAll(everything, "NAME", "b"), flags...)
			one, res := linked(t, a, "a_val", "a_count", "a_nobody")
			two, _ := linked(t, b, "b_val", "b_count")
			if !slices.Equal(res.Roots, []string{"a_count", "a_val"}) || !slices.Equal(globals(t, one), res.Roots) {
				t.Errorf("%q, %q", res.Roots, globals(t, one))
			}
			if res.Linker == "" || res.Objcopy == "" {
				t.Errorf("%+v", res)
			}
			before, _ := os.Stat(a)
			after, _ := os.Stat(one)
			if after.Size() > before.Size()/9 { // fat LTO has dropped most already
				t.Errorf("%d bytes of %d", after.Size(), before.Size())
			}
			program(t, dir, "c", "#include <stdio.h>\nint a_val(int), a_count(void);\nint main(void) { int k = a_val(1); printf(\"%d %d\\n\", k, a_count()); }\n", "611 2", one)
			text := "#include <stdio.h>\nint a_val(int), b_val(int), a_count(void), b_count(void);\nint main(void) { int k = a_val(1), l = b_val(0); printf(\"%d %d %d %d\\n\", k, l, a_count(), b_count()); }\n"
			program(t, dir, "c", text, "611 601 2 2", one, two)
			program(t, dir, "c", text, "611 601 2 2", one, b)
		})
	}
}

// Two runs give the same bytes, from another directory too.
func TestDeterministic(t *testing.T) {
	dir := t.TempDir()
	file := rust(t, dir, "a", strings.ReplaceAll(everything, "NAME", "a"))
	var sums [][]byte
	for i := 0; i < 2; i++ {
		t.Setenv("TMPDIR", t.TempDir())
		one, _ := linked(t, file, "a_val", "a_count")
		content, err := os.ReadFile(one)
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, content)
	}
	if !bytes.Equal(sums[0], sums[1]) {
		t.Error("two links give two archives")
	}
}

// C++: exceptions that are caught outside, inline functions and their statics, which are
// one in the program, constructors, unique and common symbols.
func TestCxx(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "x.h", `#include <stdexcept>
inline int &counter() { static int n = 0; return n; }
template <class T> struct Shared { static int n; }; template <class T> int Shared<T>::n = 0;
struct Error : std::runtime_error { using runtime_error::runtime_error; virtual int code() const { return 7; } };
`)
	file := native(t, dir, "x", "x.cc", `#include "x.h"
int helper() { return 1; }
static int made = 0; struct Made { Made() { made = 40; } } now;
extern "C" int x_made() { counter()++; Shared<int>::n++; return made + helper(); }
extern "C" int x_throw(int k) { if (k) throw Error("thrown"); return 0; }
`, "y.cc", `extern "C" int y_other() { return 2; }
int helper2() { return 3; }
`)
	one, res := linked(t, file, "x_made", "x_throw")
	if !slices.Equal(globals(t, one), res.Roots) {
		t.Errorf("%q", globals(t, one))
	}
	program(t, dir, "cc", `#include "x.h"
#include <cstdio>
extern "C" { int x_made(); int x_throw(int); }
int helper() { return 5; }
int main() { int code = 0; try { x_throw(1); } catch (const Error &e) { code = e.code(); }
  int a = x_made(); counter()++; Shared<int>::n++; printf("%d %d %d %d %d\n", a, code, counter(), Shared<int>::n, helper()); }
`, "41 7 2 2 5", one)
}

// What runs or is found unasked survives: sections with names of C, constructors of each
// kind, in members that are reached.
func TestStarts(t *testing.T) {
	dir := t.TempDir()
	file := native(t, dir, "r", "r.c", `
static int one = 1, two = 2; static int made;
__attribute__((section("registry"), used)) static int *p1 = &one;
__attribute__((section("registry"), used)) static int *p2 = &two;
extern int *__start_registry, *__stop_registry;
__attribute__((constructor)) static void first(void) { made += 10; }
__attribute__((constructor(200))) static void second(void) { made += 100; }
int r_sum(void) { int s = made; for (int **p = &__start_registry; p < &__stop_registry; p++) s += **p; return s; }
`)
	one, _ := linked(t, file, "r_sum")
	program(t, dir, "c", "#include <stdio.h>\nint r_sum(void);\nint main(void) { printf(\"%d\\n\", r_sum()); }\n", "113", one)
}

// Names that a shell or a response file could take for something else.
func TestNames(t *testing.T) {
	dir := t.TempDir()
	file := rust(t, dir, "a", `#[export_name = "a$cxxbridge1$val"] pub extern "C" fn f() -> i32 { 1 }
#[export_name = "a b\"c"] pub extern "C" fn g() -> i32 { 2 }
#[export_name = "a*?"] pub extern "C" fn h() -> i32 { 3 }
#[no_mangle] pub extern "C" fn axx() -> i32 { 4 }`)
	one, res := linked(t, file, "a$cxxbridge1$val", `a b"c`, "a*?")
	if len(res.Roots) != 3 || !slices.Equal(globals(t, one), res.Roots) {
		t.Errorf("%q %q", res.Roots, globals(t, one))
	}
	program(t, dir, "c", "#include <stdio.h>\nint f(void) __asm__(\"a$cxxbridge1$val\");\nint main(void) { printf(\"%d\\n\", f()); }\n", "1", one)
}

// Objects that only gcc's link-time optimisation can finish are told by member; with code
// of their own beside it they are linked.
func TestLTO(t *testing.T) {
	dir := t.TempDir()
	src := write(t, dir, "x.c", "int x_val(void) { return 42; }\n")
	run(t, dir, "gcc", "-c", "-flto", "-o", "slim.o", src)
	run(t, dir, "gcc", "-c", "-flto", "-ffat-lto-objects", "-o", "fat.o", src)
	run(t, dir, "ar", "crs", "libfat.a", "fat.o")
	run(t, dir, "gcc-ar", "crs", "libslim.a", "slim.o")
	one, _ := linked(t, filepath.Join(dir, "libfat.a"), "x_val")
	program(t, dir, "c", "#include <stdio.h>\nint x_val(void);\nint main(void) { printf(\"%d\\n\", x_val()); }\n", "42", one)
	_, err := link(filepath.Join(dir, "libslim.a"), filepath.Join(dir, "out.a"), "x_val")
	var postponed *PostponedError
	if !errors.As(err, &postponed) {
		t.Errorf("got %v", err)
	}
}

// A bundled library of thousands of objects, and as many roots.
func TestMany(t *testing.T) {
	dir := t.TempDir()
	var s strings.Builder
	args := []string{"ar", "crs", "libmany.a"}
	var roots []string
	for i := 0; i < 3500; i++ {
		name := "many_function_with_a_long_name_" + strings.Repeat("x", i%40) + string(rune('a'+i%26)) + strings.ReplaceAll(strings.Repeat("y", i/100), "y", "_y")
		roots = append(roots, name+"_"+itoa(i))
		s.WriteString(".text\n.globl " + name + "_" + itoa(i) + "\n" + name + "_" + itoa(i) + ": ret\n")
	}
	write(t, dir, "m.s", s.String())
	run(t, dir, "as", "-o", "m.o", "m.s")
	for i := 0; i < 3500; i++ {
		write(t, dir, itoa(i)+".s", ".globl part_"+itoa(i)+"\npart_"+itoa(i)+": ret\n.globl f"+itoa(i)+"\nf"+itoa(i)+": jmp f"+itoa((i+1)%3500)+"\n")
	}
	run(t, dir, "sh", "-c", "for i in *.s; do as -o ${i%.s}.o $i || exit 1; done")
	for i := 0; i < 3500; i++ {
		args = append(args, itoa(i)+".o")
	}
	run(t, dir, append(args, "m.o")...)
	one, res := linked(t, filepath.Join(dir, "libmany.a"), append(roots, "f7")...)
	if len(res.Roots) != 3501 || len(globals(t, one)) != 3501 {
		t.Errorf("%d roots", len(res.Roots))
	}
}

func itoa(i int) string {
	var b []byte
	for ; i > 0 || len(b) == 0; i /= 10 {
		b = append([]byte{byte('0' + i%10)}, b...)
	}
	return string(b)
}

// Of two strong definitions both owners are known before any linker runs; weak ones and
// those in COMDAT groups are no doubles, nor is what is not reached.
func TestDoubles(t *testing.T) {
	dir := t.TempDir()
	file := native(t, dir, "d",
		"a.c", "int both(void) { return 1; }\n__attribute__((weak)) int weak(void) { return 1; }\nint unreached(void);\nint a_val(void) { return both() + weak(); }\n",
		"b.c", "int both(void) { return 2; }\n__attribute__((weak)) int weak(void) { return 2; }\nint b_val(void) { return both() + weak(); }\n",
		"c.c", "int unreached(void) { return 1; }\nint a_other(void) { return 1; }\n",
		"d.c", "int unreached(void) { return 2; }\n",
		"e.cc", "inline int shared() { static int n; return ++n; }\nextern \"C\" int e_val() { return shared(); }\n",
		"f.cc", "inline int shared() { static int n; return ++n; }\nextern \"C\" int f_val() { return shared(); }\n")
	l, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	members, err := l.Reach(Wish{Roots: []string{"a_val", "b_val", "e_val", "f_val"}})
	if err != nil {
		t.Fatal(err)
	}
	doubles, err := l.Doubles(members)
	if err != nil || len(doubles) != 1 || !slices.Equal(doubles["both"], []int{0, 1}) {
		t.Errorf("%v, %v", doubles, err)
	}
}

// A definition that another would hide counts for those whom it serves.
func TestEvery(t *testing.T) {
	dir := t.TempDir()
	file := native(t, dir, "d",
		"a.c", "int snap(void);\nint a_val(void) { return snap(); }\n", "a2.c", "int snap(void) { return 1; }\n",
		"b.c", "int snap(void);\nint b_val(void) { return snap(); }\n", "b2.c", "int snap(void) { return 2; }\n")
	l, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	roots := []string{"a_val", "b_val"}
	for _, tt := range []struct {
		wish Wish
		want []int
	}{
		{Wish{Roots: roots}, []int{0, 1, 2}},
		{Wish{Roots: roots, Last: func(m int) bool { return m == 1 }}, []int{0, 2, 3}},
		{Wish{Roots: roots, Every: func(by, m int) bool { return by/2 == m/2 }}, []int{0, 1, 2, 3}},
		{Wish{Roots: roots[:1], Every: func(by, m int) bool { return by/2 == m/2 }}, []int{0, 1}},
		{Wish{Roots: roots[:1], Members: []int{3}}, []int{0, 3}},
	} {
		got, err := l.Reach(tt.wish)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%v, %v; not %v", got, err, tt.want)
		}
	}
}

// Where no linker does it, the error says what each did; no linker's word is taken for it.
func TestUnable(t *testing.T) {
	dir := t.TempDir()
	file := native(t, dir, "x", "x.c", "int x_val(void) { return 42; }\nint x_helper(void) { return x_val(); }\nint x_other(void) { return x_helper(); }\n")
	out := filepath.Join(dir, "out.a")
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	for name, script := range map[string]string{
		"none":    "",
		"refuses": "echo no such option >&2; exit 1",
		"lies":    "exit 0",
		"drops":   "for a; do :; done; echo 'int y;' | /usr/bin/gcc -c -x c -o $(/usr/bin/sed -n '/linked.o/{s/\"//g;p}' ${1#@}) -",
	} {
		if script != "" {
			if err := os.WriteFile(filepath.Join(bin, "ld"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := link(file, out, "x_val"); !errors.Is(err, ErrUnable) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: there is an archive", name)
		}
	}
}
