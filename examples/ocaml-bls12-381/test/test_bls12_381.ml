open Bls12_381

let hex b =
  String.concat "" (List.map (fun c -> Printf.sprintf "%02x" (Char.code c)) (List.of_seq (Bytes.to_seq b)))

let check name ok =
  Printf.printf "%-50s %s\n" name (if ok then "ok" else "FAILED");
  if not ok then exit 1

(* The compressed generators: draft-irtf-cfrg-pairing-friendly-curves, section 4.2.1
   gives their coordinates; appendix C of the same draft the encoding. *)
let g1 =
  "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58\
   6c55e83ff97a1aeffb3af00adb22c6bb"

let g2 =
  "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049\
   334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051\
   c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"

(* Twice the generators: the second of the multiples in the crate's own test vectors. *)
let two_g1 =
  "a572cbea904d67468808c8eb50a9450c9721db309128012543902d0ac358a62a\
   e28f75bb8f1c7c42c39a8c5529bf0f4e"

let two_g2 =
  "aa4edef9c1ed7f729f520e47730a124fd70662a904ba1074728114d1031e1572\
   c6c886f6b57ec72a6178288c47c335771638533957d540a9d2370f17cc7ed586\
   3bc0b995b8825e0ee1ea1e1e4d00dbae81f14b0bf3611b78c952aacab827a053"

let () =
  check "the generator of G1" (hex (G1.to_bytes G1.generator) = g1);
  check "the generator of G2" (hex (G2.to_bytes G2.generator) = g2);
  let p = G1.generator and q = G2.generator in
  check "the published 2 p" (hex (G1.to_bytes (G1.mul p 2L)) = two_g1);
  check "the published 2 q" (hex (G2.to_bytes (G2.mul q 2L)) = two_g2);
  check "G1: 2 p = p + p" (G1.equal (G1.mul p 2L) (G1.add p p));
  check "G2: 3 q = q + q + q" (G2.equal (G2.mul q 3L) (G2.add q (G2.add q q)));
  check "e(6 p, 7 q) = e(42 p, q)" (pairing_equal (G1.mul p 6L, G2.mul q 7L) (G1.mul p 42L, q));
  check "e(6 p, 7 q) <> e(41 p, q)" (not (pairing_equal (G1.mul p 6L, G2.mul q 7L) (G1.mul p 41L, q)));
  let bad = G1.to_bytes p in
  Bytes.set bad 47 '\x00';
  check "no point has a made-up encoding" (G1.of_bytes bad = None);
  let outside = Bytes.make 48 '\x00' in
  Bytes.set outside 0 '\x80';
  check "nor has (0, 2), on the curve but not in G1" (G1.of_bytes outside = None);
  check "nor one of the wrong length" (G2.of_bytes (Bytes.create 3) = None);
  check "decode and encode" (Option.map G1.to_bytes (G1.of_bytes (G1.to_bytes p)) = Some (G1.to_bytes p));
  set_max_log_level 4;
  check "the log level" (max_log_level () = 4)
