(** Records and exceptions out of Rust, by the crate ocaml (ocaml-rs). *)

type summary = { count : int; mean : float; text : string }

exception Not_a_number

(** Raises [Invalid_argument] for an empty array, and {!Not_a_number} if one is none. *)
val summary : float array -> summary
