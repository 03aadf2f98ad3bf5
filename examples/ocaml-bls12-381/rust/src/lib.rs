//! The part of the bls12_381 crate that the OCaml library binds, as C functions.
//!
//! Points cross the border in their compressed encoding, 48 bytes in G1 and 96 in
//! G2. Every pointer must be valid for as many bytes as its function says; the
//! output may not overlap an input. A function with a result gives 1 for success or
//! true, and 0 for bytes that encode no point of the group, or false. Nothing here
//! panics.

use std::{ptr, slice};

use bls12_381::{Bls12, G1Affine, G1Projective, G2Affine, G2Projective, Scalar};
use group::Curve;
use pairing::Engine;

macro_rules! point_functions {
    ($affine:ident, $projective:ident, $len:literal, $generator:ident, $valid:ident, $mul:ident, $add:ident) => {
        impl Encoded<$len> for $affine {
            fn decode(bytes: &[u8; $len]) -> Option<Self> {
                $affine::from_compressed(bytes).into()
            }
            fn encode(&self) -> [u8; $len] {
                self.to_compressed()
            }
        }

        /// Writes the generator.
        /// # Safety
        /// See the crate's documentation.
        #[no_mangle]
        pub unsafe extern "C" fn $generator(out: *mut u8) {
            write($projective::generator().to_affine(), out)
        }

        /// Is this the encoding of a point of the group?
        /// # Safety
        /// See the crate's documentation.
        #[no_mangle]
        pub unsafe extern "C" fn $valid(point: *const u8) -> i32 {
            read::<$affine, $len>(point).is_some() as i32
        }

        /// Writes the point times the scalar.
        /// # Safety
        /// See the crate's documentation.
        #[no_mangle]
        pub unsafe extern "C" fn $mul(point: *const u8, scalar: u64, out: *mut u8) -> i32 {
            match read::<$affine, $len>(point) {
                Some(p) => {
                    write(
                        (p * <Scalar as ff::PrimeField>::from_u128(scalar.into())).to_affine(),
                        out,
                    );
                    1
                }
                None => 0,
            }
        }

        /// Writes the sum of two points.
        /// # Safety
        /// See the crate's documentation.
        #[no_mangle]
        pub unsafe extern "C" fn $add(a: *const u8, b: *const u8, out: *mut u8) -> i32 {
            match (read::<$affine, $len>(a), read::<$affine, $len>(b)) {
                (Some(a), Some(b)) => {
                    write(($projective::from(a) + b).to_affine(), out);
                    1
                }
                _ => 0,
            }
        }
    };
}

trait Encoded<const N: usize>: Sized {
    fn decode(bytes: &[u8; N]) -> Option<Self>;
    fn encode(&self) -> [u8; N];
}

unsafe fn read<P: Encoded<N>, const N: usize>(from: *const u8) -> Option<P> {
    let bytes = slice::from_raw_parts(from, N);
    P::decode(bytes.try_into().ok()?)
}

unsafe fn write<P: Encoded<N>, const N: usize>(point: P, to: *mut u8) {
    ptr::copy_nonoverlapping(point.encode().as_ptr(), to, N)
}

point_functions!(
    G1Affine,
    G1Projective,
    48,
    bls12_381_g1_generator,
    bls12_381_g1_valid,
    bls12_381_g1_mul,
    bls12_381_g1_add
);
point_functions!(
    G2Affine,
    G2Projective,
    96,
    bls12_381_g2_generator,
    bls12_381_g2_valid,
    bls12_381_g2_mul,
    bls12_381_g2_add
);

/// Is e(a, b) = e(c, d)?
/// # Safety
/// See the crate's documentation.
#[no_mangle]
pub unsafe extern "C" fn bls12_381_pairing_equal(
    a: *const u8,
    b: *const u8,
    c: *const u8,
    d: *const u8,
) -> i32 {
    let left = (read::<G1Affine, 48>(a), read::<G2Affine, 96>(b));
    let right = (read::<G1Affine, 48>(c), read::<G2Affine, 96>(d));
    match (left, right) {
        ((Some(a), Some(b)), (Some(c), Some(d))) => {
            (Bls12::pairing(&a, &b) == Bls12::pairing(&c, &d)) as i32
        }
        _ => 0,
    }
}

/// Sets the maximum level of the log crate, 0 (off) to 5 (trace): a global of that
/// crate, and so shared by all that use the same copy of it.
#[no_mangle]
pub extern "C" fn bls12_381_set_max_log_level(level: i32) {
    log::set_max_level(match level {
        0 => log::LevelFilter::Off,
        1 => log::LevelFilter::Error,
        2 => log::LevelFilter::Warn,
        3 => log::LevelFilter::Info,
        4 => log::LevelFilter::Debug,
        _ => log::LevelFilter::Trace,
    })
}

/// The maximum level of the log crate.
#[no_mangle]
pub extern "C" fn bls12_381_max_log_level() -> i32 {
    log::max_level() as i32
}
