#[no_mangle]
pub extern "C" fn foocaml_set(level: i64) -> i64 {
    let level = log::LevelFilter::iter().nth(level as usize);
    log::set_max_level(level.unwrap_or(log::LevelFilter::Trace));
    0
}
