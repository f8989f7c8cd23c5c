//! What a fuzz target begins with, put where `cargo xtask fuzz` says.

use super::READERS;
use std::collections::BTreeSet;
use std::io::Result;
use std::path::PathBuf;

/// Writes the seeds of a reader into the folder `RADARS_SEEDS`, and the words in them into the file `RADARS_WORDS`, in
/// the form of libFuzzer's dictionaries. Does nothing where these are not set: when a single file is looked at again.
///
/// # Panics
/// Where it cannot write.
pub fn place(name: &str) {
    let place = |variable| std::env::var_os(variable).map(PathBuf::from);
    let (Some(seeds), Some(words)) = (place("RADARS_SEEDS"), place("RADARS_WORDS")) else {
        return;
    };
    for reader in READERS.iter().filter(|reader| reader.name == name) {
        let files = (reader.seeds)();
        let write = || -> Result<()> {
            for (index, file) in files.iter().enumerate() {
                std::fs::write(seeds.join(format!("seed-{index}")), file)?;
            }
            std::fs::write(&words, dictionary(&files))
        };
        write().expect("room for the seeds");
    }
}

/// What numbers may be that are hard to bear.
const NUMBERS: [&str; 8] = [
    "-1",
    "1e-320",
    "1e999",
    "nan",
    "65536",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
];

/// The words of all files, and difficult numbers, one a line.
fn dictionary(files: &[Vec<u8>]) -> String {
    let mut words: BTreeSet<String> = NUMBERS.map(String::from).into();
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    for file in files {
        let text = String::from_utf8_lossy(file);
        let of_file = text.split(|c| !is_word(c));
        let of_file = of_file.filter(|word| (3..=24).contains(&word.len()));
        words.extend(of_file.map(String::from));
    }
    words.iter().map(|word| format!("\"{word}\"\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_has_each_word_of_a_text_once() {
        let files = [b"name = \"a-b\"\nname = 1\n".to_vec(), vec![0xff, b'a']];
        let words = dictionary(&files);
        let own: Vec<&str> = words.lines().filter(|w| w.contains('a')).collect();
        assert_eq!(own, ["\"a-b\"", "\"name\"", "\"nan\""]);
        assert_eq!(words.lines().count(), NUMBERS.len() + 2);
    }
}
