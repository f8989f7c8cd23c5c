//! Ctrl-C: the first one ends the search cleanly, the second one leaves at once.

use crate::progress::say;
use anyhow::Context;
use radars_search::StopSignal;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a shell reports for a program that Ctrl-C ended.
const EXIT_CODE: i32 = 130;

/// Lets Ctrl-C (and a request to terminate) interrupt `stop` of a search.
pub fn handle(stop: &StopSignal) -> anyhow::Result<()> {
    handle_saying(stop, "ending with the best architecture so far")
}

/// Lets Ctrl-C (and a request to terminate) interrupt `stop`, and says what comes of it.
pub fn handle_saying(stop: &StopSignal, comes: &'static str) -> anyhow::Result<()> {
    let stop = stop.clone();
    let asked = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(EXIT_CODE);
        }
        stop.interrupt();
        say(&format!(
            "interrupted: {comes}; Ctrl-C again leaves at once"
        ));
    })
    .context("cannot take care of Ctrl-C")
}
