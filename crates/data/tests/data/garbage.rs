//! Random damage: a truncated file is always an error, and nothing ever panics.

use std::fs;
use std::path::{Path, PathBuf};

use radars_data::{Data, LoadOptions};
use radars_tensor::random::Seed;
use rand::RngExt;
use tempfile::tempdir;

use crate::files::{write_cifar, write_idx, write_image_folder};

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files.retain(|path| path.extension().is_none_or(|extension| extension != "txt"));
    files.sort();
    files
}

const WRITERS: [fn(&Path); 3] = [write_idx, write_cifar, write_image_folder];

#[test]
fn every_truncation_is_an_error_that_names_the_file() {
    for (kind, write) in WRITERS.into_iter().enumerate() {
        let folder = tempdir().unwrap();
        write(folder.path());
        for (number, path) in files_below(folder.path()).into_iter().enumerate() {
            let whole = fs::read(&path).unwrap();
            let mut random = Seed(kind as u64).stream("truncate", number as u64);
            let random_cuts = (0..25).map(|_| random.random_range(0..whole.len()));
            for len in random_cuts.chain([0, 1, 3, 4, 7, 8, whole.len() - 1]) {
                if len > 0 && len % 3073 == 0 && whole.len() % 3073 == 0 {
                    continue; // A CIFAR file cut between records is a smaller CIFAR file.
                }
                fs::write(&path, &whole[..len]).unwrap();
                match Data::open(folder.path(), &LoadOptions::default()) {
                    Ok(_) => panic!(
                        "{} cut to {len} of {} bytes was accepted",
                        path.display(),
                        whole.len()
                    ),
                    Err(error) => {
                        let name = path.file_name().unwrap().to_str().unwrap();
                        assert!(
                            error.to_string().contains(name),
                            "`{error}` does not name {name}"
                        );
                    }
                }
            }
            fs::write(&path, &whole).unwrap();
        }
        assert!(Data::open(folder.path(), &LoadOptions::default()).is_ok());
    }
}

#[test]
fn random_bytes_never_panic() {
    for (kind, write) in WRITERS.into_iter().enumerate() {
        let folder = tempdir().unwrap();
        write(folder.path());
        for (number, path) in files_below(folder.path()).into_iter().enumerate() {
            let whole = fs::read(&path).unwrap();
            let mut random = Seed(kind as u64).stream("damage", number as u64);
            for _ in 0..40 {
                let mut bytes = whole.clone();
                for _ in 0..random.random_range(1..8) {
                    // The header is where damage does most.
                    let end = if random.random() {
                        bytes.len()
                    } else {
                        bytes.len().min(64)
                    };
                    let place = random.random_range(0..end);
                    bytes[place] = random.random();
                }
                fs::write(&path, &bytes).unwrap();
                // Damage to pixels cannot be noticed; only the absence of a panic is asked for.
                let _ = Data::open(folder.path(), &LoadOptions::default());
            }
            fs::write(&path, &whole).unwrap();
        }
    }
}
