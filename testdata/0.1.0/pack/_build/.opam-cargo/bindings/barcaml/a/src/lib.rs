#[no_mangle] pub extern "C" fn bar_a() -> i32 { 1 }
