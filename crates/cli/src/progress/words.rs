//! Parts of events as text.

use crate::quantity::bytes;
use radars_search::{Fidelity, Memory, Refusal};
use radars_supernet::Recompute;

/// A fidelity.
pub fn name(fidelity: Fidelity) -> &'static str {
    match fidelity {
        Fidelity::Proxy => "proxy",
        Fidelity::Exact => "exact",
        Fidelity::Final => "final",
    }
}

/// What a training took.
pub fn in_words(memory: Memory) -> String {
    format!(
        ", peak {} of planned {}",
        bytes(memory.actual_peak_bytes),
        bytes(memory.planned_peak_bytes)
    )
}

/// Why something was not trained.
pub fn refusal_in_words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::OverBound {
            needed_bytes,
            bound_bytes,
        } => {
            format!(
                "not trained: needs {} of a bound of {}",
                bytes(*needed_bytes),
                bytes(*bound_bytes)
            )
        }
        Refusal::OverLimit { what, value, limit } => {
            format!("not trained: {value} {what} are over the limit of {limit}")
        }
    }
}

/// Which layers are computed again on the way back; nothing where all are kept.
pub fn recomputed(layers: Recompute) -> String {
    match layers.is_empty() {
        true => String::new(),
        false => format!(", {layers} recomputed"),
    }
}

/// A loss, which is none when it is not a number.
pub fn number(loss: Option<f64>) -> String {
    loss.map_or_else(|| "not a number".to_owned(), |loss| format!("{loss:.4}"))
}
