//! The CPU backend against plain loops, its own composed forms, other thread counts and the other ISA.
// The functions that tests share unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod batch_norms;
mod codes;
mod elementwise;
mod every_method;
mod fake_quantised_convolutions;
mod fixture;
mod images;
mod invariance;
mod kernel_merges;
mod losses;
mod mixtures;
mod optimizers;
mod overrides;
mod pools;
mod products;
mod reductions;
