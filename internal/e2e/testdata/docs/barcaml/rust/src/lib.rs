#[no_mangle]
pub extern "C" fn barcaml_get(_: i64) -> i64 {
    let mut text = itoa::Buffer::new();
    text.format(log::max_level() as i64).parse().unwrap()
}

/// The same for bytecode, whose integers are tagged.
#[no_mangle]
pub extern "C" fn barcaml_get_byte(_: isize) -> isize {
    (barcaml_get(0) as isize) << 1 | 1
}
