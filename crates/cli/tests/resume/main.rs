//! Runs that were left, in every way there is to leave one: killed, interrupted, out of disk, damaged.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod folder;
mod full_disk;
mod interrupted;
mod killed;
mod refused;
mod streamed;

use folder::Folder;

/// A space that trains in no time: two layers of a few channels on the embedded images.
const SPACE: &str = r#"
name = "tiny"

[choices]
kernel = [1, 3]
activation_integer = [3]
activation_fraction = [3, 6]
weight_integer = [1]
weight_fraction = [3, 6]

[[layer]]
channels = 4
stride = 2

[[layer]]
channels = 8
stride = 2
"#;

/// Flags of a search over it that takes about a second, and has a checkpoint of every kind.
const SEARCH: &str = "search --space tiny.toml --limit-train 200 --batch 8 --memory 8MiB --iterations 2 --episodes 3 \
                      --retrain 2 --proxy-epochs 1 --exact-epochs 2 --final-epochs 3 --dnas-epochs 2 --threads 1 \
                      --seed 3 --quiet";

/// An architecture of the space, as JSON.
const GIVEN: &str = r#"[
    {"kernel": 3, "activation": {"integer": 3, "fraction": 6}, "weight": {"integer": 1, "fraction": 3}},
    {"kernel": 1, "activation": {"integer": 3, "fraction": 3}, "weight": {"integer": 1, "fraction": 6}}
]"#;

/// Flags of a training of it that takes about as long.
const TRAIN: &str = "train --architecture given.json --space tiny.toml --limit-train 200 --batch 8 --memory 8MiB \
                     --epochs 40 --threads 1 --seed 3 --quiet";
