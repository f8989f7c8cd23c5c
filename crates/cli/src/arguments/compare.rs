//! `radars compare`.

use super::parsers::{at_least_one, not_negative, positive, share};
use super::search::{AlgorithmArgs, EpochArgs, RewardArgs, method};
use super::{DeviceArgs, TaskArgs};
use clap::builder::ArgPredicate;
use clap::{Args, value_parser};
use radars_search::Method;
use radars_search::comparison::Sweep;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  radars compare --seeds 3
      the methods of the paper and the controls on the default task, three seeds each
  radars compare --methods radars,quantnas,dnas,uniform --seeds 5 --memory 96MiB --preset-table 2
      a choice of them under another bound, with the paper's own figures beside
  radars compare --methods radars,quantnas,uniform --seeds 6 --judge 5
      each winner trained anew five times, for a sharper verdict
  radars compare --methods radars,quantnas --budget-factor 3 --seeds 6
      QuantNAS also with three times what RADARS spent: which is sooner there
  radars compare --methods radars,random --reward-alphas 0.7,0.9,0.97 --seeds 3
      several trade-offs of accuracy and cost, so that each method has a front, and its hypervolume
  radars compare --methods radars --sweep episodes=5,10,20 --sweep retrain=2,6 --seeds 3
      ablations: every number of episodes with every number of re-trained architectures
  radars compare --table nasbench201.csv.gz --at 100,300
      how well methods sample: hundreds of searches of a table of measured architectures, in seconds
  radars compare --table fashion.csv --methods radars,quantnas,random,evolution,uniform --budget 5e12
      what hundreds of searches find in a table that `radars tabulate` made, each for 5e12 MACs of training
  radars compare --table fashion.csv --methods radars --budget 5e12 --sweep predictor=true,false
      what a part of the search is worth: the difference without it, over 300 seeds
  radars compare --resume runs/compare-fashion-small
      goes on after Ctrl-C, a crash or a full disk; runs that are over are not done again
  radars compare --show runs/compare-fashion-small/compare.json
      prints its tables again, of this version's files and of earlier ones

All runs have the same bound, batch, data, splits and epochs. RADARS goes first; what it spends in training
MACs is what each of the others may spend with the same seed, unless --budget gives a figure for all. `dnas`
is done three times: with every candidate's output held, as in the literature; merged, which is the same
mixture without those outputs; and factorised, with the whole space in one convolution a layer. `uniform` is a
control: every layer alike, first 3x3 with one width of bits, then all others that the budget pays for.

Methods are judged by the true reward: the winner of each run is trained from scratch --judge times by the final
recipe, with seeds that follow from the run's seed and that no search had, and Eq. 2 is taken with its accuracy on
the test images, which chose nothing. The reward that a winner was selected by is the best of many measurements, which
is too high on average, or what RADARS's model of them expects; the table shows by how much it is off (optimism). The
same winner of two methods with the same seed is trained once. Differences are paired by seed and tested by the paired
t-test.

The folder gets a run folder for each run, judge/ with one for each training that judges, compare.json, compare.csv
(a line a run), architectures.csv (a line a measured architecture), pareto.svg (the winners, test error against
AOPS), searched.svg (all that was measured in the searches), and reward-over-macs.svg and reward-over-seconds.svg
for each trade-off and setting.";

/// Compare methods on one task, on equal terms
///
/// Prints a table in the form of the paper's Table II with the true reward of each method, what it spent, differences
/// from RADARS and from the control with their confidence intervals, and how soon each reached the other's reward.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, mut_arg("method", |a| a.hide(true)), mut_arg("seed", |a| a.hide(true)))]
pub struct CompareArgs {
    #[command(flatten)]
    pub what: WhatArgs,

    #[command(flatten)]
    pub judging: JudgingArgs,

    #[command(flatten)]
    pub table: TableArgs,

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
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is compared")]
pub struct WhatArgs {
    /// The methods: `radars`, `quantnas`, `dnas`, `one-shot`, `random`, `evolution`, `uniform`;
    /// with --table: `quantnas` (the controller alone: see --controller), `random`, `evolution`, and these by default
    #[arg(long, value_name = "A,B,...", value_delimiter = ',', value_parser = method,
          default_value = "radars,quantnas,dnas,one-shot,random,evolution",
          default_value_if("table", ArgPredicate::IsPresent, "quantnas,random,evolution"))]
    pub methods: Vec<Method>,

    /// Do everything with the seeds 0 to K - 1; with --table, 300 unless said otherwise
    #[arg(long, value_name = "K", default_value_t = 3, value_parser = value_parser!(u64).range(1..=1000),
          default_value_if("table", ArgPredicate::IsPresent, "300"))]
    pub seeds: u64,

    /// Do everything with these seeds
    #[arg(
        long,
        value_name = "S,T,...",
        value_delimiter = ',',
        conflicts_with = "seeds"
    )]
    pub seed_list: Option<Vec<u64>>,

    /// Weights of the accuracy in the reward, one trade-off each [default: the one of the task]
    #[arg(long, value_name = "A,B,...", value_delimiter = ',', value_parser = share, conflicts_with = "alpha")]
    pub reward_alphas: Vec<f64>,

    /// Values of the reward's gamma, one trade-off each, with every one of the alphas [default: the one of the task]
    #[arg(long, value_name = "G,H,...", value_delimiter = ',', value_parser = positive, conflicts_with = "gamma")]
    pub reward_gammas: Vec<f64>,

    /// Do everything with each of these values of a setting: episodes, retrain, iterations, proxy-epochs,
    /// exact-epochs, dnas-epochs, mixing, entropy, controller-rate, shared-logits, designs, rewards, predictor,
    /// dnas-loss. Given several times: every combination
    #[arg(long, value_name = "KEY=V,W,...")]
    pub sweep: Vec<Sweep>,

    /// A method is out of time when it takes this many times as long as the fastest that finished
    #[arg(long, value_name = "TIMES", default_value = "10", value_parser = at_least_one)]
    pub oot: f64,

    /// Run every method but RADARS also with this many times the budget, each as a row of its own (`quantnas x3`): how
    /// much sooner RADARS is there, or whether it is
    #[arg(long, value_name = "F,G,...", value_delimiter = ',', value_parser = at_least_one)]
    pub budget_factor: Vec<f64>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "How it is judged")]
pub struct JudgingArgs {
    /// Train each winner from scratch so many times to judge it, with seeds that no search had; 0 compares the rewards
    /// that searches measured of their winners. With --resume it judges the runs of a comparison that is there [default: 3]
    #[arg(long, value_name = "K")]
    pub judge: Option<usize>,

    /// By how much the reward of a method may be smaller and still count as not worse [default: 0.002]
    #[arg(long, value_name = "REWARD", value_parser = not_negative,
          allow_negative_numbers = true)]
    pub margin: Option<f64>,

    /// With --judge 0: do not train winners from scratch at all, where otherwise each run trains its own once;
    /// accuracies are then those of the search, on its validation images
    #[arg(long)]
    pub no_final: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "A table instead of a task")]
pub struct TableArgs {
    /// Search a table of measured architectures, so that nothing is trained: CSV, plain or gzip, with a row for
    /// every architecture; column `arch` has a digit for each decision, each column `val_acc...` an accuracy in
    /// percent. An evaluation draws one of them; a search has found the mean of the row with the best draw. Of a
    /// --config, the settings of the controller and of evolution count. Or a table of `radars tabulate`, which
    /// `radars` and `uniform` search, too: each search spends --budget, its winner is judged by the table's final
    /// trainings, and the space is the table's own or that of --space
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "data", "resize", "limit_train", "memory", "batch", "micro_batch", "recompute", "mixing",
        "exploration_memory",
        "proxy_epochs", "exact_epochs", "final_epochs", "dnas_epochs", "dnas_warmup_epochs",
        "image_size", "augment", "cache", "bad_images", "proxy_classes", "reward_alphas", "reward_gammas",
        "judge", "margin", "oot", "no_final", "method", "seed", "isa", "preset_table", "out",
        "one_shot_evaluator", "dnas_loss",
    ])]
    pub table: Option<PathBuf>,

    /// Also tell what searches of the table have found after so many evaluations; they end after --episodes
    /// [default: 300]
    #[arg(
        long,
        value_name = "N,M,...",
        value_delimiter = ',',
        requires = "table"
    )]
    pub at: Vec<usize>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Print the cells of a table of the paper beside the measured ones: 2 (methods on CIFAR-10), 4 (methods on
    /// ImageNet) or 5 (networks on ImageNet, with the MACs of MobileNetV2 and ResNet-34 on the images of the task)
    #[arg(long, value_name = "N", value_parser = ["2", "4", "5"])]
    pub preset_table: Option<String>,

    /// The folder; one that holds anything is refused [default: runs/compare-SPACE, numbered when taken]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Go on with the comparison in this folder: runs that are over are not done again, the one under way goes
    /// on from its last checkpoint. Every setting is the comparison's own, but --judge and --margin may be others
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "preset", "space", "config", "data", "resize", "limit_train", "memory", "batch", "micro_batch", "recompute",
        "mixing", "sn_rule", "iterations",
        "episodes", "retrain", "target", "max_aops", "max_params", "budget", "exploration_memory", "named",
        "alpha", "beta", "gamma", "proxy_epochs", "exact_epochs", "final_epochs", "dnas_epochs", "dnas_warmup_epochs",
        "width", "cells", "image_size", "augment", "cache", "bad_images", "proxy_classes", "out", "methods",
        "seeds", "seed_list", "reward_alphas", "reward_gammas", "sweep", "budget_factor", "oot", "no_final",
        "table", "controller", "shared_logits", "one_shot_evaluator", "dnas_loss", "paper", "designs", "rewards",
        "predictor",
    ])]
    pub resume: Option<PathBuf>,

    /// Print the tables of this compare.json, of any version, and do nothing else
    #[arg(long, value_name = "FILE", exclusive = true)]
    pub show: Option<PathBuf>,

    /// Show no progress, only the result
    #[arg(long)]
    pub quiet: bool,
}
