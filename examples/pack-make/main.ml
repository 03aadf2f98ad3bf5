let () =
  let open Bls12_381 in
  let p = G1.generator and q = G2.generator in
  Printf.printf "pairing: %b\n" (pairing_equal (G1.mul p 2L, q) (p, G2.mul q 2L));
  Printf.printf "Jubjub: %b\n" (Jubjub.equal (Jubjub.mul (Jubjub.mul Jubjub.generator 2) 3) (Jubjub.mul Jubjub.generator 6));
  Bls12_381.set_max_log_level 3;
  Printf.printf "one log level: %d %d\n" (Bls12_381.max_log_level ()) (Jubjub.max_log_level ())
