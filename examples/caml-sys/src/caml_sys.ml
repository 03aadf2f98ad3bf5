external reverse : string -> string = "csys_reverse"
external raw_fields : 'a -> int = "csys_fields" [@@noalloc]

let fields v = match raw_fields v with -1 -> None | n -> Some n
