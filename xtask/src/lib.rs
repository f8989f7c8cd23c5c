//! The repository's own rules, as a library.
//!
//! `cargo xtask tidy` and the test `tests/tests/tidy.rs` both call [`tidy::check`], so that a rule
//! broken on a laptop is the same rule that is broken in `cargo test --workspace`.
//!
//! ```no_run
//! let findings = xtask::tidy::check(std::path::Path::new("."))?;
//! for finding in &findings {
//!     eprintln!("{finding}");
//! }
//! # Ok::<(), xtask::tidy::Error>(())
//! ```

pub mod tidy;
