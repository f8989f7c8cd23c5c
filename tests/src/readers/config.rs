//! Configurations of a search.

use super::Reader;
use radars_search::{Config, SpaceSource, read_space};

pub(super) const READER: Reader = Reader {
    name: "config",
    read,
    seeds,
};

fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let config = match Config::from_toml(text, "config.toml") {
        Ok(config) => config,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let written = config.to_toml().expect("read from TOML");
    let again = Config::from_toml(&written, "written");
    assert_eq!(again.as_ref().ok(), Some(&config), "{again:?}\n{written}");
    let _ = config.data.streaming();
    // No file is read that a configuration names.
    if let SpaceSource::Preset(_) = &config.space
        && let Ok(space) = read_space(&config)
    {
        assert!(!space.layers().is_empty());
    }
    for epoch in [0, 1, usize::MAX] {
        assert!(config.dnas.temperature(epoch).is_finite());
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let presets = Config::PRESETS
        .iter()
        .filter_map(|n| Config::preset(n).ok());
    let written = presets.filter_map(|config| config.to_toml().ok());
    written.map(String::into_bytes).collect()
}
