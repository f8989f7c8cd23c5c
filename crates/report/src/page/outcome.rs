//! The head of the page: what run it is, how far it is, and what came out.

use super::part::{facts, section as part};
use super::run_facts::all_facts;
use crate::Run;
use crate::quantity::{bytes, percent, plural, seconds, short};
use crate::run::{Best, Event};
use maud::{Markup, html};

/// What the run is called: its folder's name.
pub fn name(run: &Run) -> String {
    let folder = run.folder();
    // `.` and `..` have no name of their own.
    let whole = folder.canonicalize();
    let folder = whole.as_deref().unwrap_or(folder);
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Name, method, space, data and seed; and what keeps the run from being complete.
pub fn header(run: &Run) -> Markup {
    let config = &run.config;
    let space = run.space.as_ref().map(|space| space.name().to_owned());
    let method = match run.is_given() {
        true => Some("training of an architecture".to_owned()),
        false => config.method.clone(),
    };
    let parts = [
        method,
        space.map(|space| format!("space {space}")),
        config
            .data
            .source
            .clone()
            .map(|data| format!("data {data}")),
        config.seed.map(|seed| format!("seed {seed}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let notices = notices(run);
    html! {
        header {
            h1 { (name(run)) }
            p.under { (parts.join(" · ")) }
            @if !notices.is_empty() {
                div.notice role="status" { @for notice in &notices { p { (notice) } } }
            }
        }
    }
}

fn notices(run: &Run) -> Vec<String> {
    let mut notices = Vec::new();
    if !run.is_over() {
        let what = match run.stop() {
            Some("interrupted") => "This search was interrupted and has no result yet",
            Some(_) => "The search is over, its final training is not",
            None => "This run is still going, or was stopped before its end",
        };
        notices.push(format!(
            "{what}: {}, last event after {}. Everything below is as of then.",
            progress(run),
            seconds(run.elapsed_seconds())
        ));
    }
    if run.torn {
        notices.push("The last line of events.jsonl is not whole; it was left out.".to_owned());
    }
    if run.unreadable > 0 {
        let lines = plural(run.unreadable, "line");
        notices.push(format!(
            "{lines} of events.jsonl could not be understood and were left out."
        ));
    }
    if run.space.is_none() {
        notices.push(
            "There is no space.toml that can be understood, so nothing is said of layers and choices."
                .to_owned(),
        );
    }
    notices
}

/// `12 of 20 episodes, 6 trained to convergence`; `3 epochs of training` without a search.
fn progress(run: &Run) -> String {
    if run.is_given() {
        let epochs = run.events().filter(|e| matches!(e, Event::Epoch(_)));
        return format!("{} of training", plural(epochs.count(), "epoch"));
    }
    let done = run.episodes().len();
    let search = &run.config.search;
    let planned = search
        .episodes
        .zip(search.iterations)
        .map(|(e, i)| e.saturating_mul(i));
    let episodes = match planned {
        Some(planned) => format!("{done} of {planned} episodes"),
        None => plural(done, "episode"),
    };
    format!(
        "{episodes}, {} trained to convergence",
        run.retrained().len()
    )
}

/// The figures of the outcome.
pub fn section(run: &Run) -> Markup {
    let best = run.best();
    let title = match run.is_over() {
        true => "Outcome",
        false if run.is_given() => "So far",
        false => "Best so far",
    };
    let content = html! {
        @if let Some(best) = &best { div.tiles { @for tile in tiles(run, best) { (tile) } } }
        @else { p.note { (nothing(run)) } }
        div.outcome { (facts(&all_facts(run, best.as_ref()))) }
        (phases(run))
    };
    part(title, "", &content)
}

fn nothing(run: &Run) -> &'static str {
    if run.is_over() {
        "The search found no architecture."
    } else {
        "No architecture has been trained to convergence yet."
    }
}

fn tiles(run: &Run, best: &Best) -> Vec<Markup> {
    let tile = |name: &str, value: String, more: String| {
        html! {
            div.tile {
                div.name { (name) }
                div.value { (value) }
                div.more { (more) }
            }
        }
    };
    let mut tiles = Vec::new();
    let in_search = best
        .accuracy
        .map(|accuracy| format!("{accuracy:.4} in search"));
    match (best.test_accuracy, in_search) {
        (Some(test), in_search) => {
            tiles.push(tile(
                "test accuracy",
                format!("{test:.4}"),
                in_search.unwrap_or_default(),
            ));
        }
        (None, Some(_)) => {
            let value = format!("{:.4}", best.accuracy.unwrap_or_default());
            tiles.push(tile(
                "accuracy",
                value,
                "in the search, not tested yet".into(),
            ));
        }
        (None, None) => {}
    }
    if let Some(reward) = best.reward {
        let alpha = run.config.reward.map(|r| format!("alpha {}", r.alpha));
        let reward = format!("{reward:.4}");
        tiles.push(tile("reward", reward, alpha.unwrap_or_default()));
    }
    let macs = best.macs.map(|macs| format!("{} MACs", short(macs as f64)));
    tiles.push(tile(
        "AOPS",
        short(best.aops as f64),
        macs.unwrap_or_default(),
    ));
    if let Some(params) = best.params {
        tiles.push(tile(
            "parameters",
            short(params as f64),
            "trained values".into(),
        ));
    }
    if let Some((peak, bound)) = peak(run).zip(run.bound_bytes()) {
        let share = percent(peak as f64 / (bound as f64).max(1.0));
        tiles.push(tile(
            "peak memory",
            bytes(peak),
            format!("{share} of {}", bytes(bound)),
        ));
    }
    let time = run.outcome.as_ref().map(|outcome| outcome.time);
    let (name, time, more) = match run.is_given() {
        true => (
            "training time",
            time.and_then(|t| t.final_training_seconds),
            "",
        ),
        false => {
            let searched = time.and_then(|t| t.search_seconds);
            ("search time", searched, "final training aside")
        }
    };
    if let Some(time) = time {
        tiles.push(tile(name, seconds(time), more.into()));
    }
    tiles
}

/// Most memory in use at once.
fn peak(run: &Run) -> Option<u64> {
    let of_result = run.outcome.as_ref().and_then(|outcome| outcome.memory);
    let seen = || run.trainings().iter().filter_map(|t| t.actual_bytes).max();
    of_result
        .map(|memory| memory.actual_peak_bytes)
        .or_else(seen)
}

/// How the time of the search divides over its phases.
fn phases(run: &Run) -> Markup {
    let Some(time) = run.outcome.as_ref().map(|outcome| outcome.time) else {
        return html! {};
    };
    let parts = [
        ("c0", "exploration", time.phases.exploration_seconds),
        ("c1", "re-training", time.phases.retraining_seconds),
        ("c2", "exploitation", time.phases.exploitation_seconds),
        (
            "c3",
            "final training",
            time.final_training_seconds.unwrap_or(0.0),
        ),
    ];
    let total: f64 = parts.iter().map(|part| part.2).sum();
    if total <= 0.0 {
        return html! {};
    }
    let spent = || parts.iter().filter(|part| part.2 > 0.0);
    html! {
        div.shares role="img" aria-label="time by phase" {
            @for (colour, _, part) in spent() {
                i class=(colour) style=(format!("width:{:.2}%", 100.0 * part / total)) {}
            }
        }
        ul.key {
            @for (colour, name, part) in spent() {
                li {
                    svg.plot viewBox="0 0 20 14" width="20" height="14" aria-hidden="true" {
                        g class=(colour) { rect x="3" y="2" width="14" height="10" rx="2" fill="currentColor" {} }
                    }
                    (name) " " (seconds(*part))
                }
            }
        }
    }
}

/// What made the page.
pub fn footer(run: &Run) -> Markup {
    let version = run
        .started_event()
        .and_then(|started| started.version.as_deref());
    html! {
        footer {
            "Made by radars " (env!("CARGO_PKG_VERSION"))
            @if let Some(version) = version { " from the events of radars " (version) }
            "."
        }
    }
}
