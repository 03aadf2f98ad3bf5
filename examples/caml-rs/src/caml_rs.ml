type summary = { count : int; mean : float; text : string }

exception Not_a_number

let () = Callback.register_exception "Caml_rs.Not_a_number" Not_a_number

external summary : float array -> summary = "crs_summary"
