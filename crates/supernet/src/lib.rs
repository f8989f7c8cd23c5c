//! Child networks and SuperNets of a search space.
mod mixing;

pub use mixing::Mixing;
