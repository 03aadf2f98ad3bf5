let failed = ref false

let check name ok =
  Printf.printf "%-58s %s\n" name (if ok then "ok" else "FAILED");
  if not ok then failed := true

let raises e f = match f () with _ -> false | exception e' -> e = e'

let sys () =
  let long = String.init 1_000_000 (fun i -> Char.chr (i land 255)) in
  check "ocaml-sys: a string in reverse" (Caml_sys.reverse "opam\000cargo" = "ograc\000mapo");
  check "ocaml-sys: twice, a long one" (Caml_sys.reverse (Caml_sys.reverse long) = long);
  check "ocaml-sys: the words of a tuple" (Caml_sys.fields (1, 2, 3) = Some 3 && Caml_sys.fields 1 = None)

let rs () =
  let open Caml_rs in
  check "ocaml: a record of a float array"
    (summary [| 1.; 2.; 6. |] = { count = 3; mean = 3.; text = "3 numbers, 3.00 on average" });
  check "ocaml: Err is an exception"
    (raises (Invalid_argument "Caml_rs.summary: no numbers") (fun () -> summary [||]));
  check "ocaml: and one that OCaml defines" (raises Not_a_number (fun () -> summary [| 1.; nan |]))

let interop () =
  let strings = List.init 1000 (fun i -> String.make i 'x') in
  let length s = Gc.minor (); String.length s in
  check "ocaml-interop: a closure called from Rust" (Caml_interop.map length strings = Ok (List.init 1000 Fun.id));
  let seen = ref 0 in
  let count s = incr seen; int_of_string s in
  check "ocaml-interop: that raises" (Caml_interop.map count [ "1"; "two"; "3" ] = Error "int_of_string" && !seen = 2);
  (* Three of the crates on one stack. *)
  let rec depth n =
    if n = 0 then (Caml_rs.summary [| 0. |]).count
    else
      match Caml_interop.map (fun s -> depth (n - 1) + String.length s) [ Caml_sys.reverse "x" ] with
      | Ok [ d ] -> d
      | _ -> 0
  in
  check "ocaml-interop: a hundred deep, with the others inside" (depth 100 = 101)

let boxroot () =
  let finalised = ref 0 in
  let value i =
    let s = Bytes.of_string (string_of_int i) in
    Gc.finalise (fun _ -> incr finalised) s;
    s
  in
  let kept = List.init 1000 (fun i -> Caml_boxroot.keep (value i)) in
  let same () = List.for_all2 (fun k i -> Bytes.to_string (Caml_boxroot.get k) = string_of_int i) kept (List.init 1000 Fun.id) in
  Gc.minor ();
  check "ocaml-boxroot-sys: values kept while they move" (same ());
  Gc.compact ();
  check "ocaml-boxroot-sys: and through a compaction" (same () && !finalised = 0);
  List.iter Caml_boxroot.drop kept;
  Gc.full_major ();
  check "ocaml-boxroot-sys: and let go" (!finalised = 1000)

let () =
  (* caml-interop sets up the C part of ocaml-boxroot-sys, and caml-boxroot sees it. *)
  let before = Caml_boxroot.running () in
  ignore (Caml_interop.map String.length [ "x" ]);
  check "one boxroot: set up by one binding, seen by another" ((not before) && Caml_boxroot.running ());
  sys ();
  rs ();
  interop ();
  boxroot ();
  if !failed then exit 1
