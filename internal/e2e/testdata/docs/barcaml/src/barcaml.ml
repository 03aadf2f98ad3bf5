external get : (int[@untagged]) -> (int[@untagged]) = "barcaml_get_byte" "barcaml_get" [@@noalloc]

let get () = get 0
