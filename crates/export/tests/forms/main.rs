//! The forms of a trained network.
#![allow(
    clippy::unwrap_used,
    reason = "a failing unwrap is a failing test, helpers included"
)]

mod fixture;
mod model_file;
mod onnx;
mod reference;
mod tract;
mod words;
