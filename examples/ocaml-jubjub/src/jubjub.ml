(* The externals are the Rust functions themselves. There is no bytecode version of
   them: dune's (modes byte_complete) and toplevels want the name, and never get here. *)

type t = bytes (* the encoding of a point of the subgroup; never changed *)

external rust_generator : bytes -> (int[@untagged]) -> (int[@untagged])
  = "jubjub_no_bytecode" "jubjub_generator"
  [@@noalloc]

external rust_valid : bytes -> (int[@untagged]) -> (int[@untagged])
  = "jubjub_no_bytecode" "jubjub_valid"
  [@@noalloc]

external rust_mul : bytes -> (int[@untagged]) -> bytes -> (int[@untagged])
  = "jubjub_no_bytecode" "jubjub_mul"
  [@@noalloc]

let output len f =
  let out = Bytes.create len in
  if f out = 1 then Some out else None

let get = function Some x -> x | None -> assert false
let generator = get (output 32 (fun out -> rust_generator out 0))

let mul p n =
  if n < 0 then invalid_arg "Jubjub.mul";
  get (output 32 (rust_mul p n))

let of_bytes b =
  if Bytes.length b = 32 && rust_valid b 0 = 1 then Some (Bytes.copy b) else None

let to_bytes = Bytes.copy
let equal = Bytes.equal

module type Signatures = sig
  type key

  val key_of_bytes : bytes -> key option
  val verification_key : key -> bytes
  val sign : key -> nonce:bytes -> string -> bytes
  val verify : verification_key:bytes -> signature:bytes -> string -> bool
end

(* What Rust does for one of the two kinds of key. *)
module type Rust = sig
  val rust_verification_key : bytes -> bytes -> int
  val rust_sign : bytes -> bytes -> string -> int -> bytes -> int
  val rust_verify : bytes -> bytes -> string -> int -> int
end

module Make (R : Rust) : Signatures = struct
  open R

  type key = bytes

  let verification_key key = get (output 32 (rust_verification_key key))

  let key_of_bytes b =
    if Bytes.length b <> 32 then None
    else Option.map (fun _ -> Bytes.copy b) (output 32 (rust_verification_key b))

  let sign key ~nonce message =
    if Bytes.length nonce <> 80 then invalid_arg "Redjubjub.sign: the nonce has 80 bytes";
    get (output 64 (rust_sign key nonce message (String.length message)))

  let verify ~verification_key ~signature message =
    Bytes.length verification_key = 32
    && Bytes.length signature = 64
    && rust_verify verification_key signature message (String.length message) = 1
end

module Redjubjub = Make (struct
  external rust_verification_key : bytes -> bytes -> (int[@untagged])
    = "jubjub_no_bytecode" "redjubjub_verification_key"
    [@@noalloc]

  external rust_sign : bytes -> bytes -> string -> (int[@untagged]) -> bytes -> (int[@untagged])
    = "jubjub_no_bytecode" "redjubjub_sign"
    [@@noalloc]

  external rust_verify : bytes -> bytes -> string -> (int[@untagged]) -> (int[@untagged])
    = "jubjub_no_bytecode" "redjubjub_verify"
    [@@noalloc]
end)

module Redjubjub_binding = Make (struct
  external rust_verification_key : bytes -> bytes -> (int[@untagged])
    = "jubjub_no_bytecode" "redjubjub_binding_verification_key"
    [@@noalloc]

  external rust_sign : bytes -> bytes -> string -> (int[@untagged]) -> bytes -> (int[@untagged])
    = "jubjub_no_bytecode" "redjubjub_binding_sign"
    [@@noalloc]

  external rust_verify : bytes -> bytes -> string -> (int[@untagged]) -> (int[@untagged])
    = "jubjub_no_bytecode" "redjubjub_binding_verify"
    [@@noalloc]
end)

external rust_set_max_log_level : (int[@untagged]) -> (int[@untagged])
  = "jubjub_no_bytecode" "jubjub_set_max_log_level"
  [@@noalloc]

external rust_max_log_level : (int[@untagged]) -> (int[@untagged])
  = "jubjub_no_bytecode" "jubjub_max_log_level"
  [@@noalloc]

let set_max_log_level n = ignore (rust_set_max_log_level n : int)
let max_log_level () = rust_max_log_level 0
