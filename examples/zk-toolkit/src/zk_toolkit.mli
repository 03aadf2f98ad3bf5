(** Hexadecimal and signatures, over {!Jubjub}. *)

val to_hex : bytes -> string

(** Raises [Invalid_argument] on what is no hexadecimal. *)
val of_hex : string -> bytes

(** A signer of strings. *)
type signer

(** The signer with this signing key in hexadecimal; [None] if it is no key. *)
val signer : string -> signer option

(** The verification key, in hexadecimal. *)
val public : signer -> string

(** [sign signer ~nonce message], in hexadecimal; see {!Jubjub.Redjubjub.sign}. *)
val sign : signer -> nonce:bytes -> string -> string

(** [verify ~public ~signature message], both in hexadecimal. *)
val verify : public:string -> signature:string -> string -> bool

(** Rust's log level, as {!Jubjub} sees and sets it. *)
val log_level : unit -> int

val set_log_level : int -> unit
