package workspace

import (
	"reflect"
	"testing"
)

func TestLeadingOut(t *testing.T) {
	for src, want := range map[string][]string{
		`include_str!("../../proto/x.txt")`:                         {"../../proto/x.txt"},
		`let r = 0..10; let v = &a[..]; S { ..Default::default() }`: nil,
		`concat!(env!("CARGO_MANIFEST_DIR"), "/../proto/x")`:        {"../proto/x"},
		`Path::new("..").join("proto")`:                             {".."},
		`format!("../proto/{}.txt", name)`:                          {"../proto"},
		`.arg("cd ../c && make -C ../d")`:                           {"../c", "../d"},
		`println!("a..b, and so on...")`:                            nil,
		`include_str!("$CARGO_MANIFEST_DIR/../x")`:                  {"../x"},
		`println!("cargo:rerun-if-changed=../proto")`:               {"../proto"},
		`#[path = "../shared/mod.rs"] mod shared;`:                  {"../shared/mod.rs"},
		`"inside/of/it"; "../"`:                                     {"../"},
	} {
		if got := leadingOut(src, true); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, not %q", src, got, want)
		}
	}
	if got := leadingOut("#include <../x.h>\nadd_subdirectory(../c)\n", false); !reflect.DeepEqual(got, []string{"../x.h", "../c"}) {
		t.Errorf("%q", got)
	}
}
