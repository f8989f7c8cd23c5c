//! Differences paired by seed, with what the t-test says of them.

use super::{named, or_dash, signed_interval, words};
use crate::compare::document::Document;
use crate::table::{Column, Table};
use radars_search::comparison::{Difference, Paired, Verdict};

/// RADARS minus each of the others, and each method minus the control.
pub fn tables(document: &Document) -> String {
    let radars = table(document, "RADARS minus", &document.differences, "RADARS");
    let uniform = table(document, "minus uniform", &document.over_uniform, "");
    if radars.is_empty() && uniform.is_empty() {
        return String::new();
    }
    format!("{radars}{uniform}{}", notes(document))
}

/// How to read them.
fn notes(document: &Document) -> String {
    let what = match document.is_judged() {
        true => "",
        false => ", of rewards that searches measured: to judge their winners takes --judge",
    };
    format!(
        "paired by seed, ± the standard error{what}; t-test: ahead or behind where p < 0.05, two-sided; not worse \
         where the one-sided 95 %\nlower bound of the difference is above -{}\n",
        document.margin
    )
}

fn table(document: &Document, head: &str, rows: &[Difference], who: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        Column::left(head),
        Column::right(super::reward_name(document)),
        Column::right("95 % interval"),
        Column::right("t (degrees)"),
        Column::right("p"),
        Column::left(""),
        Column::left("not worse"),
        Column::right("accuracy points"),
        Column::right("p"),
        Column::right("AOPS"),
        Column::right("pairs"),
    ]);
    for row in rows {
        let reward = match document.is_judged() {
            true => &row.true_reward,
            false => &row.reward,
        };
        table.row([
            named(&row.method, row.reward_alpha, &row.settings),
            difference(reward, 1.0, 4),
            or_dash(reward.and_then(|r| Some(signed_interval(r.interval?, 4)))),
            or_dash(reward.and_then(|r| Some(format!("{:.2} ({})", r.t?, r.degrees)))),
            probability(reward),
            verdict(reward, who).trim().to_owned(),
            not_worse(reward, document.margin),
            difference(&row.accuracy, 100.0, 2),
            probability(&row.accuracy),
            or_dash(row.aops.map(|aops| format!("{:+.2e}", aops.difference))),
            reward.map_or(0, |paired| paired.pairs).to_string(),
        ]);
    }
    format!("\n{table}")
}

/// Swept settings against the first ones.
pub fn ablations(document: &Document) -> String {
    if document.ablations.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        Column::left("setting"),
        Column::left("minus"),
        Column::right(super::reward_name(document)),
        Column::right("p"),
        Column::left(""),
        Column::right("accuracy points"),
        Column::right("p"),
        Column::right("pairs"),
    ]);
    for row in &document.ablations {
        let reward = match document.is_judged() {
            true => &row.true_reward,
            false => &row.reward,
        };
        table.row([
            named(&row.method, row.reward_alpha, &row.settings),
            words(&row.with),
            difference(reward, 1.0, 4),
            probability(reward),
            verdict(reward, "").trim().to_owned(),
            difference(&row.accuracy, 100.0, 2),
            probability(&row.accuracy),
            reward.map_or(0, |paired| paired.pairs).to_string(),
        ]);
    }
    format!("\n{table}")
}

/// `+0.0123 ± 0.0041`.
pub fn difference(paired: &Option<Paired>, times: f64, digits: usize) -> String {
    or_dash(paired.as_ref().map(|paired| {
        let difference = paired.difference * times;
        match paired.error {
            Some(error) => format!("{difference:+.digits$} ± {:.digits$}", error * times),
            None => format!("{difference:+.digits$}"),
        }
    }))
}

/// Who is ahead, if that is shown.
pub fn verdict(paired: &Option<Paired>, who: &str) -> String {
    match paired.as_ref().map(|paired| paired.verdict) {
        Some(Verdict::Ahead) => format!("{who} ahead"),
        Some(Verdict::Behind) => format!("{who} behind"),
        Some(Verdict::NotShown) => "no difference shown".to_owned(),
        None => "-".to_owned(),
    }
}

/// `0.012`; `<0.001` below that.
pub(super) fn probability(paired: &Option<Paired>) -> String {
    or_dash(paired.and_then(|paired| paired.p).map(|p| match p < 0.001 {
        true => "<0.001".to_owned(),
        false => format!("{p:.3}"),
    }))
}

/// Whether the first is shown to be no worse.
fn not_worse(paired: &Option<Paired>, margin: f64) -> String {
    or_dash(paired.map(|paired| match paired.is_not_worse(margin) {
        true => "yes".to_owned(),
        false => "not shown".to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: differences 0.25 and 0.50, error 0.125, t = 3 with one degree of freedom, where p is
    /// 1 - 2 atan(3) / pi = 0.205.
    #[test]
    fn a_difference_is_shown_by_its_p() {
        let paired = Paired::of(&[(0.50, 0.25), (0.75, 0.25)]);
        assert_eq!(difference(&paired, 100.0, 1), "+37.5 ± 12.5");
        assert_eq!(probability(&paired), "0.205");
        assert_eq!(verdict(&paired, "RADARS"), "no difference shown");
        // Errors of a hundredth: t = 50 with two degrees of freedom.
        let clear = Paired::of(&[(0.49, 0.0), (0.50, 0.0), (0.51, 0.0)]);
        assert_eq!(probability(&clear), "<0.001");
        assert_eq!(verdict(&clear, "RADARS"), "RADARS ahead");
        assert_eq!(not_worse(&clear, 0.002), "yes");
        let single = Paired::of(&[(1.0, 0.0)]);
        assert_eq!(verdict(&single, "RADARS"), "no difference shown");
        assert_eq!(
            (probability(&single), not_worse(&single, 1.0)),
            ("-".into(), "not shown".into())
        );
    }
}
