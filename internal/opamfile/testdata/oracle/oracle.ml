(* Reads file names on standard input, one a line, and dumps for each what
   opam's own parser makes of it, in the form of dump_test.go:
   "file NAME", the items or "refused", "end". *)

open OpamParserTypes.FullPos

let quote s =
  let b = Buffer.create (String.length s + 2) in
  Buffer.add_char b '"';
  String.iter (fun c ->
      if c >= ' ' && c <= '~' && c <> '"' && c <> '\\' then Buffer.add_char b c
      else Printf.bprintf b "\\%03d" (Char.code c)) s;
  Buffer.add_char b '"';
  Buffer.contents b

let rec value v = match v.pelem with
  | Bool b -> string_of_bool b
  | Int i -> string_of_int i
  | String s -> quote s
  | Ident s -> "(ident " ^ s ^ ")"
  | List l -> node "list" (List.map value l.pelem)
  | Group l -> node "group" (List.map value l.pelem)
  | Option (v, l) -> node "option" [value v; node "filter" (List.map value l.pelem)]
  | Relop (op, a, b) -> node "relop" [OpamPrinter.FullPos.relop op; value a; value b]
  | Prefix_relop (op, a) -> node "prefix-relop" [OpamPrinter.FullPos.relop op; value a]
  | Logop (op, a, b) -> node "logop" [OpamPrinter.FullPos.logop op; value a; value b]
  | Pfxop (op, a) -> node "pfxop" [OpamPrinter.FullPos.pfxop op; value a]
  | Env_binding (a, op, b) ->
    node "env" [OpamPrinter.FullPos.env_update_op op; value a; value b]

and node name l = "(" ^ String.concat " " (name :: l) ^ ")"

let rec item i =
  let line = fst i.pos.start and last = fst i.pos.stop in
  match i.pelem with
  | Variable (name, v) -> Printf.printf "field %d %s %s\n" line name.pelem (value v)
  | Section s ->
    (* The sentinel for a file of a later format that could not be read. *)
    if s.section_kind.pelem = "#" then failwith "sentinel";
    Printf.printf "section %d-%d %s %s\n" line last s.section_kind.pelem
      (match s.section_name with None -> "-" | Some n -> quote n.pelem);
    List.iter item s.section_items.pelem;
    print_string "end-section\n"

let rec loop () = match input_line stdin with
  | exception End_of_file -> ()
  | name ->
    Printf.printf "file %s\n" name;
    (match OpamParser.FullPos.file name with
     | exception _ -> print_string "refused\n"
     | f -> (try List.iter item f.file_contents with Failure _ -> print_string "refused\n"));
    print_string "end\n";
    loop ()

let () = loop ()
