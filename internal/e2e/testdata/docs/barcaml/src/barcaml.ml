external get : (int[@untagged]) -> (int[@untagged]) = "no_bytecode" "barcaml_get" [@@noalloc]

let get () = get 0
