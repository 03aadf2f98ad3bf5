(** OCaml closures called from Rust, by the crate ocaml-interop. *)

(** [map f strings] is [Ok] of what [f] returns for each, or [Error] with the message of
    the first [Failure] or [Invalid_argument] that it raises. *)
val map : (string -> int) -> string list -> (int list, string) result
