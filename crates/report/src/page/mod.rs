//! The page of a run.

mod alpha;
mod choices;
mod course;
mod memory;
mod one_shot;
mod outcome;
mod over_time;
mod pareto;
mod part;
mod repeat;
mod run_facts;
mod supernets;
mod winner;

use crate::Run;
use crate::plot::CSS as PLOT_CSS;
use maud::{DOCTYPE, PreEscaped, html};

const PAGE_CSS: &str = include_str!("page.css");

/// The page of a run, as far as it has gone: one HTML document that loads nothing.
#[must_use]
pub fn html(run: &Run) -> String {
    let title = format!("{} - RADARS", outcome::name(run));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                // An icon of nothing, or browsers ask the folder for one.
                link rel="icon" href="data:,";
                style { (PreEscaped(PLOT_CSS)) (PreEscaped(PAGE_CSS)) }
            }
            body {
                (outcome::header(run))
                main {
                    (outcome::section(run))
                    (winner::section(run))
                    (course::section(run))
                    (pareto::section(run))
                    (choices::section(run))
                    (supernets::section(run))
                    (one_shot::section(run))
                    (alpha::section(run))
                    (memory::section(run))
                    (repeat::section(run))
                }
                (outcome::footer(run))
            }
        }
    };
    page.into_string()
}
