//! What the OCaml library Caml_sys calls: functions of raw OCaml values, as C stubs
//! are, over ocaml-sys.

use ocaml_sys::{caml_alloc_initialized_string, caml_string_length, string_val, Value};
use std::slice;

/// A new string with the bytes of this one in reverse order.
///
/// # Safety
/// `string` must be an OCaml string.
#[no_mangle]
pub unsafe extern "C" fn csys_reverse(string: Value) -> Value {
    // The bytes are copied before the allocation, which may move the string.
    let mut bytes = slice::from_raw_parts(string_val(string), caml_string_length(string)).to_vec();
    bytes.reverse();
    caml_alloc_initialized_string(bytes.len(), bytes.as_ptr().cast())
}

/// The number of fields of a block, or -1 for an immediate value.
///
/// # Safety
/// `value` must be an OCaml value.
#[no_mangle]
pub unsafe extern "C" fn csys_fields(value: Value) -> Value {
    ocaml_sys::val_int(if ocaml_sys::is_block(value) {
        ocaml_sys::wosize_val(value) as isize
    } else {
        -1
    })
}
