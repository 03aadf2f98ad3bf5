let check name ok =
  Printf.printf "%s: %b\n" name ok;
  if not ok then exit 1

let () =
  let open Bls12_381 in
  let p = G1.generator and q = G2.generator in
  check "pairing" (pairing_equal (G1.mul p 2L, q) (p, G2.mul q 2L));
  check "Jubjub" (Jubjub.equal (Jubjub.mul (Jubjub.mul Jubjub.generator 2) 3) (Jubjub.mul Jubjub.generator 6));
  Bls12_381.set_max_log_level 3;
  check "one log level" (Bls12_381.max_log_level () = 3 && Jubjub.max_log_level () = 3)
