external set : (int[@untagged]) -> (int[@untagged]) = "foocaml_set_byte" "foocaml_set" [@@noalloc]

let set n = ignore (set n)
