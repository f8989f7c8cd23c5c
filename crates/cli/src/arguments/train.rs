//! `radars train`.

use super::{DeviceArgs, TaskArgs};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  radars train --architecture runs/fashion-small-0/result.json --seed 1
      the winner of a search once more, with other randomness
  radars train --architecture theirs.json --preset cifar10-quant --data cifar10 --epochs 300
      an architecture that somebody sent, on a folder of CIFAR-10
  radars train --architecture mine.json --space my.toml --data my-images --memory 1GiB
      your own space and images
  radars train --architecture runs/x/result.json --config runs/x/config.toml
      as that search trained its winner: the same weights, to the bit

  radars train --resume runs/fashion-small-1-trained
      goes on where that training was left

The file holds an architecture as result.json states it: a JSON list with one candidate a layer,
[{\"kernel\": 3, \"activation\": {\"integer\": 3, \"fraction\": 6}, \"weight\": {...}}, ...]; or it is a
whole result.json, whose best is taken. Whether it fits the bound is planned before anything begins. All
training images train it, and the test set is touched once. The run folder gets what a search's gets:
config.toml, space.toml, events.jsonl, checkpoint/, model.safetensors, result.json and report.html. Ctrl-C
ends it after the batch under way, to be gone on with by --resume from the last whole epoch.";

/// Train an architecture of a space from scratch, test it, write the run folder
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, mut_arg("proxy_classes", |a| a.hide(true)))]
pub struct TrainArgs {
    /// The architecture: a JSON file, such as the `result.json` of a run [default: what --config gives, which the
    /// `config.toml` of a training does]
    #[arg(long, value_name = "FILE", required_unless_present_any = ["config", "resume"])]
    pub architecture: Option<PathBuf>,

    /// All randomness derives from it [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Epochs of training [default: what the preset says; fashion-small: 40]
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,

    /// The run folder; one that holds anything is refused [default: runs/SPACE-SEED-trained, numbered when taken]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Go on with the training in this folder, from its last checkpoint. Every setting is its own
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "preset", "space", "config", "data", "resize", "limit_train", "memory", "batch", "micro_batch", "recompute",
        "width", "cells", "image_size", "augment", "cache", "bad_images", "architecture", "seed", "epochs", "out",
    ])]
    pub resume: Option<PathBuf>,

    /// Show no progress, only the result
    #[arg(long)]
    pub quiet: bool,

    #[command(flatten)]
    pub task: TaskArgs,

    #[command(flatten)]
    pub device: DeviceArgs,
}

#[cfg(test)]
mod tests {
    use super::super::{Cli, Command};
    use super::*;
    use clap::{CommandFactory, Parser};
    use radars_search::Config;

    fn parse(line: &str) -> Result<TrainArgs, String> {
        match Cli::try_parse_from(line.split_whitespace()) {
            Ok(Cli {
                command: Command::Train(train),
            }) => Ok(*train),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn an_architecture_comes_from_somewhere() {
        let error = parse("radars train --seed 3").unwrap_err();
        assert!(error.contains("--architecture <FILE>"), "{error}");
        let train = parse("radars train --config c.toml --epochs 3").unwrap();
        assert_eq!((train.architecture, train.epochs), (None, Some(3)));
        let error = parse("radars train --resume run --epochs 3").unwrap_err();
        assert!(error.contains("cannot be used with"), "{error}");
    }

    #[test]
    fn the_default_that_the_help_names_is_that_of_the_preset() {
        let epochs = Config::preset("fashion-small")
            .unwrap()
            .training
            .final_epochs;
        let command = Cli::command();
        let train = command.find_subcommand("train").unwrap();
        let argument = train.get_arguments().find(|a| a.get_id() == "epochs");
        let help = argument.unwrap().get_help().unwrap().to_string();
        assert!(
            help.ends_with(&format!("fashion-small: {epochs}]")),
            "{help}"
        );
    }
}
