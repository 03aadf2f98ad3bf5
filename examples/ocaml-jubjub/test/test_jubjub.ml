let check name ok =
  Printf.printf "%-50s %s\n" name (if ok then "ok" else "FAILED");
  if not ok then exit 1

let of_hex s = Bytes.init (String.length s / 2) (fun i -> Char.chr (int_of_string ("0x" ^ String.sub s (2 * i) 2)))

(* Flips bit i. *)
let flip b i =
  let b = Bytes.copy b in
  Bytes.set b (i / 8) (Char.chr (Char.code (Bytes.get b (i / 8)) lxor (1 lsl (i mod 8))));
  b

(* Does f refuse b with any one bit flipped? *)
let refuses f b = List.for_all (fun i -> not (f (flip b i))) (List.init (8 * Bytes.length b) Fun.id)

(* 1 to 16 times the generator: test_serialization_consistency in src/lib.rs of
   zkcrypto/jubjub. *)
let multiples =
  [
    "cb550cd538ea0cc1138480408e6eaab9b36c613f0dd3f7784fdb6eea837b13d7";
    "719af0e6e0c6d0aa680f3b7e97dee9c3cbc3a7815979f08e33a640fab8ca9ab1";
    "c5295dd1cb37a4ae58005ac7019c958df01d0e5256e17e81ba9d94a2db339cc7";
    "b675faf151c4c7e3974af311dd61c88bc053e723d60e5f4582c90474b113b300";
    "76291dc83cbd77fc4e28e612d0dd26d6b0fa040a4d651ad8c1c6e25419b1e6b9";
    "e2bde3d0707588624826d3a7fe52ae7170a68aaba67134fb81c58a2dc3073d8c";
    "26c69cc492e137a38ab29d807387ccd70021ab143c208ed121e97d92cf0c1018";
    "11bbe753a524e8b88ccdc3fca6553b5603e2d343b31deeb5668e3a3f3959ae8a";
    "d29f5010b527ddcce090914f36e7088c8ed85dbeb774ae3f21f2b1769428f1cb";
    "008f6b6695bb1b7c120a621c717b79b91d980e82951c57238787993670353644";
    "b28355a0d633d09dc498f75dca3851ef9b7a3bbcedfd0ba9d0ec0c04a3d35861";
    "f6c2e7c39f65b4855015b9dcc373900c5a962c75089ca8f8ce293c52434b3943";
    "d4cdab997110c2f1e02bb16ebef816c9d0a6025386825581a688b9bfa326360a";
    "083cbe2799de77178eed0c6e920913db8f40a163c74d279446d5f6e396b2edb2";
    "0b72d9a0652564dc38722a1f8a21549dd6a749e973517c860f1fb53cb882af9f";
    "8deeebcaf120d20a7fe6361f9250f7096b7c001acb10ed22d693850f1dec2558";
  ]

(* sapling_generators.json of zcash/zcash-test-vectors: the bases of spend authorization
   and binding signatures, which are the verification keys of the signing key 1. *)
let spend_base = "30b5f2aaad325630bcdddbce4d67656d05fd1cc2d037bb5375b6e96d9e01a1d7"
let binding_base = "8b6a0b38b9faae3c3b803b47b0f146ad50ab221e6e2afbe6dbde45cba9d381ed"

(* sapling_signatures.json of zcash/zcash-test-vectors: signing key, verification key,
   message, signature; then the same with the key randomized. *)
let spend =
  [
    ( "18e28dea5c11817aeeb21a19981d28368ec438afc25a8db94ebe08d7a0288e09",
      "9b0153b03d320fe23e2834d5d61dbb1f519b3f41f8f946152bf0c3f247d11807",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "dca3bb2cb8f048ccab10aed77546c1dbb10cc4fb15ab02acaef944ddab8b6722\
       545fda4c62046d69d98f922f4e8c210bc47b4fdde0a1947179804c1ace569005" );
    ( "6087383b30559b31609085b9009645ceb6a0c6612599d72880728e61244e7d03",
      "c1babcb6eae2b994ee6d65c10b9dad5940dc735b07504daed1e46b0709b45136",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "70c284504e90f0008e8ed2208f4969727a415ec3102c299e398b6c16572bd964\
       3ee1011766681e406ee6bee3d03ee8f27176e32fbabdded20b0d1786a4ee1801" );
    ( "059654f961273dafda3b2677b35c18af6b11adfb9ee90b48935e557c8d5d9c04",
      "faf6c3b737e8e611aafea52f03bb2786e18353ebe0d3139e3c54498780c8c199",
      "0101010101010101010101010101010101010101010101010101010101010101",
      "b5a1f32d3d50fc738b5c3b4e9960729ce4316ba7721a12686604feba6bd74845\
       0070cb922406fdfc5d60dea9be3a526a16cfeb877779fb782d5d41395b455f04" );
    ( "c8a1ea19efcf3d90e52b4cb981c6632d437cd5243e6fa5d6f0bf5d8ef5788c08",
      "d524dce7734069758a91f007a869505dfc4aba1720594d4d74f007700e62ee00",
      "0101010101010101010101010101010101010101010101010101010101010101",
      "5a5a20d200efddd498dfae2a9ef8cf01281a8919018a824cc7a4983b9a0d4a06\
       ff172079e013d42a2a3a88a6520c86fce3b98e1efaa325832a6a5658d8dd7c0a" );
    ( "ade7abb551c79d0f0e42ef7f1206b87712a84a61dea3f37b42496d7efd12520c",
      "369ea751762f839d25701a5eeb551ec4f06c1290b3b9c3a724402dec02739221",
      "0202020202020202020202020202020202020202020202020202020202020202",
      "1f3e8a94310c2071a70f9df5e79aa9e8485deccb178bdff9805fcbe6f7d551ee\
       e3c3542ca75c9d8d4adc54d72c3dbe28626d20785bb7f588c1a582b893dbb601" );
    ( "774dda0799f7ed828781e25fc4a9e8542829b2ce1ff48d1d6db9fadbb9283703",
      "0d92ad6d46edacd023d4d2ef703a6ca0a792cfc4b7da11c2353bc845a27a974d",
      "0202020202020202020202020202020202020202020202020202020202020202",
      "d136214c5d528ea3d4cb7b631a6bb036064973a108b733a5e3a452ab52a659e5\
       67cb55d2644e74b6e8426f2a7dd2a04d2dda4935cc3820b77a9c1ab619863c05" );
  ]

(* The first binding signatures of tests/librustzcash_vectors.rs in
   ZcashFoundation/redjubjub: message, signature, verification key. *)
let binding =
  [
    ( "101cbe4b9c42604f04c703c396f788c6cb2d6d7d58f45430b12eb2edd640076c",
      "ed576ae23c0bcff22e544ce7b7e289a8ac5185a6d0763785669bec101ed04454\
       16536aa1d108b36352effc63ee5782f6855fe72b7a0afb58e3c755d246a4be0d",
      "e7c08ed9d1224ed581d55320da7d833eecbdee17eceb65b6f10275f853125e85" );
    ( "6c3828ff680bdba6629a99434bc24f1156731aaf96ade4d14277215e57bb1331",
      "19b9937a3debbf203b38fa9a311394cdc3c93c8385eedd32ed5107d374d9cd73\
       ec67d0204b082ffa90b8836c8c35976a80a313450f2a5272ea22bf9f39f12409",
      "15091deff0f2291069c6c8d4cf114c584b4fdf9dd972664ea98cf4049849d82f" );
  ]

let curve () =
  let open Jubjub in
  List.iteri
    (fun i hex ->
      let p = mul generator (i + 1) in
      check (Printf.sprintf "%d g, published" (i + 1)) (to_bytes p = of_hex hex && of_bytes (of_hex hex) = Some p))
    multiples;
  check "2 (3 g) = 6 g" (equal (mul (mul generator 3) 2) (mul generator 6));
  check "no point has a made-up encoding" (of_bytes (Bytes.make 32 '\xff') = None);
  check "nor one of 31 bytes" (of_bytes (Bytes.make 31 '\x00') = None);
  (* (0, -1) has order 2: r - 1 of the field of BLS12-381, little-endian. *)
  let minus_one = of_hex "00000000fffffffffe5bfeff02a4bd5305d8a10908d83933487d9d2953a7ed73" in
  check "a point outside the subgroup" (of_bytes minus_one = None)

let signatures name (module S : Jubjub.Signatures) base =
  let check what = check (name ^ ": " ^ what) in
  let one = Bytes.make 32 '\x00' in
  Bytes.set one 0 '\x01';
  (match S.key_of_bytes one with
  | None -> check "the key 1" false
  | Some key ->
      let verification_key = S.verification_key key in
      check "the base, published" (verification_key = of_hex base);
      let sign n = S.sign key ~nonce:(Bytes.make 80 n) "opam" in
      let signature = sign '\x07' in
      check "a signature" (S.verify ~verification_key ~signature "opam");
      check "the same of the same nonce" (sign '\x07' = signature);
      check "another of another" (sign '\x08' <> signature);
      check "not of another message" (not (S.verify ~verification_key ~signature "cargo"));
      check "of an empty message" (S.verify ~verification_key ~signature:(S.sign key ~nonce:(Bytes.make 80 '\x07') "") "");
      check "not with any bit flipped" (refuses (fun signature -> S.verify ~verification_key ~signature "opam") signature);
      check "not by any key a bit away" (refuses (fun verification_key -> S.verify ~verification_key ~signature "opam") verification_key);
      check "not when cut short" (not (S.verify ~verification_key ~signature:(Bytes.sub signature 0 63) "opam")));
  check "no key above the order" (S.key_of_bytes (Bytes.make 32 '\xff') = None)

let published () =
  let open Jubjub in
  List.iteri
    (fun i (key, vk, message, signature) ->
      let verification_key = of_hex vk and signature = of_hex signature in
      let message = Bytes.to_string (of_hex message) in
      check
        (Printf.sprintf "spend authorization %d, published" (i + 1))
        (Option.map Redjubjub.verification_key (Redjubjub.key_of_bytes (of_hex key)) = Some verification_key
        && Redjubjub.verify ~verification_key ~signature message
        && not (Redjubjub_binding.verify ~verification_key ~signature message)))
    spend;
  List.iteri
    (fun i (message, signature, vk) ->
      let verification_key = of_hex vk and signature = of_hex signature in
      let message = Bytes.to_string (of_hex message) in
      check
        (Printf.sprintf "binding %d, published" (i + 1))
        (Redjubjub_binding.verify ~verification_key ~signature message
        && not (Redjubjub.verify ~verification_key ~signature message)))
    binding

let () =
  curve ();
  signatures "spend authorization" (module Jubjub.Redjubjub) spend_base;
  signatures "binding" (module Jubjub.Redjubjub_binding) binding_base;
  published ();
  List.iter
    (fun level ->
      Jubjub.set_max_log_level level;
      check (Printf.sprintf "the log level %d" level) (Jubjub.max_log_level () = level))
    [ 0; 1; 2; 3; 4; 5 ]
