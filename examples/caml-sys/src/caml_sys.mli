(** Raw OCaml values in Rust, by the crate ocaml-sys. *)

(** The bytes of a string in reverse order. *)
val reverse : string -> string

(** The number of words of a block, after its header; [None] for what is no block. *)
val fields : 'a -> int option
