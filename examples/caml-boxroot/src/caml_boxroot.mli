(** OCaml values that Rust keeps alive, by the crate ocaml-boxroot-sys. *)

(** A value that is in Rust's hands alone. *)
type 'a t

val keep : 'a -> 'a t

(** Raises [Invalid_argument] after {!drop}. *)
val get : 'a t -> 'a

val drop : 'a t -> unit

(** Has boxroot been set up, which the first root in the program does? *)
val running : unit -> bool
