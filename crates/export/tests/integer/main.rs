//! Integer inference against the fake-quantised network.
#![allow(
    clippy::unwrap_used,
    reason = "a failing unwrap is a failing test, helpers included"
)]

#[allow(dead_code, reason = "the other tests use the rest of it")]
#[path = "../forms/fixture.rs"]
mod fixture;
mod layers;
mod limits;
mod reference;
mod shapes;
