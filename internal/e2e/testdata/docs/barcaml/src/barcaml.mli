val get : unit -> int
(** The most verbose level that the log crate passes on. *)
