type 'a t = { number : int; mutable dropped : bool }

external rust_keep : 'a -> int = "cboxroot_keep"
external rust_get : int -> 'a = "cboxroot_get"
external rust_drop : int -> unit = "cboxroot_drop"
external running : unit -> bool = "cboxroot_running"

let keep (v : 'a) : 'a t =
  match rust_keep v with -1 -> raise Out_of_memory | number -> { number; dropped = false }

let get (k : 'a t) : 'a =
  if k.dropped then invalid_arg "Caml_boxroot.get: dropped";
  rust_get k.number

let drop k =
  if not k.dropped then rust_drop k.number;
  k.dropped <- true
