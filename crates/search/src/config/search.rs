//! The part of a configuration that says how Algorithm 1 is carried out.

use super::{SnRule, size};
use bytesize::ByteSize;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Algorithm 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchConfig {
    /// `Ep`: most iterations of exploration and exploitation.
    pub iterations: usize,
    /// `N`: episodes of an exploration.
    pub episodes: usize,
    /// `P`: the best architectures that are re-trained, and the most that span the SuperNet.
    pub retrain: usize,
    /// Whether the first episodes try designed architectures instead of sampled ones, and the sampler learns from them.
    #[serde(default)]
    pub designs: bool,
    /// By which rewards those that are re-trained and those that span the SuperNet are chosen.
    #[serde(default)]
    pub rewards: Rewards,
    /// Whether a model of what was measured proposes architectures and estimates what they are worth; else each is
    /// worth what its own measurement says.
    #[serde(default)]
    pub predictor: bool,
    /// Which of those span the SuperNet.
    #[serde(default)]
    pub sn_rule: SnRule,
    /// `C`: best architectures kept for the report.
    pub keep: usize,
    /// `Tar`: the search ends when an exact reward reaches it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target: Option<f64>,
    /// The reward of an architecture that does not fit the bound or the limits; none for one that no architecture
    /// falls below, see [`Problem::penalty`](crate::Problem::penalty).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub penalty: Option<f64>,
    /// Most that a search may spend, in multiply-accumulates of training (a step counts three times its forward
    /// pass, an evaluation once). It is never exceeded; methods other than RADARS then sample until it is
    /// used up, whatever `iterations` and `episodes` say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub budget: Option<u64>,
    /// Exploration's share of the bound, so that both phases can run side by side; none gives all of it to
    /// one phase after the other.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        serialize_with = "size::exact_of_some"
    )]
    pub exploration_memory: Option<ByteSize>,
}

impl SearchConfig {
    /// The same, with Algorithm 1 carried out to the letter: every episode samples, re-training replaces rewards in R
    /// (lines 10-11), and SN is a prefix of R (lines 13-18).
    #[must_use]
    pub fn to_the_letter(self) -> Self {
        SearchConfig {
            designs: false,
            rewards: Rewards::Updated,
            predictor: false,
            sn_rule: SnRule::Prefix,
            ..self
        }
    }
}

/// By which rewards exploitation chooses: what is re-trained (lines 9-11 of Algorithm 1), and what spans SN (line 13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rewards {
    /// The best `P` of all by proxy reward are re-trained, those that are not yet, and span SN, the best exact reward
    /// first: what an exact reward says of one of them changes nothing in later iterations.
    #[default]
    Proxy,
    /// Algorithm 1 to the letter: a re-training replaces the reward of an architecture in R, in which proxy and exact
    /// rewards then stand side by side; the best `P` of R are re-trained, those that are not yet, and span SN.
    Updated,
    /// Of those that are not re-trained yet, the best `P` are; SN is of the best `P` of all exact rewards, whatever
    /// iteration they are of, architectures that DNAS derived among them.
    Pooled,
}

impl Rewards {
    /// All of them.
    pub const ALL: [Rewards; 3] = [Rewards::Proxy, Rewards::Updated, Rewards::Pooled];

    /// Its name, as on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Rewards::Proxy => "proxy",
            Rewards::Updated => "updated",
            Rewards::Pooled => "pooled",
        }
    }
}

impl fmt::Display for Rewards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Rewards {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |rewards: &Rewards| rewards.name() == text;
        Rewards::ALL.into_iter().find(named).ok_or_else(|| {
            let names = Rewards::ALL.map(Rewards::name);
            format!("`{text}` is none of {}", names.join(", "))
        })
    }
}
