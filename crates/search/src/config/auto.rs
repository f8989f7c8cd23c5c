//! Settings that the planner may decide: a value, or `auto`.

use radars_space::Candidate;
use radars_supernet::Mixing;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The word that leaves a setting to the planner.
const AUTO: &str = "auto";

/// How a SuperNet holds its mixtures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MixingChoice {
    /// For every SuperNet, of the ways that give each candidate weights of its own, the one of the fewest
    /// multiply-accumulates that fits the bound. They all compute the same mixture; the factorised one is
    /// another, of more paths, and never chosen.
    Auto,
    /// This way.
    Fixed(Mixing),
}

impl MixingChoice {
    /// The ways that it may come to for these candidates.
    pub fn ways(self, candidates: &[Vec<Candidate>]) -> Vec<Mixing> {
        match self {
            MixingChoice::Auto => {
                let exact = Mixing::ALL.into_iter();
                exact.filter(|mixing| mixing.is_exact(candidates)).collect()
            }
            MixingChoice::Fixed(mixing) => vec![mixing],
        }
    }

    /// What is valid, in words.
    pub fn valid() -> String {
        let names = Mixing::ALL.map(|mixing| mixing.to_string());
        format!("{AUTO}, {}", names.join(", "))
    }
}

impl From<Mixing> for MixingChoice {
    fn from(mixing: Mixing) -> Self {
        MixingChoice::Fixed(mixing)
    }
}

impl fmt::Display for MixingChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MixingChoice::Auto => f.write_str(AUTO),
            MixingChoice::Fixed(mixing) => mixing.fmt(f),
        }
    }
}

impl FromStr for MixingChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == AUTO {
            return Ok(MixingChoice::Auto);
        }
        let named = |mixing: &Mixing| mixing.to_string() == text;
        let mixing = Mixing::ALL.into_iter().find(named);
        mixing
            .map(MixingChoice::Fixed)
            .ok_or_else(|| format!("the modes are {}", MixingChoice::valid()))
    }
}

impl Serialize for MixingChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MixingChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// How many images of a step are on the device at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MicroBatch {
    /// For every training the most that fit the bound: the whole batch, else half of it, and so on.
    Auto,
    /// So many.
    Images(usize),
}

impl MicroBatch {
    /// The least that [`MicroBatch::Auto`] comes to: of fewer images the statistics of a batch norm say little.
    pub const LEAST: usize = 4;

    /// The sizes that it may come to for a batch, in the order they are tried.
    pub fn sizes(self, batch: usize) -> Vec<usize> {
        match self {
            MicroBatch::Images(images) => vec![images.min(batch)],
            MicroBatch::Auto => {
                let mut sizes = vec![batch];
                let mut half = batch.div_ceil(2);
                while half >= Self::LEAST && half < sizes[sizes.len() - 1] {
                    sizes.push(half);
                    half = half.div_ceil(2);
                }
                sizes
            }
        }
    }
}

impl fmt::Display for MicroBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MicroBatch::Auto => f.write_str(AUTO),
            MicroBatch::Images(images) => images.fmt(f),
        }
    }
}

impl FromStr for MicroBatch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            AUTO => Ok(MicroBatch::Auto),
            _ => (text.parse().map(MicroBatch::Images))
                .map_err(|_| format!("a number of images or `{AUTO}` is valid")),
        }
    }
}

impl Serialize for MicroBatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            MicroBatch::Auto => serializer.serialize_str(AUTO),
            MicroBatch::Images(images) => images.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for MicroBatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;

        impl Visitor<'_> for Reads {
            type Value = MicroBatch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a number of images or \"{AUTO}\"")
            }

            fn visit_u64<E: de::Error>(self, images: u64) -> Result<MicroBatch, E> {
                let images = usize::try_from(images);
                images.map(MicroBatch::Images).map_err(de::Error::custom)
            }

            fn visit_i64<E: de::Error>(self, images: i64) -> Result<MicroBatch, E> {
                match u64::try_from(images) {
                    Ok(images) => self.visit_u64(images),
                    Err(_) => {
                        let found = de::Unexpected::Signed(images);
                        Err(de::Error::invalid_value(found, &self))
                    }
                }
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<MicroBatch, E> {
                match text {
                    AUTO => Ok(MicroBatch::Auto),
                    _ => Err(de::Error::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(Reads)
    }
}

/// Whether layers may be computed again on the way back of a training step instead of being kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recomputation {
    /// All layers are kept: the paper's.
    #[default]
    None,
    /// For every training that does not fit the bound otherwise, those layers that cost the fewest
    /// multiply-accumulates of all that make it fit. No result changes by a bit.
    Auto,
}

impl Recomputation {
    /// What is valid, in words.
    pub const VALID: &str = "none, auto";
}

impl fmt::Display for Recomputation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Recomputation::None => "none",
            Recomputation::Auto => AUTO,
        })
    }
}

impl FromStr for Recomputation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Recomputation::None),
            AUTO => Ok(Recomputation::Auto),
            _ => Err(format!("valid are {}", Recomputation::VALID)),
        }
    }
}

/// Which of the best architectures span a SuperNet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnRule {
    /// The best by exact reward, in order, up to the first that does not fit: the paper's.
    #[default]
    Prefix,
    /// Those, and of the rest, in order, every one that fits beside what is there already.
    Pack,
}

impl SnRule {
    /// Both.
    pub const ALL: [SnRule; 2] = [SnRule::Prefix, SnRule::Pack];
}

impl fmt::Display for SnRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SnRule::Prefix => "prefix",
            SnRule::Pack => "pack",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    /// Whole, then halves rounded up, never below 4.
    #[test]
    fn auto_tries_halves_down_to_the_least() {
        assert_eq!(MicroBatch::Auto.sizes(128), [128, 64, 32, 16, 8, 4]);
        assert_eq!(MicroBatch::Auto.sizes(30), [30, 15, 8, 4]);
        assert_eq!(MicroBatch::Auto.sizes(7), [7, 4]);
        assert_eq!(MicroBatch::Auto.sizes(4), [4]);
        assert_eq!(MicroBatch::Auto.sizes(1), [1]);
        assert_eq!(MicroBatch::Images(10).sizes(32), [10]);
        assert_eq!(MicroBatch::Images(64).sizes(32), [32]);
    }

    #[test]
    fn auto_never_comes_to_another_mixture() {
        let ways = MixingChoice::Auto.ways(&[]);
        assert_eq!(ways, [Mixing::Materialised, Mixing::Merged]);
    }

    #[test]
    fn values_and_auto_survive_a_file() {
        let (none, auto) = (Recomputation::None, Recomputation::Auto);
        for (mixing, micro_batch, recompute, rule) in [
            (
                MixingChoice::Auto,
                Some(MicroBatch::Auto),
                auto,
                SnRule::Pack,
            ),
            (
                Mixing::Factorised.into(),
                Some(MicroBatch::Images(16)),
                none,
                SnRule::Prefix,
            ),
            (Mixing::Materialised.into(), None, auto, SnRule::Prefix),
        ] {
            let mut config = Config::preset("fashion-small").unwrap();
            (config.mixing, config.micro_batch) = (mixing, micro_batch);
            config.recompute = recompute;
            config.search.sn_rule = rule;
            let text = config.to_toml().unwrap();
            assert_eq!(Config::from_toml(&text, "it").unwrap(), config, "{text}");
        }
    }

    #[test]
    fn what_a_file_says_wrong_is_said_with_what_would_be_right() {
        let preset = Config::preset("fashion-small").unwrap().to_toml().unwrap();
        let wrong = |line: &str| {
            let text = format!("{line}\n{preset}");
            Config::from_toml(&text, "it").unwrap_err().to_string()
        };
        assert!(wrong("micro_batch = \"all\"").contains("a number of images or \"auto\""));
        assert!(wrong("micro_batch = -1").contains("a number of images or \"auto\""));
        // A configuration without a word about it is one of before there was the setting.
        let without = preset.replace("recompute = \"none\"\n", "");
        assert_ne!(without, preset);
        let config = Config::from_toml(&without, "it").unwrap();
        assert_eq!(config.recompute, Recomputation::None);
        let all = preset.replace("recompute = \"none\"", "recompute = \"all\"");
        let error = Config::from_toml(&all, "it").unwrap_err().to_string();
        assert!(error.contains("`none` or `auto`"), "{error}");
        let preset = preset.replace("mixing = \"merged\"", "mixing = \"single\"");
        let error = Config::from_toml(&preset, "it").unwrap_err().to_string();
        assert!(error.contains("auto, materialised"), "{error}");
    }
}
