let () =
  Foocaml.set 4;
  Printf.printf "foocaml set 4, barcaml sees %d\n" (Barcaml.get ())
