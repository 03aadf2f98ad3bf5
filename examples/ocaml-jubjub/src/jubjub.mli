(** The curve Jubjub, embedded in BLS12-381, and RedJubjub signatures over it, by the
    Rust crates jubjub and redjubjub. *)

(** A point of the prime-order subgroup. *)
type t

val generator : t

(** [mul p n] is [n] times [p]. [n] must not be negative. *)
val mul : t -> int -> t

(** The point with this compressed encoding of 32 bytes; [None] if there is none in the
    subgroup. *)
val of_bytes : bytes -> t option

val to_bytes : t -> bytes
val equal : t -> t -> bool

(** RedJubjub signatures, as in the Zcash protocol. *)
module type Signatures = sig
  (** A signing key. *)
  type key

  (** The key with these 32 bytes; [None] if they are no scalar below the group's order. *)
  val key_of_bytes : bytes -> key option

  (** The 32 bytes of the verification key. *)
  val verification_key : key -> bytes

  (** [sign key ~nonce message] has 64 bytes. [nonce] has 80, and must be random and never
      used for another message: the protocol's T. *)
  val sign : key -> nonce:bytes -> string -> bytes

  val verify : verification_key:bytes -> signature:bytes -> string -> bool
end

(** Spend authorization signatures. *)
module Redjubjub : Signatures

(** Binding signatures: over another generator, so that a key of one kind verifies
    nothing of the other. *)
module Redjubjub_binding : Signatures

(** Sets the maximum level of Rust's log crate, from 0 (off) to 5 (trace): one global in
    the whole program. *)
val set_max_log_level : int -> unit

val max_log_level : unit -> int
