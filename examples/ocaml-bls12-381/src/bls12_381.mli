(** The BLS12-381 pairing-friendly curves, by the Rust crate bls12_381. *)

(** A group of the pairing. *)
module type Group = sig
  (** A point of the group, of prime order. *)
  type t

  val generator : t

  (** [mul p n] is [n] times [p]; [n] counts as unsigned. *)
  val mul : t -> int64 -> t

  val add : t -> t -> t

  (** The point with this compressed encoding; [None] if there is none on the curve and
      in the group. *)
  val of_bytes : bytes -> t option

  (** The compressed encoding. *)
  val to_bytes : t -> bytes

  val equal : t -> t -> bool
end

(** Points have 48 bytes. *)
module G1 : Group

(** Points have 96 bytes. *)
module G2 : Group

(** [pairing_equal (a, b) (c, d)] is e(a, b) = e(c, d). *)
val pairing_equal : G1.t * G2.t -> G1.t * G2.t -> bool

(** Sets the maximum level of Rust's log crate, from 0 (off) to 5 (trace): one global in
    the whole program. *)
val set_max_log_level : int -> unit

val max_log_level : unit -> int
