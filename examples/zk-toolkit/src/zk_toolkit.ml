open Jubjub

let to_hex b =
  let hex = Buffer.create (2 * Bytes.length b) in
  Bytes.iter (fun c -> Buffer.add_string hex (Printf.sprintf "%02x" (Char.code c))) b;
  Buffer.contents hex

let of_hex s =
  if String.length s mod 2 <> 0 then invalid_arg "Zk_toolkit.of_hex";
  let digit c =
    match c with
    | '0' .. '9' -> Char.code c - Char.code '0'
    | 'a' .. 'f' -> Char.code c - Char.code 'a' + 10
    | _ -> invalid_arg "Zk_toolkit.of_hex"
  in
  Bytes.init (String.length s / 2) (fun i -> Char.chr ((16 * digit s.[2 * i]) + digit s.[(2 * i) + 1]))

type signer = Redjubjub.key

let signer hex = Redjubjub.key_of_bytes (of_hex hex)
let public signer = to_hex (Redjubjub.verification_key signer)
let sign signer ~nonce message = to_hex (Redjubjub.sign signer ~nonce message)

let verify ~public ~signature message =
  Redjubjub.verify ~verification_key:(of_hex public) ~signature:(of_hex signature) message

let log_level = max_log_level
let set_log_level = set_max_log_level
