//! What the OCaml library Caml_boxroot calls: OCaml values that Rust keeps in a table,
//! where the collector finds and moves them through ocaml-boxroot-sys.

use ocaml_boxroot_sys::{boxroot_create, boxroot_delete, boxroot_get, boxroot_status};
use ocaml_boxroot_sys::{BoxRoot, Status, Value};
use std::sync::Mutex;

/// A root, which may be read and deleted by any thread that holds the runtime's lock.
struct Root(BoxRoot);
unsafe impl Send for Root {}

static KEPT: Mutex<Vec<Option<Root>>> = Mutex::new(Vec::new());

const fn of_int(n: isize) -> Value {
    n << 1 | 1
}

/// Keeps a value; the result is its number, or -1 without memory.
///
/// # Safety
/// `value` must be an OCaml value.
#[no_mangle]
pub unsafe extern "C" fn cboxroot_keep(value: Value) -> Value {
    match boxroot_create(value) {
        Some(root) => {
            let mut kept = KEPT.lock().unwrap();
            kept.push(Some(Root(root)));
            of_int(kept.len() as isize - 1)
        }
        None => of_int(-1),
    }
}

/// The kept value of this number, which must have been given out and not be dropped yet.
///
/// # Safety
/// `number` must be an OCaml int.
#[no_mangle]
pub unsafe extern "C" fn cboxroot_get(number: Value) -> Value {
    let kept = KEPT.lock().unwrap();
    boxroot_get(kept[(number >> 1) as usize].as_ref().unwrap().0)
}

/// Keeps the value of this number no longer.
///
/// # Safety
/// See above.
#[no_mangle]
pub unsafe extern "C" fn cboxroot_drop(number: Value) -> Value {
    if let Some(root) = KEPT.lock().unwrap()[(number >> 1) as usize].take() {
        boxroot_delete(root.0);
    }
    of_int(0)
}

/// Has anybody in the program made a root? The C part of the crate has one state.
///
/// # Safety
/// None to keep.
#[no_mangle]
pub unsafe extern "C" fn cboxroot_running(_unit: Value) -> Value {
    of_int(matches!(boxroot_status(), Status::Running) as isize)
}
