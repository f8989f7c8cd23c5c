//! Nothing but a place for tests that cross crates: they are in `tests/`.
