//! What searches of a table came to, as text and as JSON.

use crate::compare::tables::{difference, named, or_dash, signed_interval, verdict};
use crate::failure::{Failure, Result};
use crate::quantity::{count, macs};
use crate::table::{Column, Table as Text};
use radars_search::Method;
use radars_search::comparison::{Paired, Sample};
use radars_search::tabular::fidelity::{FidelityStudied, FidelityStudy, Known, Winner};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Document {
    /// Version of this form.
    schema: u32,
    /// The file of the table.
    table: String,
    /// Searches of each method.
    searches: usize,
    /// What each may spend, in multiply-accumulates of training; `quantnas x3` three times as much.
    budget: u64,
    /// What a perfect search finds.
    optimum: Optimum,
    methods: Vec<Row>,
    /// The first row of RADARS (or the first of all, where it is not among them) minus each other row, paired by seed.
    differences: Vec<Difference>,
}

#[derive(Debug, Serialize)]
struct Optimum {
    architecture: String,
    accuracy: f64,
    aops: u64,
    reward: f64,
}

/// Whose searches a row sums up.
#[derive(Clone, Debug, Serialize)]
pub struct Who {
    /// `quantnas`, or `quantnas x3` with three times the budget.
    pub method: String,
    /// The values of the settings that are swept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

impl Who {
    fn name(&self) -> String {
        named(&self.method, None, &self.settings)
    }
}

/// What all searches of a row came to.
pub struct Searched {
    pub who: Who,
    pub studied: FidelityStudied,
}

/// Means over the searches of a row.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    who: Who,
    /// The true reward of the winner: that of its mean accuracy on the test set.
    mean_reward: f64,
    /// The standard error of the mean.
    error_reward: Option<f64>,
    std_reward: Option<f64>,
    /// How much the optimum is above that.
    mean_regret: f64,
    /// How many searches found the optimum.
    found_optimum: usize,
    /// How much the reward that the winner was chosen by is above its true one.
    mean_optimism: Option<f64>,
    mean_accuracy: f64,
    mean_aops: f64,
    mean_spent_macs: f64,
}

#[derive(Debug, Serialize)]
struct Difference {
    #[serde(flatten)]
    who: Who,
    minus: Who,
    reward: Option<Paired>,
}

impl Document {
    const SCHEMA: u32 = 1;

    pub fn new(
        file: &Path,
        study: &FidelityStudy<'_>,
        (best, worth): (&Known, f64),
        searched: &[Searched],
    ) -> Self {
        let rows = searched.iter().filter_map(|of| {
            let reward = of.studied.sample(|winner| winner.reward)?;
            Some(Row {
                who: of.who.clone(),
                mean_reward: reward.mean,
                error_reward: reward.error,
                std_reward: reward.deviation,
                mean_regret: worth - reward.mean,
                found_optimum: (of.studied.winners.iter())
                    .filter(|winner| winner.architecture == best.architecture)
                    .count(),
                mean_optimism: optimism(&of.studied.winners),
                mean_accuracy: of.studied.sample(|winner| winner.accuracy)?.mean,
                mean_aops: of.studied.sample(|winner| winner.aops as f64)?.mean,
                mean_spent_macs: of.studied.sample(|winner| winner.spent as f64)?.mean,
            })
        });
        Document {
            schema: Document::SCHEMA,
            table: file.display().to_string(),
            searches: study.seeds.len(),
            budget: study.config.search.budget.unwrap_or_default(),
            optimum: Optimum {
                architecture: best.architecture.to_string(),
                accuracy: best.truth(),
                aops: best.aops,
                reward: worth,
            },
            methods: rows.collect(),
            differences: differences(searched),
        }
    }

    pub fn json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self).map_err(Failure::running)?;
        Ok(text + "\n")
    }

    pub fn text(&self) -> String {
        let mut table = Text::new(&[
            Column::left("method"),
            Column::right("true reward"),
            Column::right("regret"),
            Column::right("optimum found"),
            Column::right("optimism"),
            Column::right("accuracy %"),
            Column::right("AOPS"),
            Column::right("spent MACs"),
        ]);
        for row in &self.methods {
            let error = row.error_reward;
            table.row([
                row.who.name(),
                match error {
                    Some(error) => format!("{:.4} ± {error:.4}", row.mean_reward),
                    None => format!("{:.4}", row.mean_reward),
                },
                format!("{:.4}", row.mean_regret),
                format!("{} of {}", row.found_optimum, self.searches),
                row.mean_optimism
                    .map_or("-".to_owned(), |optimism| format!("{optimism:+.4}")),
                format!("{:.2}", 100.0 * row.mean_accuracy),
                count(row.mean_aops.round() as u64),
                macs(row.mean_spent_macs),
            ]);
        }
        let Optimum {
            architecture,
            accuracy,
            aops,
            reward,
        } = &self.optimum;
        let mut text = format!(
            "{table}means over {} searches of a budget of {} MACs, ± the standard error; true: by the final trainings of \
             {}\nits best: {reward:.4} by {:.2} % with {} AOPS, {architecture}\n",
            self.searches,
            macs(self.budget as f64),
            self.table,
            100.0 * accuracy,
            count(*aops),
        );
        if let Some(first) = self.differences.first() {
            text.push_str(&format!("\n{}", self.differences_from(&first.who.method)));
            text.push_str(
                "true reward, paired by seed, ± the standard error; ahead or behind where p < 0.05, two-sided\n",
            );
        }
        text
    }

    fn differences_from(&self, who: &str) -> Text {
        let mut table = Text::new(&[
            Column::left("difference"),
            Column::right("true reward"),
            Column::right("95 % interval"),
            Column::left(""),
        ]);
        for row in &self.differences {
            table.row([
                format!("{} - {}", row.who.name(), row.minus.name()),
                difference(&row.reward, 1.0, 4),
                or_dash(
                    row.reward
                        .and_then(|r| Some(signed_interval(r.interval?, 4))),
                ),
                verdict(&row.reward, who),
            ]);
        }
        table
    }
}

/// How much higher, on average, the rewards are that winners were chosen by; none where one was not measured.
fn optimism(winners: &[Winner]) -> Option<f64> {
    let above = winners
        .iter()
        .map(|winner| Some(winner.selected? - winner.reward));
    let above: Vec<f64> = above.collect::<Option<_>>()?;
    Some(Sample::of(&above)?.mean)
}

/// The first row of RADARS, or the first of all, minus each other.
fn differences(searched: &[Searched]) -> Vec<Difference> {
    let radars = (searched.iter()).position(|of| of.studied.method == Method::Radars);
    let first = radars.unwrap_or_default();
    let others = searched
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != first);
    let against = |(_, other): (usize, &Searched)| {
        let [ours, theirs] = [&searched[first], other].map(|of| of.studied.rewards());
        let pairs = ours.into_iter().zip(theirs);
        Difference {
            who: searched[first].who.clone(),
            minus: other.who.clone(),
            reward: Paired::of(&pairs.collect::<Vec<_>>()),
        }
    };
    others.map(against).collect()
}
