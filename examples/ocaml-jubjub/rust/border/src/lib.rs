//! Bytes across the border between OCaml and Rust.
//!
//! An OCaml `bytes` or `string` is a pointer to its first byte. The OCaml side
//! passes lengths beside it, and the collector does not run during a call that is
//! `[@@noalloc]`, so the pointer stays good until the call returns.

use std::{ptr, slice};

/// Copies an array that OCaml owns.
///
/// # Safety
/// `from` must be valid for reads of N bytes.
pub unsafe fn array<const N: usize>(from: *const u8) -> [u8; N] {
    let mut copy = [0; N];
    ptr::copy_nonoverlapping(from, copy.as_mut_ptr(), N);
    copy
}

/// Looks at bytes that OCaml owns.
///
/// # Safety
/// `from` must be valid for reads of `len` bytes for as long as the slice lives; a
/// negative `len` counts as 0.
pub unsafe fn bytes<'a>(from: *const u8, len: i64) -> &'a [u8] {
    slice::from_raw_parts(from, len.max(0) as usize)
}

/// Fills bytes that OCaml owns.
///
/// # Safety
/// `to` must be valid for writes of N bytes.
pub unsafe fn put<const N: usize>(array: [u8; N], to: *mut u8) {
    ptr::copy_nonoverlapping(array.as_ptr(), to, N)
}
