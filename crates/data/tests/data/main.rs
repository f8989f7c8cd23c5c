//! Tests of radars-data from outside, against files built byte by byte.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod cifar;
mod embedded;
mod files;
mod garbage;
mod idx;
mod image_files;
mod image_folder;
mod loader;
mod splits;
mod streamed;
mod streamed_garbage;
