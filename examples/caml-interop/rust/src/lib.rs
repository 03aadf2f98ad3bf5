//! What the OCaml library Caml_interop calls: ocaml-interop's types say which values
//! the collector may move, and BoxRoot keeps them.

use ocaml_interop::{BoxRoot, OCaml, OCamlInt, OCamlList, OCamlRuntime, ToOCaml};

/// Calls an OCaml closure on each string, until one raises.
#[ocaml_interop::export]
fn cinterop_map(
    cr: &mut OCamlRuntime,
    f: BoxRoot<fn(String) -> OCamlInt>,
    strings: BoxRoot<OCamlList<String>>,
) -> OCaml<Result<OCamlList<OCamlInt>, String>> {
    let strings: Vec<String> = strings.to_rust(cr);
    let results: Result<Vec<i64>, String> = strings
        .iter()
        .map(|string| match f.try_call(cr, string) {
            Ok(n) => Ok(n.to_rust()),
            Err(e) => Err(e.message().unwrap_or_else(|| "an exception".into())),
        })
        .collect();
    results.to_ocaml(cr)
}
