//! The repository keeps its own rules: the same check as `cargo xtask tidy`.

use std::path::Path;

#[test]
fn the_repository_keeps_its_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the root");
    let findings = xtask::tidy::check(root).expect("the tree and its manifests can be read");
    let listing: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(
        listing.is_empty(),
        "{} findings:\n{}",
        listing.len(),
        listing.join("\n")
    );
}
