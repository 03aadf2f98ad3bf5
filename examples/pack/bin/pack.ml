open Bls12_381

let failed = ref false

let check name ok =
  Printf.printf "%-58s %s\n" name (if ok then "ok" else "FAILED");
  if not ok then failed := true

(* The generators of draft-irtf-cfrg-pairing-friendly-curves (section 4.2.1), and twice
   that of G1, in the compressed encoding of its appendix C. *)
let g1 =
  "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58\
   6c55e83ff97a1aeffb3af00adb22c6bb"

let g2 =
  "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049\
   334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051\
   c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"

let twice_g1 =
  "a572cbea904d67468808c8eb50a9450c9721db309128012543902d0ac358a62a\
   e28f75bb8f1c7c42c39a8c5529bf0f4e"

(* The first vector of sapling_signatures.json in zcash/zcash-test-vectors: signing key,
   verification key, and signature of 32 zero bytes. *)
let signing_key = "18e28dea5c11817aeeb21a19981d28368ec438afc25a8db94ebe08d7a0288e09"
let verification_key = "9b0153b03d320fe23e2834d5d61dbb1f519b3f41f8f946152bf0c3f247d11807"

let signature =
  "dca3bb2cb8f048ccab10aed77546c1dbb10cc4fb15ab02acaef944ddab8b6722\
   545fda4c62046d69d98f922f4e8c210bc47b4fdde0a1947179804c1ace569005"

let () =
  let hex1 p = Zk_toolkit.to_hex (G1.to_bytes p) and hex2 p = Zk_toolkit.to_hex (G2.to_bytes p) in
  let p = G1.generator and q = G2.generator in
  check "BLS12-381: the generator of G1" (hex1 p = g1);
  check "BLS12-381: the generator of G2" (hex2 q = g2);
  check "BLS12-381: twice the generator of G1" (hex1 (G1.mul p 2L) = twice_g1);
  check "BLS12-381: e(6 p, 7 q) = e(42 p, q)" (pairing_equal (G1.mul p 6L, G2.mul q 7L) (G1.mul p 42L, q));
  let message = String.make 32 '\x00' in
  (match Zk_toolkit.signer signing_key with
  | None -> check "RedJubjub: the signing key" false
  | Some signer ->
      check "RedJubjub: the verification key" (Zk_toolkit.public signer = verification_key);
      let own = Zk_toolkit.sign signer ~nonce:(Bytes.make 80 '\x01') message in
      check "RedJubjub: a signature of our own" (Zk_toolkit.verify ~public:verification_key ~signature:own message));
  check "RedJubjub: the published signature" (Zk_toolkit.verify ~public:verification_key ~signature message);
  check "RedJubjub: not of another message" (not (Zk_toolkit.verify ~public:verification_key ~signature "opam"));
  set_max_log_level 4;
  check "one log crate: set by one binding, read by the other" (Zk_toolkit.log_level () = 4);
  Zk_toolkit.set_log_level 2;
  check "one log crate: and the other way round" (max_log_level () = 2);
  if !failed then exit 1
