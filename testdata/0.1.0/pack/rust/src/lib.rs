#[no_mangle] pub extern "C" fn own_val() -> i32 { 0 }
