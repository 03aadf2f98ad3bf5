external v : unit -> int = "foo_v"
