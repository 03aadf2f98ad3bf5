//! What the OCaml library Jubjub calls, directly, without C between them: its
//! externals pass `bytes` as pointers and integers untagged.
//!
//! Safety, of all functions: each pointer is an OCaml `bytes` or `string` of at least
//! the length that is said. Results are 1 for success or true, else 0. Nothing here
//! panics.

use border::{array, bytes, put};
use group::{Group, GroupEncoding};
use redjubjub::{Binding, Signature, SigningKey, SpendAuth, VerificationKey, VerificationKeyBytes};

/// Writes the 32 bytes of the generator of the prime-order subgroup.
/// # Safety
/// See above; out: 32.
#[no_mangle]
pub unsafe extern "C" fn jubjub_generator(out: *mut u8, _unused: i64) -> i64 {
    put(jubjub::SubgroupPoint::generator().to_bytes(), out);
    1
}

/// Does this encode a point of the prime-order subgroup?
/// # Safety
/// See above; point: 32.
#[no_mangle]
pub unsafe extern "C" fn jubjub_valid(point: *const u8, _unused: i64) -> i64 {
    read(point).is_some() as i64
}

/// Writes the point times n, which counts as unsigned.
/// # Safety
/// See above; point, out: 32.
#[no_mangle]
pub unsafe extern "C" fn jubjub_mul(point: *const u8, n: i64, out: *mut u8) -> i64 {
    match read(point) {
        Some(p) => {
            put((p * jubjub::Fr::from(n as u64)).to_bytes(), out);
            1
        }
        None => 0,
    }
}

unsafe fn read(point: *const u8) -> Option<jubjub::SubgroupPoint> {
    jubjub::SubgroupPoint::from_bytes(&array(point)).into()
}

/// The three functions of RedJubjub, for one of its two kinds of key.
macro_rules! redjubjub {
    ($kind:ident, $verification_key:ident, $sign:ident, $verify:ident) => {
        /// Writes the verification key of a signing key.
        /// # Safety
        /// See above; key, out: 32.
        #[no_mangle]
        pub unsafe extern "C" fn $verification_key(key: *const u8, out: *mut u8) -> i64 {
            match SigningKey::<$kind>::try_from(array(key)) {
                Ok(key) => {
                    put(
                        VerificationKeyBytes::from(VerificationKey::from(&key)).into(),
                        out,
                    );
                    1
                }
                Err(_) => 0,
            }
        }

        /// Signs a message; the 80 bytes of nonce seed stand for the random T of the protocol.
        /// # Safety
        /// See above; key: 32, seed: 80, message: len, out: 64.
        #[no_mangle]
        pub unsafe extern "C" fn $sign(
            key: *const u8,
            seed: *const u8,
            message: *const u8,
            len: i64,
            out: *mut u8,
        ) -> i64 {
            match SigningKey::<$kind>::try_from(array(key)) {
                Ok(key) => {
                    put(
                        key.sign(Fixed(array(seed)), bytes(message, len)).into(),
                        out,
                    );
                    1
                }
                Err(_) => 0,
            }
        }

        /// Is this the key's signature of the message?
        /// # Safety
        /// See above; key: 32, signature: 64, message: len.
        #[no_mangle]
        pub unsafe extern "C" fn $verify(
            key: *const u8,
            signature: *const u8,
            message: *const u8,
            len: i64,
        ) -> i64 {
            let signature: Signature<$kind> = array::<64>(signature).into();
            match VerificationKey::<$kind>::try_from(array::<32>(key)) {
                Ok(key) => key.verify(bytes(message, len), &signature).is_ok() as i64,
                Err(_) => 0,
            }
        }
    };
}

redjubjub!(
    SpendAuth,
    redjubjub_verification_key,
    redjubjub_sign,
    redjubjub_verify
);
redjubjub!(
    Binding,
    redjubjub_binding_verification_key,
    redjubjub_binding_sign,
    redjubjub_binding_verify
);

/// The bytes that the caller gave, in place of a random number generator.
struct Fixed([u8; 80]);

impl rand_core::RngCore for Fixed {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }
    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for (i, b) in dest.iter_mut().enumerate() {
            *b = self.0[i % self.0.len()];
        }
    }
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl rand_core::CryptoRng for Fixed {}

/// Sets the maximum level of the log crate, 0 (off) to 5 (trace): a global of that
/// crate, and so shared by all that use the same copy of it.
#[no_mangle]
pub extern "C" fn jubjub_set_max_log_level(level: i64) -> i64 {
    log::set_max_level(match level {
        0 => log::LevelFilter::Off,
        1 => log::LevelFilter::Error,
        2 => log::LevelFilter::Warn,
        3 => log::LevelFilter::Info,
        4 => log::LevelFilter::Debug,
        _ => log::LevelFilter::Trace,
    });
    log::max_level() as i64
}

/// The maximum level of the log crate.
#[no_mangle]
pub extern "C" fn jubjub_max_log_level(_unused: i64) -> i64 {
    log::max_level() as i64
}
