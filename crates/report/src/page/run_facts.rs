//! The facts of a run in words: what was found, what it took, and under which settings.

use crate::Run;
use crate::quantity::{bytes, count, plural, seconds, short};
use crate::run::{Best, Event, RewardSetting, Traffic};

/// The facts that there are, in the order they are read.
pub fn all_facts(run: &Run, best: Option<&Best>) -> Vec<(&'static str, String)> {
    let outcome = run.outcome.as_ref();
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    let mut fact = |name, value: Option<String>| facts.extend(value.map(|value| (name, value)));
    let winner = match run.is_over() && !run.is_given() {
        true => "winner",
        false => "architecture",
    };
    fact(winner, best.map(|best| best.architecture.to_string()));
    if let Some(best) = best {
        fact("AOPS", Some(count(best.aops)));
        fact("MACs", best.macs.map(count));
        fact("parameters", best.params.map(count));
    }
    let memory = outcome.and_then(|outcome| outcome.memory);
    fact(
        "memory",
        memory.map(|memory| {
            format!(
                "peak {}, planned {}, bound {}",
                bytes(memory.actual_peak_bytes),
                bytes(memory.planned_peak_bytes),
                bytes(memory.bound_bytes)
            )
        }),
    );
    fact(
        "smallest bound",
        memory.map(|memory| format!("{} would have done", bytes(memory.high_water_bytes))),
    );
    let of_search = |value: Option<String>| value.filter(|_| !run.is_given());
    fact("search", of_search(searched(run)));
    let stop = run.stop().map(|stop| stopped_by(stop).to_owned());
    fact("stopped by", of_search(stop));
    if let Some(time) = outcome.map(|outcome| outcome.time) {
        fact("search time", of_search(time.search_seconds.map(seconds)));
        fact("final training", time.final_training_seconds.map(seconds));
    }
    let resumed = run.events().filter(|event| matches!(event, Event::Resumed));
    let times = resumed.count();
    fact("resumed", (times > 0).then(|| plural(times, "time")));
    let counts = outcome.map(|outcome| &outcome.search);
    let spent = counts.and_then(|counts| counts.spent);
    let spent = spent.map(|macs| format!("{} MACs of training", short(macs as f64)));
    fact("spent", of_search(spent));
    let budget = run.config.search.budget;
    fact(
        "budget",
        budget.map(|macs| format!("{} MACs of training", short(macs as f64))),
    );
    fact(
        "moved",
        counts.and_then(|counts| counts.traffic).and_then(moved),
    );
    fact("schedule", run.config.search.schedule.clone());
    fact("mixing", of_search(run.config.mixing.clone()));
    fact(
        "batch",
        run.config.batch.map(|batch| plural(batch, "image")),
    );
    fact(
        "micro-batch",
        run.config.micro_batch.as_ref().map(micro_batch),
    );
    fact("recompute", run.config.recompute.clone());
    fact("rule of SN", of_search(run.config.search.sn_rule.clone()));
    fact("reward", of_search(run.config.reward.map(reward_formula)));
    fact(
        "target",
        run.config
            .search
            .target
            .map(|target| format!("reward {target}")),
    );
    let started = run.started_event();
    fact(
        "images",
        started.and_then(|s| s.images.as_deref()).and_then(images),
    );
    let device = outcome.and_then(|outcome| outcome.device.clone());
    fact(
        "device",
        device.or_else(|| started.and_then(|started| started.device.clone())),
    );
    fact(
        "fingerprint",
        outcome.and_then(|outcome| outcome.fingerprint.clone()),
    );
    facts
}

/// How many images are on the device at once.
fn micro_batch(setting: &toml::Value) -> String {
    match setting.as_str() {
        Some(auto) => auto.to_owned(),
        None => format!("{setting} images"),
    }
}

fn searched(run: &Run) -> Option<String> {
    let counts = &run.outcome.as_ref()?.search;
    let parts = [
        counts.iterations.map(|n| plural(n, "iteration")),
        counts.episodes.map(|n| plural(n, "episode")),
        counts
            .retrained
            .map(|n| format!("{n} trained to convergence")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What went between host and device beyond batches and results; nothing for most methods.
pub fn moved(traffic: Traffic) -> Option<String> {
    let Traffic {
        uploaded_bytes,
        downloaded_bytes,
    } = traffic;
    let any = uploaded_bytes > 0 || downloaded_bytes > 0;
    any.then(|| {
        let (up, down) = (bytes(uploaded_bytes), bytes(downloaded_bytes));
        format!("{up} of weights to the device, {down} back")
    })
}

fn stopped_by(stop: &str) -> &str {
    match stop {
        "iterations" => "all iterations are done",
        "target" => "the target reward was reached",
        "budget" => "the budget of training MACs was used up",
        "time-limit" => "the time limit was reached",
        "interrupted" => "the user interrupted it",
        other => other,
    }
}

fn reward_formula(of: RewardSetting) -> String {
    let cost = if of.beta == 0.0 {
        "AOPS".to_owned()
    } else {
        format!("(AOPS - {})", short(of.beta))
    };
    let share = 1.0 - of.alpha;
    format!(
        "{} x accuracy + {} x (1 - {cost} / {})",
        of.alpha,
        (share * 1e6).round() / 1e6,
        short(of.gamma)
    )
}

fn images(images: &[usize]) -> Option<String> {
    let [weights, alpha, rewards, test] = images else {
        return None;
    };
    let text = match alpha + rewards {
        0 => format!("{weights} training, {test} test"),
        _ => format!("{weights} weights, {alpha} alpha, {rewards} rewards, {test} test"),
    };
    Some(text)
}
