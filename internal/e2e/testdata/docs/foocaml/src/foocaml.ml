external set : (int[@untagged]) -> (int[@untagged]) = "no_bytecode" "foocaml_set" [@@noalloc]

let set n = ignore (set n)
