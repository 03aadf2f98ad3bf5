#[no_mangle] pub extern "C" fn bar_b() -> i32 { 1 }
