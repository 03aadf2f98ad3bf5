//! What the OCaml library Caml_rs calls: ocaml::func turns arguments and results into
//! Rust's and back, and raises an Err as an exception.

use ocaml::{Array, CamlError, Error, Int, ToValue};

/// The record Caml_rs.summary.
#[derive(ToValue)]
pub struct Summary {
    count: Int,
    mean: f64,
    text: String,
}

#[ocaml::func]
pub fn crs_summary(numbers: Array<f64>) -> Result<Summary, Error> {
    if numbers.is_empty() {
        return Err(CamlError::InvalidArgument("Caml_rs.summary: no numbers").into());
    }
    let mut sum = 0.0;
    for i in 0..numbers.len() {
        let n = numbers.get_f64(i)?;
        if n.is_nan() {
            Error::raise("Caml_rs.Not_a_number")?;
        }
        sum += n;
    }
    let mean = sum / numbers.len() as f64;
    Ok(Summary {
        count: numbers.len() as Int,
        mean,
        text: format!("{} numbers, {mean:.2} on average", numbers.len()),
    })
}
