//! Gradients of every operation: smooth ones against central differences, straight-through estimators
//! against their written formula.
#![allow(clippy::unwrap_used, reason = "a test may panic, its functions too")]

mod checker;
mod elementwise;
mod fake_quantised;
mod images;
mod mixtures;
mod normalisation;
mod products;
mod straight_through;
