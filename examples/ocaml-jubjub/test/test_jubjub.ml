let check name ok =
  Printf.printf "%-50s %s\n" name (if ok then "ok" else "FAILED");
  if not ok then exit 1

let flip b i =
  let b = Bytes.copy b in
  Bytes.set b i (Char.chr (Char.code (Bytes.get b i) lxor 1));
  b

let () =
  let open Jubjub in
  check "2 (3 g) = 6 g" (equal (mul (mul generator 3) 2) (mul generator 6));
  check "decode and encode" (of_bytes (to_bytes generator) = Some generator);
  check "no point has a made-up encoding" (of_bytes (Bytes.make 32 '\xff') = None);
  let key = Bytes.make 32 '\x00' in
  Bytes.set key 0 '\x2a';
  match Redjubjub.key_of_bytes key with
  | None -> check "a signing key" false
  | Some key ->
      let verification_key = Redjubjub.verification_key key in
      let signature = Redjubjub.sign key ~nonce:(Bytes.make 80 '\x07') "opam" in
      check "a signature" (Redjubjub.verify ~verification_key ~signature "opam");
      check "not of another message" (not (Redjubjub.verify ~verification_key ~signature "cargo"));
      check "not with a flipped bit" (not (Redjubjub.verify ~verification_key ~signature:(flip signature 40) "opam"));
      check "not by another key" (not (Redjubjub.verify ~verification_key:(flip verification_key 0) ~signature "opam"));
      set_max_log_level 2;
      check "the log level" (max_log_level () = 2)
