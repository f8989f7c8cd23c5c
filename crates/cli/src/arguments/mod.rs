//! The command line: every command, flag and help text.

mod bench;
mod compare;
mod device;
mod engine;
mod eval;
mod export;
mod originals;
mod parsers;
mod plan;
mod predict;
mod report;
mod search;
mod tabulate;
mod task;
mod train;

pub use bench::{BenchArgs, BenchCommand, Net, StepArgs};
pub use compare::{CompareArgs, JudgingArgs, WhatArgs};
pub use device::{Device, DeviceArgs};
pub use engine::{EngineArgs, EngineName};
pub use eval::EvalArgs;
pub use export::ExportArgs;
pub use originals::OriginalArgs;
pub use plan::PlanArgs;
pub use predict::PredictArgs;
pub use report::ReportArgs;
pub use search::{AlgorithmArgs, EpochArgs, Retrain, RewardArgs, Schedule, SearchArgs};
pub use tabulate::TabulateArgs;
pub use task::TaskArgs;
pub use train::TrainArgs;

use clap::{Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  radars search                            search on the embedded images, minutes on two cores
  radars search --space my.toml --data my-images --memory 4GiB
  radars plan --preset cifar10-quant       what a search would need, without running it
  radars train --architecture runs/fashion-small-0/result.json --seed 1
  radars eval runs/fashion-small-0         the trained winner on the test images
  radars predict runs/fashion-small-0 shoe.png
  radars compare --seeds 3                 RADARS and the methods it competes with, on equal terms
  radars tabulate --space s.toml --out t.csv   all of a small space trained, for compare --table
  radars report runs/fashion-small-0       the page of a run, finished or still going
  radars export runs/fashion-small-0       its network as QONNX, ONNX, an hls4ml project, ...
  radars bench step --net child --batch 64 --json

Exit codes: 0 done, 1 failed while running, 2 bad input, 130 interrupted twice.";

/// Memory-bounded architecture search for quantised CNNs
///
/// Searches a space of small, quantised convolutional networks for one that is accurate and cheap,
/// and never uses more memory than the bound.
#[derive(Debug, Parser)]
#[command(name = "radars", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Search(Box<SearchArgs>),
    Plan(Box<PlanArgs>),
    Train(Box<TrainArgs>),
    Eval(Box<EvalArgs>),
    Predict(Box<PredictArgs>),
    Compare(Box<CompareArgs>),
    Tabulate(Box<TabulateArgs>),
    Report(ReportArgs),
    Export(Box<ExportArgs>),
    Bench(BenchArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    /// Every flag and command is explained, and every command shows how it is used.
    #[test]
    fn all_is_explained() {
        fn check(command: &clap::Command) {
            let name = command.get_name();
            let help = command.get_after_help().map(ToString::to_string);
            assert!(
                help.is_some_and(|text| text.contains("Examples:")),
                "{name}"
            );
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{name} {}",
                    argument.get_id()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
