package archive

import (
	"regexp"
	"strings"
)

// v0 matches the start of Rust's v0 mangling as far as is needed to tell it from
// a C symbol such as _RESULT: generics, namespaces and impls down to a crate.
var v0 = regexp.MustCompile(`^__?R[0-9]*(?:I|N[A-Za-z]|[MX](?:s[0-9A-Za-z]*_)?)*(?:C(?:s[0-9A-Za-z]*_)?u?[0-9]|Y[a-zABCNRSTPOQFDI]|B[0-9A-Za-z]*_)`)

// Mangled tells whether a symbol is one that a compiler made of a name in Rust
// (_ZN..., _R...) or C++ (_Z...), or one that LLVM named (anon.<hash>.N, str.0.llvm.N).
// Nobody calls these by name from C. macOS's extra leading underscore is
// allowed for, without being asked.
func Mangled(symbol string) bool {
	if strings.HasPrefix(symbol, "_Z") || strings.HasPrefix(symbol, "__Z") {
		return true
	}
	return v0.MatchString(symbol) || strings.HasPrefix(strings.TrimPrefix(symbol, "_"), "anon.") || strings.Contains(symbol, ".llvm.")
}

// std matches what the runtime of any Rust staticlib holds unmangled, seen in
// those of cargo 1.65 to 1.97: the runtime's own symbols, and compiler-builtins'
// (__addvdi3); Debian's 1.97 has those of LLVM's runtime for C among them (__cpu_model).
var std = regexp.MustCompile(`^(?:DW\.ref\..*|(?:__rust|_rust_extern_with_linkage_|__rdl_|__rg_|__compilerrt_|__gnu_[fh]2[fh]_).*|` +
	`__aarch64_.*|__llvm_.*|__covrec_.*|__prof[a-z]+_.*|rust_(?:eh_personality|begin_unwind|panic|oom)|` +
	`__(?:clear_cache|cpu_features2|cpu_indicator_init|cpu_model|enable_execute_stack|eprintf|fe_getround|fe_raise_inexact|gcc_personality_v0|` +
	`llvm_mem(?:cpy|move|set)_element_unordered_atomic_[0-9]+)|` +
	`__(?:absv|addv?|subv?|mulv?|mulo|negv?|u?div|u?mod|u?divmod|ash[lr]|lshr|bswap|c[lt]z|ffs|parity|popcount|u?cmp|` +
	`eq|ne|ge|gt|le|lt|unord|powi|extend|trunc|fix|fixuns|float|floatun)(?:[sdt]i|[bhsdtx][fc])+[2345]?)$`)

// Std tells whether a symbol belongs to Rust's runtime, which every archive
// made by rustc holds: rust_eh_personality, DW.ref.*, __rust_*, __rdl_*,
// compiler-builtins and so on. macOS's extra underscore is allowed for. The
// many mathematical functions of compiler-builtins (sqrt, fma) are not told by
// name, since a C library may define them as well; there they are weak.
func Std(symbol string) bool {
	return std.MatchString(symbol) || strings.HasPrefix(symbol, "_") && std.MatchString(symbol[1:])
}

// legacy matches Rust's older mangling: C++'s, with a hash as the last name.
var legacy = regexp.MustCompile(`^__?ZN.*17h[0-9a-f]{16}E`)

// Rust tells whether a symbol is one that rustc or LLVM made of a name in Rust: C++'s are
// not. Nobody but Rust code calls these by name.
func Rust(symbol string) bool {
	if strings.HasPrefix(symbol, "_Z") || strings.HasPrefix(symbol, "__Z") {
		return legacy.MatchString(symbol) || strings.Contains(symbol, ".llvm.")
	}
	return Mangled(symbol)
}

// Source are the names in a C++ symbol as its source has them, in their order; nil where
// it is not one of C++: _ZN4xdep3valEi is xdep and val.
func Source(symbol string) []string {
	rest, ok := strings.CutPrefix(symbol, "_Z")
	if !ok {
		if rest, ok = strings.CutPrefix(symbol, "__Z"); !ok { // macOS
			return nil
		}
	}
	var names []string
	for i := 0; i < len(rest); {
		if c := rest[i]; len(names) > 0 && (c == 'C' || c == 'D') && i+1 < len(rest) && rest[i+1] >= '0' && rest[i+1] <= '5' {
			break // a constructor or destructor of what was named last
		}
		if rest[i] == 'S' { // what was named before, which may be a number: S_, S1_, St
			if end := strings.IndexByte(rest[i:], '_'); end > 0 && end <= 3 {
				i += end
			}
			i++
			continue
		}
		n, digits := 0, i
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' && n < 1<<16 {
			n = n*10 + int(rest[digits]-'0')
			digits++
		}
		if digits == i {
			if len(names) > 0 && rest[i] == 'E' || len(names) == 1 && rest[0] != 'N' {
				break // what follows are the types of arguments
			}
			i++
			continue
		}
		if n == 0 || digits+n > len(rest) {
			break
		}
		names = append(names, rest[digits:digits+n])
		i = digits + n
	}
	return names
}
