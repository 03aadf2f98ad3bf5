#[no_mangle]
pub extern "C" fn barcaml_get(_: i64) -> i64 {
    let mut text = itoa::Buffer::new();
    text.format(log::max_level() as i64).parse().unwrap()
}
