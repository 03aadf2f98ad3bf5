#[no_mangle]
pub extern "C" fn foo_val() -> i32 {
    greet::N
}
