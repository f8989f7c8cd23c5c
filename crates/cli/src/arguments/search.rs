//! `radars search`.

use super::parsers::{count, duration, finite, positive, share, size};
use super::{DeviceArgs, OriginalArgs, TaskArgs};
use bytesize::ByteSize;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use radars_search::{Method, MixingChoice, Rewards, SnRule};
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  radars search
      the default: the embedded images, a narrow Table I, minutes on two cores
  radars search --memory 96MiB --seed 3 --out runs/third
      under another bound, with other randomness, into a folder of your choice
  radars search --preset cifar10-quant --data cifar10 --time-limit 48h
      Table I of the paper on a folder of CIFAR-10; after two days, the final training of the best so far
  radars search --space my.toml --data my-images --iterations 1 --episodes 4 --retrain 2
      your own space and images, briefly
  radars search --config runs/third/config.toml
      the same run again: same fingerprint

  radars search --resume runs/third
      goes on where that run was left
  radars search --paper --reward paper
      Algorithm 1 as the paper states it, with its reward
  radars search --schedule overlapped
      exploration beside exploitation
  radars search --preset cifar10-quant --data cifar10 --device cuda:0,cuda:1 --memory 10GiB
      on two GPUs: exploration on the first, exploitation on the second, 10 GiB of each

The run folder gets config.toml, space.toml, events.jsonl, checkpoint/, model.safetensors (the trained
winner), result.json and report.html. Ctrl-C ends the search with the best architecture so far, to be gone
on with by --resume; a second Ctrl-C leaves at once, and loses no more than the episode or epoch under way.";

/// Search for an architecture, train the winner from scratch, write the run folder
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SearchArgs {
    #[command(flatten)]
    pub task: TaskArgs,

    #[command(flatten)]
    pub algorithm: AlgorithmArgs,

    #[command(flatten)]
    pub reward: RewardArgs,

    #[command(flatten)]
    pub epochs: EpochArgs,

    #[command(flatten)]
    pub device: DeviceArgs,

    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Search")]
pub struct AlgorithmArgs {
    /// How to search: `radars`; `quantnas` (a controller alone: see --controller), `dnas` (one SuperNet of the whole space),
    /// `one-shot`, `random`, `evolution`, `uniform` (the same candidate everywhere) [default: radars]
    #[arg(long, value_name = "METHOD", value_parser = method)]
    pub method: Option<Method>,

    /// How a SuperNet holds its mixtures: `materialised`, `merged` (the same mixture in less memory),
    /// `factorised` (another, of more paths), or `auto`: for every SuperNet, of the first two the one of the fewest
    /// multiply-accumulates that fits the bound [default: what the preset says; fashion-small: merged]
    #[arg(long, value_name = "MODE")]
    pub mixing: Option<MixingChoice>,

    /// All randomness derives from it [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Most iterations of exploration and exploitation [default: what the preset says; fashion-small: 2]
    #[arg(long, value_name = "EP")]
    pub iterations: Option<usize>,

    /// Episodes of an exploration [default: what the preset says; fashion-small: 10]
    #[arg(long, value_name = "N")]
    pub episodes: Option<usize>,

    /// How many of the best are re-trained and may span the SuperNet; `auto`: as many, two at least, as make
    /// exploration, re-training included, cost about what exploitation does
    /// [default: what the preset says; fashion-small: 5]
    #[arg(long, value_name = "P", value_parser = retrain)]
    pub retrain: Option<Retrain>,

    /// Which of those span the SuperNet: `prefix`, the best by exact reward up to the first that does not fit
    /// the bound, as in the paper; `pack`, those and every later one that still fits [default: what the preset
    /// says; fashion-small: prefix]
    #[arg(long, value_name = "RULE", value_parser = sn_rule)]
    pub sn_rule: Option<SnRule>,

    /// Algorithm 1 of the paper to the letter: no designs, no model, and the rewards of R replaced by re-training.
    /// What else differs from the paper (reward, epochs, controller) has flags of its own
    #[arg(long, conflicts_with_all = ["designs", "rewards", "predictor"])]
    pub paper: bool,

    /// Whether the first episodes try designed architectures, which vary one hyper-parameter type at a time, for the
    /// sampler to learn from [default: what the preset says; fashion-small: true]
    #[arg(long, value_name = "BOOL")]
    pub designs: Option<bool>,

    /// By which rewards re-trainings and SN are chosen: `proxy`, those of brief trainings; `updated`, which re-training
    /// replaces, as in the paper; `pooled`, the best of all that is known [default: what the preset says;
    /// fashion-small: pooled]
    #[arg(long, value_name = "RULE", value_parser = rewards)]
    pub rewards: Option<Rewards>,

    /// Whether a model of all measurements proposes architectures and says what they are worth; with radars alone
    /// [default: what the preset says; fashion-small: true]
    #[arg(long, value_name = "BOOL")]
    pub predictor: Option<bool>,

    /// Spend at most this many multiply-accumulates of training (a step counts three times its forward
    /// pass); methods other than radars then sample until it is used up [default: no limit]
    #[arg(long, value_name = "MACS", value_parser = count)]
    pub budget: Option<u64>,

    /// Exploration's share of the bound, so that it can run beside exploitation on the same device [default:
    /// none, each phase has all of it; with --schedule overlapped: what the largest path needs, at most half]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub exploration_memory: Option<ByteSize>,

    /// End when an exact reward reaches this [default: none]
    #[arg(long, value_name = "REWARD", value_parser = finite, allow_negative_numbers = true)]
    pub target: Option<f64>,

    /// Never train an architecture of more AOPS (MACs x activation bits x weight bits) [default: no limit]
    #[arg(long, value_name = "N", value_parser = count)]
    pub max_aops: Option<u64>,

    /// Never train an architecture of more parameters [default: no limit]
    #[arg(long, value_name = "N", value_parser = count)]
    pub max_params: Option<u64>,

    #[command(flatten)]
    pub originals: OriginalArgs,
}

/// `reward = alpha * accuracy + (1 - alpha) * (1 - (AOPS - beta) / gamma)`; unset parts are the space's.
#[derive(Debug, Args)]
#[command(
    next_help_heading = "Reward: alpha * accuracy + (1 - alpha) * (1 - (AOPS - beta) / gamma)"
)]
pub struct RewardArgs {
    /// A reward by its name, `paper`: alpha 0.5, beta 0, gamma 1e9 [default: what the space says]
    #[arg(long = "reward", value_name = "NAME", hide_possible_values = true,
          value_parser = PossibleValuesParser::new(["paper"]))]
    pub named: Option<String>,

    /// Weight of the accuracy, 0 to 1 [default: what the space says; fashion-small: 0.9]
    #[arg(long, value_name = "A", value_parser = share)]
    pub alpha: Option<f64>,

    /// AOPS that cost nothing [default: what the space says; fashion-small: 0]
    #[arg(long, value_name = "B", value_parser = finite, allow_negative_numbers = true)]
    pub beta: Option<f64>,

    /// AOPS over beta that cost the whole cost term [default: what the space says; fashion-small: 3e9]
    #[arg(long, value_name = "G", value_parser = positive)]
    pub gamma: Option<f64>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Epochs [defaults: what the preset says]")]
pub struct EpochArgs {
    /// Epochs of an episode's network [fashion-small: 4]
    #[arg(long, value_name = "N")]
    pub proxy_epochs: Option<usize>,

    /// Epochs of a re-training, and of the network that DNAS derives [fashion-small: 16]
    #[arg(long, value_name = "N")]
    pub exact_epochs: Option<usize>,

    /// Epochs of the winner's final training from scratch [fashion-small: 40]
    #[arg(long, value_name = "N")]
    pub final_epochs: Option<usize>,

    /// Epochs of DNAS in which architecture weights are trained [fashion-small: 10]
    #[arg(long, value_name = "N")]
    pub dnas_epochs: Option<usize>,

    /// Epochs of DNAS before those, in which the network weights alone are trained [fashion-small: 1]
    #[arg(long, value_name = "N")]
    pub dnas_warmup_epochs: Option<usize>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub struct RunArgs {
    /// End the search after this time, such as 48h or 90m; the final training of the best so far follows
    /// [default: no limit]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub time_limit: Option<Duration>,

    /// The run folder; one that holds anything is refused [default: runs/SPACE-SEED, numbered when taken]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Go on with the run in this folder, from its last checkpoint: after Ctrl-C, a crash, a full disk. Every
    /// setting is the run's own
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "preset", "space", "config", "data", "resize", "limit_train", "memory", "batch", "micro_batch", "recompute",
        "method", "mixing", "sn_rule", "seed",
        "iterations", "episodes", "retrain", "paper", "designs", "rewards", "predictor", "target", "max_aops", "max_params",
        "budget", "exploration_memory",
        "named", "alpha", "beta", "gamma", "proxy_epochs", "exact_epochs", "final_epochs", "dnas_epochs", "dnas_warmup_epochs", "out",
        "width", "cells", "image_size", "augment", "cache", "bad_images", "proxy_classes",
        "controller", "shared_logits", "one_shot_evaluator", "dnas_loss",
    ])]
    pub resume: Option<PathBuf>,

    /// `sequential`: one phase after the other. `overlapped`: exploration beside exploitation, each with its
    /// share of the bound and of the threads, or with a GPU of its own. The result is the same with the same
    /// --exploration-memory, or on the same two GPUs [default: sequential; on two GPUs: overlapped]
    #[arg(long, value_name = "SCHEDULE")]
    pub schedule: Option<Schedule>,

    /// Show no progress, only the result
    #[arg(long)]
    pub quiet: bool,
}

fn rewards(text: &str) -> Result<Rewards, String> {
    text.parse()
}

/// How many of the best are re-trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retrain {
    /// As many as make exploration, re-training included, cost about what exploitation does.
    Auto,
    /// So many.
    Count(usize),
}

/// How the phases share the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Schedule {
    /// One phase after the other.
    Sequential,
    /// Exploration beside exploitation.
    Overlapped,
}

fn retrain(text: &str) -> Result<Retrain, String> {
    match text {
        "auto" => Ok(Retrain::Auto),
        _ => (text.parse().map(Retrain::Count))
            .map_err(|_| "a number of architectures or `auto` is valid".to_owned()),
    }
}

/// A method by its name.
pub fn method(text: &str) -> Result<Method, String> {
    let named = |method: &Method| method.name() == text;
    Method::ALL.into_iter().find(named).ok_or_else(|| {
        let names = Method::ALL.map(Method::name);
        format!("the methods are {}", names.join(", "))
    })
}

/// A rule by its name.
fn sn_rule(text: &str) -> Result<SnRule, String> {
    let named = |rule: &SnRule| rule.to_string() == text;
    SnRule::ALL.into_iter().find(named).ok_or_else(|| {
        let names = SnRule::ALL.map(|rule| rule.to_string());
        format!("the rules are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Cli, Command};
    use super::*;
    use clap::{CommandFactory, Parser};
    use radars_search::{Config, MicroBatch, Recomputation};
    use radars_space::Space;
    use radars_supernet::Mixing;

    fn parse(line: &str) -> Result<SearchArgs, String> {
        match Cli::try_parse_from(line.split_whitespace()) {
            Ok(Cli {
                command: Command::Search(search),
            }) => Ok(*search),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn flags_become_values() {
        let search =
            parse("radars search --mixing factorised --max-aops 5e8 --beta -1e6 --time-limit 48h")
                .unwrap();
        let line = "radars search --mixing auto --micro-batch auto --recompute auto --sn-rule pack";
        let auto = parse(line).unwrap();
        assert_eq!(auto.algorithm.mixing, Some(MixingChoice::Auto));
        assert_eq!(auto.algorithm.sn_rule, Some(SnRule::Pack));
        assert_eq!(auto.task.micro_batch, Some(MicroBatch::Auto));
        assert_eq!(auto.task.recompute, Some(Recomputation::Auto));
        assert_eq!(search.algorithm.mixing, Some(Mixing::Factorised.into()));
        assert_eq!(search.algorithm.max_aops, Some(500_000_000));
        assert_eq!(search.reward.beta, Some(-1e6));
        assert_eq!(search.run.time_limit, Some(Duration::from_secs(48 * 3600)));
    }

    /// The help names the values of the default preset, which change.
    #[test]
    fn the_defaults_that_the_help_names_are_those_of_the_preset() {
        let config = Config::preset("fashion-small").unwrap();
        let reward = Space::preset("fashion-small").unwrap().reward().unwrap();
        let command = Cli::command();
        let search = command.find_subcommand("search").unwrap();
        for (flag, value) in [
            ("memory", format!("{}MiB", config.memory.as_u64() >> 20)),
            ("batch", config.batch.to_string()),
            ("recompute", config.recompute.to_string()),
            ("mixing", config.mixing.to_string()),
            ("sn_rule", config.search.sn_rule.to_string()),
            ("iterations", config.search.iterations.to_string()),
            ("episodes", config.search.episodes.to_string()),
            ("retrain", config.search.retrain.to_string()),
            ("designs", config.search.designs.to_string()),
            ("rewards", config.search.rewards.to_string()),
            ("predictor", config.search.predictor.to_string()),
            ("alpha", reward.alpha().to_string()),
            ("beta", reward.beta().to_string()),
            ("gamma", format!("{:e}", reward.gamma())),
            ("proxy_epochs", config.training.proxy_epochs.to_string()),
            ("exact_epochs", config.training.exact_epochs.to_string()),
            ("final_epochs", config.training.final_epochs.to_string()),
            ("dnas_epochs", config.dnas.epochs.to_string()),
            ("dnas_warmup_epochs", config.dnas.warmup_epochs.to_string()),
        ] {
            let argument = search.get_arguments().find(|a| a.get_id() == flag);
            let help = argument.unwrap().get_help().unwrap().to_string();
            let words = format!("fashion-small: {value}]");
            assert!(help.ends_with(&words), "--{flag} lacks `{words}`: {help}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        let error = parse("radars search --device tpu").unwrap_err();
        assert!(error.contains("`cuda:N`"), "{error}");
        let error = parse("radars search --mixing single").unwrap_err();
        assert!(error.contains("factorised"), "{error}");
        let error = parse("radars search --sn-rule suffix").unwrap_err();
        assert!(error.contains("prefix, pack"), "{error}");
        let error = parse("radars search --micro-batch few").unwrap_err();
        assert!(error.contains("`auto`"), "{error}");
        let error = parse("radars search --recompute all").unwrap_err();
        assert!(error.contains("none, auto"), "{error}");
        let error = parse("radars search --preset mnist").unwrap_err();
        assert!(error.contains("fashion-small"), "{error}");
        let error = parse("radars search --preset fashion-small --space s.toml").unwrap_err();
        assert!(error.contains("cannot be used with"), "{error}");
        let error = parse("radars search --threads 0").unwrap_err();
        assert!(error.contains("--threads"), "{error}");
        // As many threads as it takes to bring a machine to its knees.
        let error = parse("radars search --threads 1000000").unwrap_err();
        assert!(error.contains("1..=1024"), "{error}");
    }
}
