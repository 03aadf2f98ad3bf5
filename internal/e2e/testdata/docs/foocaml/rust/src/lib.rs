#[no_mangle]
pub extern "C" fn foocaml_set(level: i64) -> i64 {
    let level = log::LevelFilter::iter().nth(level as usize);
    log::set_max_level(level.unwrap_or(log::LevelFilter::Trace));
    0
}

/// The same for bytecode, whose integers are tagged.
#[no_mangle]
pub extern "C" fn foocaml_set_byte(level: isize) -> isize {
    foocaml_set((level >> 1) as i64);
    1
}
