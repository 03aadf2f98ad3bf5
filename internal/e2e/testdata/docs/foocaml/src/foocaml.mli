val set : int -> unit
(** Sets the most verbose level that the log crate passes on. *)
