//! `radars tabulate`.

use super::search::{EpochArgs, RewardArgs};
use super::{DeviceArgs, TaskArgs};
use clap::{Args, value_parser};
use radars_search::tabular::fidelity::Order;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  radars tabulate --space benches/tables/fashion-kernels-bits.toml --seeds 2 --out fashion.csv
      all 256 networks of a part of the default space, with two seeds: 512 rows, hours on a core; the same command
      goes on where it was left
  radars tabulate --space my.toml --data my-images --limit 50 --out sample.csv
      a fair sample of 50 networks, to see what a space has to offer before it is searched
  radars tabulate --space benches/tables/cifar-kernels-bits.toml --data cifar10 --width 0.25 --batch 64
      --limit-train 5000 --proxy-epochs 4 --exact-epochs 12 --final-epochs 15 --memory 256MiB --out cifar.csv
      a narrower part of Table I, briefly: half a minute a network on a fast core
  radars compare --table fashion.csv --methods radars,quantnas,random --budget 5e12
      what searches of a finished table find, hundreds of them in seconds

A row is an architecture with one seed: trained briefly (`proxy`) and to convergence (`exact`) as a search of
that seed would, measured on the images that rewards come from; then from scratch on all training images and
measured on the test set (`final`). Rows are appended as they are done, and a line that was cut off is done again:
after Ctrl-C, a crash or a full disk the same command goes on, and the file is what it would have been.
With more --seeds, or another --limit, it goes on, too; with any other setting it is refused.

The file is CSV. Lines with `#` say first how it was made, one `key = value` a line: radars (the version),
space, data, batch, limit_train, width, proxy_epochs, exact_epochs, final_epochs, device; then every other setting
of training (`# settings| `) and the space (`# space| `), each as TOML. The columns:
  arch                                 one character (0-9, a-z) a list of choices: layer by layer kernel, expansion,
                                       inner_channels, activation_integer, activation_fraction, weight_integer,
                                       weight_fraction, as far as the layer lists them, lists of one entry included;
                                       0 is the first choice
  aops, seed                           adjusted operations of an image; what the randomness derives from
  proxy, exact, final                  accuracies, fractions of 1
  proxy_macs, exact_macs, final_macs   what each training cost, in the multiply-accumulates that budgets count

A space file makes a space small enough by lists of one entry, in single layers, too:
  [choices]
  kernel = [3, 5]
  activation_integer = [1]
  ...
  [[layer]]
  channels = 64
  stride = 2
  choices = { weight_fraction = [1, 3] }";

/// Train every architecture of a small space, into a table that methods can search in seconds
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, mut_arg("dnas_epochs", |a| a.hide(true)),
          mut_arg("dnas_warmup_epochs", |a| a.hide(true)))]
pub struct TabulateArgs {
    /// The table, CSV; one that is there is gone on with
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Train every architecture with the seeds 0 to K - 1: all with the first, then all with the second, ...
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = value_parser!(u64).range(1..=1000))]
    pub seeds: u64,

    /// Train every architecture with these seeds
    #[arg(
        long,
        value_name = "S,T,...",
        value_delimiter = ',',
        conflicts_with = "seeds"
    )]
    pub seed_list: Option<Vec<u64>>,

    /// The order of the architectures: `random`, the same one every time, so that the first so many are a fair sample
    /// of all; or `listed`, the last decision fastest
    #[arg(long, value_name = "ORDER", default_value = "random", value_parser = order)]
    pub order: Order,

    /// End when N rows of those that are asked for are there [default: all]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,

    /// Show no progress, only the result
    #[arg(long)]
    pub quiet: bool,

    #[command(flatten)]
    pub task: TaskArgs,

    #[command(flatten)]
    pub reward: RewardArgs,

    #[command(flatten)]
    pub epochs: EpochArgs,

    #[command(flatten)]
    pub device: DeviceArgs,
}

fn order(text: &str) -> Result<Order, String> {
    text.parse()
}

impl TabulateArgs {
    /// The seeds, each once.
    pub fn seeds(&self) -> Vec<u64> {
        let mut seeds = match &self.seed_list {
            Some(seeds) => seeds.clone(),
            None => (0..self.seeds).collect(),
        };
        let mut known = std::collections::BTreeSet::new();
        seeds.retain(|&seed| known.insert(seed));
        seeds
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cli, Command};
    use super::*;
    use clap::Parser;

    fn parse(line: &str) -> Result<TabulateArgs, String> {
        match Cli::try_parse_from(format!("radars tabulate {line}").split_whitespace()) {
            Ok(Cli {
                command: Command::Tabulate(tabulate),
            }) => Ok(*tabulate),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn seeds_are_counted_or_listed_and_orders_have_names() {
        let tabulate = parse("--out t.csv").unwrap();
        assert_eq!((tabulate.seeds(), tabulate.order), (vec![0], Order::Random));
        let tabulate = parse("--out t.csv --seed-list 7,3,7 --order listed").unwrap();
        assert_eq!(tabulate.seeds(), [7, 3]);
        assert_eq!(tabulate.order, Order::Listed);
        assert_eq!(parse("--out t.csv --seeds 3").unwrap().seeds(), [0, 1, 2]);
        for (line, words) in [
            ("", "--out <FILE>"),
            ("--out t.csv --order sorted", "random and listed"),
            ("--out t.csv --seeds 0", "1..=1000"),
            ("--out t.csv --seeds 2 --seed-list 1", "cannot be used with"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
