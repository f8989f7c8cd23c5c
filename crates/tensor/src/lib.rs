//! Placeholder.
pub mod random;
