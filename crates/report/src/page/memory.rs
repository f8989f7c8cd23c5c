//! Planned and actual memory of every training, against the bound, over time.

use super::part::{section as part, wide_figure};
use crate::Run;
use crate::plot::{Axis, Chart, Key, Scale, Sign, Size, Unit, colour, number};
use crate::quantity::{bytes, plural, seconds};
use crate::run::{Training, TrainingKind};
use maud::{Markup, html};

/// One bar a training, at its height, from its start to its end.
pub fn section(run: &Run) -> Markup {
    let trainings = run.trainings();
    if trainings.is_empty() {
        return html! {};
    }
    let bound = run.bound_bytes();
    let plot = |size: Size| {
        let to = trainings.iter().map(|t| t.to_seconds).fold(0.0, f64::max);
        let highest = trainings
            .iter()
            .map(|t| t.planned_bytes.max(t.actual_bytes.unwrap_or(0)));
        let highest = highest.chain(bound).max().unwrap_or(1) as f64;
        let x = Axis {
            title: "time since the run began".into(),
            scale: Scale::exactly(
                0.0,
                to,
                Unit::Seconds,
                if size.width > 600.0 { 10 } else { 5 },
            ),
        };
        let y = Axis {
            title: "peak bytes in use".into(),
            scale: Scale::exactly(0.0, 1.1 * highest, Unit::Bytes, 5),
        };
        let chart = Chart::new(size, x, y);
        let marks = html! {
            @if let Some(bound) = bound { g.c4 { (chart.level(bound as f64)) } }
            @for training in &trainings { (bar(&chart, training)) }
        };
        chart.svg(
            "planned and actual memory of every training over time",
            &marks,
        )
    };
    let kinds = TrainingKind::ALL.into_iter().enumerate();
    let mut keys: Vec<Key> = kinds
        .filter(|(_, kind)| trainings.iter().any(|training| training.kind == *kind))
        .map(|(index, kind)| Key::new(Sign::Line, colour(index), kind.name()))
        .collect();
    keys.push(Key::new(
        Sign::Area(0.25),
        "quiet",
        "planned (pale, behind)",
    ));
    keys.extend(
        bound.map(|bound| Key::new(Sign::Dashed, "c4", format!("bound, {}", bytes(bound)))),
    );
    let content = html! {
        (wide_figure("", plot, &keys))
        p.note { (in_words(&trainings, bound)) }
    };
    let about = "Every training as a bar from its start to its end, at the most bytes it had in use at once.";
    part("Memory, planned and actual", about, &content)
}

fn bar(chart: &Chart, training: &Training) -> Markup {
    let kind = TrainingKind::ALL
        .iter()
        .position(|kind| *kind == training.kind);
    let (from, to) = (chart.x(training.from_seconds), chart.x(training.to_seconds));
    let to = to.max(from + 2.0);
    let line = |bytes: u64, width: &str, opacity: &str| {
        let y = number(chart.y(bytes as f64));
        html! {
            line x1=(number(from)) x2=(number(to)) y1=(y) y2=(y) stroke="currentColor" stroke-width=(width)
                stroke-opacity=(opacity) {}
        }
    };
    let actual = training
        .actual_bytes
        .map_or_else(|| "going on".to_owned(), bytes);
    let note = format!(
        "{}: planned {}, actual {actual}, {}",
        training.kind.name(),
        bytes(training.planned_bytes),
        seconds(training.to_seconds - training.from_seconds)
    );
    html! {
        g class=(colour(kind.unwrap_or(0))) {
            title { (note) }
            (line(training.planned_bytes, "11", "0.25"))
            @if let Some(actual) = training.actual_bytes { (line(actual, "3.5", "1")) }
        }
    }
}

/// How well the plans held.
fn in_words(trainings: &[Training], bound: Option<u64>) -> String {
    let finished: Vec<(u64, u64)> = (trainings.iter())
        .filter_map(|training| Some((training.planned_bytes, training.actual_bytes?)))
        .collect();
    if finished.is_empty() {
        return "No training is over yet, so there is nothing to compare the plans with."
            .to_owned();
    }
    let apart = finished
        .iter()
        .map(|&(planned, actual)| planned.abs_diff(actual));
    let of = plural(finished.len(), "training");
    let exact = match apart.max().unwrap_or(0) {
        0 => format!("In all of {of} the peak was the planned one, to the byte."),
        most => {
            let hit = finished
                .iter()
                .filter(|(planned, actual)| planned == actual)
                .count();
            format!(
                "In {hit} of {of} the peak was the planned one; at most they were {} apart.",
                bytes(most)
            )
        }
    };
    let alone = finished.iter().map(|&(_, actual)| actual).max();
    let highest = most_at_once(trainings);
    let beside = if Some(highest) > alone {
        " Phases ran side by side, so bars above each other add up."
    } else {
        ""
    };
    let within = match bound {
        Some(bound) if highest <= bound => {
            format!(
                " The highest, {}, is within the bound of {}.",
                bytes(highest),
                bytes(bound)
            )
        }
        Some(bound) => format!(
            " The highest, {}, is over the bound of {}.",
            bytes(highest),
            bytes(bound)
        ),
        None => String::new(),
    };
    exact + beside + &within
}

/// Most bytes in use at once, by trainings that ran side by side too.
fn most_at_once(trainings: &[Training]) -> u64 {
    // What ends where another begins is not beside it, even if clocks are read a little late.
    let inside = |training: &Training| {
        let (from, to) = (training.from_seconds, training.to_seconds);
        let margin = (0.1 * (to - from)).min(0.05);
        (from + margin, to - margin)
    };
    let at = |moment: f64| -> u64 {
        let running = trainings.iter().filter(|training| {
            let (from, to) = inside(training);
            (from..=to).contains(&moment)
        });
        running.filter_map(|training| training.actual_bytes).sum()
    };
    // The sum only rises where a training begins.
    let beginnings = trainings.iter().map(|training| at(inside(training).0));
    beginnings.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A training with a second of its own.
    fn of(planned_bytes: u64, actual: u64) -> Training {
        let from_seconds = planned_bytes as f64;
        Training {
            kind: TrainingKind::Proxy,
            from_seconds,
            to_seconds: from_seconds + 1.0,
            planned_bytes,
            actual_bytes: Some(actual),
        }
    }

    /// 2 + 3 MiB side by side from 1 s on; the third begins where the second ends.
    #[test]
    fn what_runs_side_by_side_adds_up() {
        let training = |from_seconds, to_seconds, mib: u64| Training {
            from_seconds,
            to_seconds,
            ..of(mib << 20, mib << 20)
        };
        let all = [
            training(0.0, 4.0, 2),
            training(1.0, 2.0, 3),
            training(2.0, 3.0, 1),
        ];
        assert_eq!(most_at_once(&all), 5 << 20);
        assert!(in_words(&all, Some(8 << 20)).contains("The highest, 5.0 MiB"));
        assert!(in_words(&all, None).contains("side by side"));
    }

    #[test]
    fn the_sentence_says_how_well_the_plans_held() {
        let mib = |n: u64| n << 20;
        assert_eq!(
            in_words(&[of(mib(3), mib(3)), of(mib(4), mib(4))], Some(mib(8))),
            "In all of 2 trainings the peak was the planned one, to the byte. The highest, 4.0 MiB, is within the \
             bound of 8.0 MiB."
        );
        assert_eq!(
            in_words(&[of(mib(3), mib(3)), of(mib(4), mib(5))], Some(mib(4))),
            "In 1 of 2 trainings the peak was the planned one; at most they were 1.0 MiB apart. The highest, 5.0 MiB, \
             is over the bound of 4.0 MiB."
        );
    }
}
