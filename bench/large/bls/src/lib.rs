use ff::Field; #[no_mangle] pub extern "C" fn bls_probe() -> i64 { let x = bls12_381::Scalar::ONE; x.to_bytes()[0] as i64 }
