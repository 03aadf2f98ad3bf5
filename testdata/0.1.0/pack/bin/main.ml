let () = Printf.printf "got %d\n" (Foocaml.v ())
