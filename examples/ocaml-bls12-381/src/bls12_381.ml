module type Group = sig
  type t

  val generator : t
  val mul : t -> int64 -> t
  val add : t -> t -> t
  val of_bytes : bytes -> t option
  val to_bytes : t -> bytes
  val equal : t -> t -> bool
end

(* A point is its compressed encoding, known to be valid. *)

module G1 = struct
  type t = string

  external generator : unit -> t = "caml_bls12_381_g1_generator"
  external mul : t -> int64 -> t = "caml_bls12_381_g1_mul"
  external add : t -> t -> t = "caml_bls12_381_g1_add"
  external valid : string -> bool = "caml_bls12_381_g1_valid"

  let generator = generator ()

  let of_bytes b =
    let s = Bytes.to_string b in
    if String.length s = 48 && valid s then Some s else None

  let to_bytes = Bytes.of_string
  let equal = String.equal
end

module G2 = struct
  type t = string

  external generator : unit -> t = "caml_bls12_381_g2_generator"
  external mul : t -> int64 -> t = "caml_bls12_381_g2_mul"
  external add : t -> t -> t = "caml_bls12_381_g2_add"
  external valid : string -> bool = "caml_bls12_381_g2_valid"

  let generator = generator ()

  let of_bytes b =
    let s = Bytes.to_string b in
    if String.length s = 96 && valid s then Some s else None

  let to_bytes = Bytes.of_string
  let equal = String.equal
end

external pairing_equal : G1.t -> G2.t -> G1.t -> G2.t -> bool
  = "caml_bls12_381_pairing_equal"

let pairing_equal (a, b) (c, d) = pairing_equal a b c d

external set_max_log_level : int -> unit = "caml_bls12_381_set_max_log_level"
external max_log_level : unit -> int = "caml_bls12_381_max_log_level"
