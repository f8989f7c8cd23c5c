//! The single-path SuperNet: what a step trains and leaves alone, what it takes on the device, what goes to and
//! fro, and what a path inherits.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod inheritance;
mod memory;
mod steps;
