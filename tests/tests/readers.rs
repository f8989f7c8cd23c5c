//! Files that were damaged a little: no reader panics, and what it still reads comes back from its written form.
//!
//! `cargo xtask fuzz` looks at the same readers for as long as one likes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_tensor::random::Seed;
use radars_tests::readers::READERS;
use rand::{Rng, RngExt};
use std::panic::catch_unwind;
use std::path::Path;

/// Damaged files of each reader.
const FILES: u64 = 200;

/// What numbers in a text are replaced by.
const NUMBERS: [&str; 9] = [
    "0",
    "-1",
    "1e-320",
    "1e999",
    "nan",
    "65536",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
];

#[test]
fn damaged_files_are_refused_or_read_and_nothing_panics() {
    for reader in READERS {
        let seeds = (reader.seeds)();
        assert!(!seeds.is_empty(), "{}", reader.name);
        for seed in &seeds {
            (reader.read)(seed);
        }
        for index in 0..FILES {
            let mut random = Seed(index).stream(reader.name, 0);
            let mut file = seeds[index as usize % seeds.len()].clone();
            for _ in 0..random.random_range(1..4) {
                damage(&mut file, &seeds, &mut random);
            }
            if catch_unwind(|| (reader.read)(&file)).is_err() {
                let shown = String::from_utf8_lossy(&file);
                panic!("{}, file {index}: it panics on\n{shown}", reader.name);
            }
        }
    }
}

/// Changes one thing.
fn damage(file: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut impl Rng) {
    if file.is_empty() {
        return file.push(random.random());
    }
    let from = random.random_range(0..file.len());
    let to = file.len().min(from + random.random_range(1..40));
    match random.random_range(0..8) {
        0 => file[from] ^= 1 << random.random_range(0..8),
        1 => file[from] = random.random(),
        2 => drop(file.drain(from..to)),
        3 => {
            let twice = file[from..to].to_vec();
            file.splice(to..to, twice);
        }
        4 => file.truncate(from),
        5 => {
            let other = &seeds[random.random_range(0..seeds.len())];
            let start = random.random_range(0..other.len());
            let end = other.len().min(start + 40);
            file.splice(from..to, other[start..end].iter().copied());
        }
        _ => {
            // The first number from here on.
            let digit = |byte: &u8| byte.is_ascii_digit();
            if let Some(start) = file[from..].iter().position(digit) {
                let start = from + start;
                let length = file[start..].iter().take_while(|byte| digit(byte)).count();
                let number = NUMBERS[random.random_range(0..NUMBERS.len())];
                file.splice(start..start + length, number.bytes());
            }
        }
    }
}

#[test]
fn every_reader_has_a_fuzz_target_and_every_target_a_reader() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/targets");
    let targets = std::fs::read_dir(folder).unwrap();
    let mut targets: Vec<String> = targets
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    targets.sort();
    let readers: Vec<&str> = READERS.iter().map(|reader| reader.name).collect();
    assert_eq!(targets, readers);
}
