//! How the search went: reward, accuracy, AOPS and the controller's entropy by episode.

use super::over_time;
use super::part::{figure, grid, section as part};
use crate::Run;
use crate::plot::{Axis, Chart, Key, Scale, Shape, Sign, Size, Unit};
use crate::quantity::{percent, short};
use crate::run::{Episode, Event};
use maud::{Markup, html};

/// An architecture that was trained to convergence, at its place among the episodes.
struct Exact {
    at: f64,
    reward: Option<f64>,
    accuracy: Option<f64>,
    derived: bool,
}

/// The episodes, and where they stand along the axis: the first one at 1.
struct Course<'a> {
    episodes: Vec<&'a Episode>,
    exact: Vec<Exact>,
    /// Between which episodes one iteration ends and the next begins.
    dividers: Vec<f64>,
}

/// Plots by episode, by the clock and by epoch, those that there is anything to draw in.
pub fn section(run: &Run) -> Markup {
    let course = Course::of(run);
    let figures = [
        reward(&course),
        accuracy(run, &course),
        aops(run, &course),
        entropy(&course),
        over_time::best_reward(run),
        over_time::dnas_loss(run),
        over_time::shared_loss(run),
    ];
    let figures: Vec<Markup> = figures.into_iter().flatten().collect();
    if figures.is_empty() {
        return match run.is_over() {
            true => html! {},
            false => part("The search", "Nothing has been measured yet.", &html! {}),
        };
    }
    let about = if course.episodes.is_empty() {
        "By the clock and by epoch: this method has no episodes."
    } else if course.dividers.is_empty() {
        "By episode; a ring or diamond stands after the episode it followed."
    } else {
        "By episode; a dotted line is where an iteration ends. A ring or diamond stands at the end of its iteration."
    };
    part("The search", about, &grid(&figures))
}

impl<'a> Course<'a> {
    fn of(run: &'a Run) -> Self {
        let episodes = run.episodes();
        // With overlapped phases a SuperNet's architecture is measured among the next iteration's episodes;
        // it stands where its own iteration ended.
        let end = |iteration: usize| {
            let last = episodes
                .iter()
                .rposition(|episode| episode.iteration <= iteration);
            last.map_or(0.5, |last| last as f64 + 1.5)
        };
        let exact = run.events().filter_map(|event| match event {
            Event::Retrained(r) => Some(Exact {
                at: end(r.iteration),
                reward: r.reward,
                accuracy: r.accuracy,
                derived: false,
            }),
            Event::Derived(d) if d.refused.is_none() => Some(Exact {
                at: end(d.iteration),
                reward: d.reward,
                accuracy: d.accuracy,
                derived: true,
            }),
            _ => None,
        });
        let exact = exact.collect();
        let pairs = episodes.windows(2).enumerate();
        let dividers = pairs
            .filter(|(_, pair)| pair[0].iteration != pair[1].iteration)
            .map(|(index, _)| index as f64 + 1.5)
            .collect();
        Self {
            episodes,
            exact,
            dividers,
        }
    }

    /// What the episodes have of something, at their places.
    fn of_episodes(&self, value: impl Fn(&Episode) -> Option<f64>) -> Vec<(f64, f64)> {
        let numbered = self.episodes.iter().enumerate();
        numbered
            .filter_map(|(index, episode)| Some((index as f64 + 1.0, value(episode)?)))
            .collect()
    }

    fn chart(&self, title: &str, values: impl IntoIterator<Item = f64>, unit: Unit) -> Chart {
        let x = Axis {
            title: "episode".into(),
            scale: Scale::exactly(0.5, self.episodes.len() as f64 + 0.8, Unit::Whole, 6),
        };
        let y = Axis {
            title: title.into(),
            scale: Scale::around(values, unit, 4),
        };
        Chart::new(Size::SMALL, x, y)
    }

    fn svg(&self, chart: &Chart, label: &str, marks: &Markup) -> Markup {
        let marks = html! {
            @for &at in &self.dividers { (chart.divider(at)) }
            (marks)
        };
        chart.svg(label, &marks)
    }

    /// Rings of what was trained to convergence, and diamonds of what DNAS derived.
    fn exact_marks(&self, chart: &Chart, value: impl Fn(&Exact) -> Option<f64>) -> Markup {
        let marks: Vec<Markup> = (self.exact.iter())
            .filter_map(|exact| {
                let value = value(exact)?;
                let (shape, colour) = look(exact.derived);
                let note = format!("{value:.4}");
                Some(html! { g class=(colour) { (chart.point(shape, (exact.at, value), &note)) } })
            })
            .collect();
        html! { @for mark in &marks { (mark) } }
    }

    fn exact_keys(&self) -> Vec<Key> {
        let key = |derived: bool, name: &str| {
            let (shape, colour) = look(derived);
            let has_one = self.exact.iter().any(|exact| exact.derived == derived);
            has_one.then(|| Key::new(Sign::Point(shape), colour, name))
        };
        let keys = [
            key(false, "trained to convergence"),
            key(true, "derived by DNAS"),
        ];
        keys.into_iter().flatten().collect()
    }
}

fn look(derived: bool) -> (Shape, &'static str) {
    if derived {
        (Shape::Diamond, "c2")
    } else {
        (Shape::Ring, "c1")
    }
}

fn reward(course: &Course<'_>) -> Option<Markup> {
    let points = course.of_episodes(|e| e.reward.filter(|_| e.refused.is_none()));
    let refused = course.of_episodes(|e| e.reward.filter(|_| e.refused.is_some()));
    let baseline = course.of_episodes(|e| e.baseline);
    let exact = || course.exact.iter().filter_map(|exact| exact.reward);
    if points.is_empty() && refused.is_empty() {
        return None;
    }
    let series = points.iter().chain(&refused).map(|point| point.1);
    // A baseline starts from nothing; it must not squeeze what it is compared with.
    let chart = course.chart("reward", series.chain(exact()), Unit::Plain);
    let noted = |(at, value): (f64, f64)| format!("episode {at}: {value:.4}");
    let marks = html! {
        @if baseline.len() > 1 { g.c7 { (chart.line(&baseline, true)) } }
        g.c0 { @for &point in &points { (chart.point(Shape::Dot, point, &noted(point))) } }
        g.c4 { @for &point in &refused { (chart.point(Shape::Cross, point, &noted(point))) } }
        (course.exact_marks(&chart, |exact| exact.reward))
    };
    let mut keys = Vec::new();
    if !points.is_empty() {
        keys.push(Key::new(Sign::Point(Shape::Dot), "c0", "episode"));
    }
    if !refused.is_empty() {
        keys.push(Key::new(
            Sign::Point(Shape::Cross),
            "c4",
            "refused: over the bound or a limit",
        ));
    }
    keys.extend(course.exact_keys());
    if baseline.len() > 1 {
        keys.push(Key::new(Sign::Dashed, "c7", "baseline"));
    }
    let svg = course.svg(&chart, "reward by episode", &marks);
    Some(figure("Reward", &svg, &keys))
}

fn accuracy(run: &Run, course: &Course<'_>) -> Option<Markup> {
    let points = course.of_episodes(|e| e.accuracy);
    if points.is_empty() {
        return None;
    }
    let test = run.best().and_then(|best| best.test_accuracy);
    let exact = course.exact.iter().filter_map(|exact| exact.accuracy);
    let all = points.iter().map(|point| point.1).chain(exact).chain(test);
    let chart = course.chart("accuracy on the rewards split", all, Unit::Percent);
    let marks = html! {
        @if let Some(test) = test { g.c3 { (chart.level(test)) } }
        g.c0 { @for &point in &points { (chart.point(Shape::Dot, point, &percent(point.1))) } }
        (course.exact_marks(&chart, |exact| exact.accuracy))
    };
    let mut keys = vec![Key::new(Sign::Point(Shape::Dot), "c0", "episode")];
    keys.extend(course.exact_keys());
    keys.extend(test.map(|test| {
        Key::new(
            Sign::Dashed,
            "c3",
            format!("the winner on the test set, {}", percent(test)),
        )
    }));
    let svg = course.svg(&chart, "accuracy by episode", &marks);
    Some(figure("Accuracy", &svg, &keys))
}

fn aops(run: &Run, course: &Course<'_>) -> Option<Markup> {
    let points = course.of_episodes(|e| e.aops.map(|aops| aops as f64));
    if points.is_empty() {
        return None;
    }
    let winner = run.best().map(|best| best.aops as f64);
    let all = points
        .iter()
        .map(|point| point.1)
        .chain(winner)
        .chain([0.0]);
    let chart = course.chart("AOPS", all, Unit::Count);
    let name = if run.is_over() {
        "winner"
    } else {
        "best so far"
    };
    let marks = html! {
        @if let Some(winner) = winner { g.c2 { (chart.level(winner)) } }
        g.c0 { @for &point in &points { (chart.point(Shape::Dot, point, &short(point.1))) } }
    };
    let mut keys = vec![Key::new(Sign::Point(Shape::Dot), "c0", "episode")];
    keys.extend(
        winner.map(|winner| Key::new(Sign::Dashed, "c2", format!("{name}, {}", short(winner)))),
    );
    let svg = course.svg(&chart, "AOPS by episode", &marks);
    Some(figure("AOPS", &svg, &keys))
}

/// How undecided the controller is; nothing for a method without one.
fn entropy(course: &Course<'_>) -> Option<Markup> {
    let points = course.of_episodes(|e| e.entropy);
    if points.is_empty() {
        return None;
    }
    let all = points.iter().map(|point| point.1);
    let chart = course.chart("entropy, nats a decision", all, Unit::Plain);
    let marks = html! {
        g.c0 {
            @if points.len() > 1 { (chart.line(&points, false)) }
            @for &point in &points { (chart.point(Shape::Dot, point, &format!("{:.4}", point.1))) }
        }
    };
    let svg = course.svg(&chart, "controller entropy by episode", &marks);
    Some(figure("Controller entropy", &svg, &[]))
}
