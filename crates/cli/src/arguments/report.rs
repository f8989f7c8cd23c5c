//! `radars report`.

use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  radars report runs/fashion-small-0
      writes runs/fashion-small-0/report.html
  radars report runs/fashion-small-0 --out page.html
      the page somewhere else
  radars report runs/fashion-small-0 --tensorboard board && tensorboard --logdir board
      the page, and the scalars for TensorBoard

A run that is still going has a page, too: everything up to its last event. The page is one
file that loads nothing, so it can be mailed and printed.";

/// Make the page of a run: one HTML file with its outcome and its plots
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReportArgs {
    /// The run folder
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// Write the page to this file instead of report.html in the run folder
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Write the run's scalars into this folder, as an event file that TensorBoard reads
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,
}
