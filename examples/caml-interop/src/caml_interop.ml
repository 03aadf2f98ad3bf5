external map : (string -> int) -> string list -> (int list, string) result = "cinterop_map"
