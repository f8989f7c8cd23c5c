//! The `radars` command.

mod arguments;
mod bench;
mod choices;
mod compare;
mod configuration;
mod continued;
mod device;
mod eval;
mod export;
mod failure;
mod growth;
mod hours;
mod interrupt;
mod json_file;
mod loading;
mod model;
mod plan;
mod predict;
mod progress;
mod quantity;
mod recorder;
mod report;
mod search;
mod table;
mod tabulate;
mod timing;
mod train;
mod trained;
mod winner;
mod workload;

use arguments::{BenchCommand, Cli, Command};
use clap::Parser;
use failure::{Failure, Result};
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Search(arguments) => device::run(arguments.as_ref()),
        Command::Plan(arguments) => device::run(arguments.as_ref()),
        Command::Train(arguments) => device::run(arguments.as_ref()),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Predict(arguments) => predict::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Tabulate(arguments) => device::run(arguments.as_ref()),
        Command::Export(arguments) => export::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Bench(arguments) => match arguments.command {
            BenchCommand::Step(arguments) => device::run(&arguments),
        },
    };
    match done.and_then(|text| print(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            progress::say(&format!("error: {failure}"));
            failure.exit_code()
        }
    }
}

/// Prints what a command found; a reader that has seen enough is no failure.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::running(error)),
        _ => Ok(()),
    }
}
