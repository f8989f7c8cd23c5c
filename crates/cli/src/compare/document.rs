//! `compare.json`: everything that a comparison came to.

use crate::failure::{Failure, Result};
use radars_search::RunResult;
use radars_search::comparison::{
    Ablation, Compared, Comparison, Difference, Outcome, Reach, Reached, Run, Summary, ablations,
    differences, reaches,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a comparison came to.
#[derive(Debug, Serialize)]
pub struct Document {
    /// Version of this form.
    pub schema: u32,
    /// What is compared.
    pub preset: Option<String>,
    /// How many times the fastest method's time is too much.
    pub out_of_time: f64,
    /// `test` or `validation`.
    pub accuracy_on: &'static str,
    /// One row for every method, trade-off and value of the swept settings.
    pub methods: Vec<Summary>,
    /// RADARS minus each of the others, paired by seed.
    pub differences: Vec<Difference>,
    /// What each took to reach RADARS's reward.
    pub reaches: Vec<Reach>,
    /// Every value of the swept settings against the first.
    pub ablations: Vec<Ablation>,
    /// The runs.
    pub runs: Vec<RunRow>,
    /// Runs that are missing, because the comparison was ended early.
    pub left_out: Vec<String>,
}

/// One run.
#[derive(Debug, Serialize)]
pub struct RunRow {
    pub method: String,
    pub seed: u64,
    pub reward_alpha: Option<f64>,
    pub settings: BTreeMap<String, String>,
    /// Its run folder, in the folder of the comparison.
    pub folder: String,
    pub outcome: Outcome,
    /// What it was allowed to spend.
    pub budget_macs: Option<u64>,
    pub result: Option<RunResult>,
    /// Each time its best reward rose.
    pub curve: Vec<Reached>,
}

impl Document {
    const SCHEMA: u32 = 1;

    /// Of what was compared.
    pub fn new(comparison: &Comparison, compared: &Compared) -> Self {
        let runs = &compared.runs;
        let left_out = compared.left_out.iter();
        Self {
            schema: Self::SCHEMA,
            preset: match &comparison.config.space {
                radars_search::SpaceSource::Preset(name) => Some(name.clone()),
                radars_search::SpaceSource::File(_) => None,
            },
            out_of_time: comparison.out_of_time,
            accuracy_on: match comparison.final_training {
                true => "test",
                false => "validation",
            },
            methods: Summary::all(comparison, runs),
            differences: differences(comparison, runs),
            reaches: reaches(comparison, runs),
            ablations: ablations(comparison, runs),
            runs: runs.iter().map(row).collect(),
            left_out: left_out.map(ToString::to_string).collect(),
        }
    }

    /// As text, with its last line ended.
    pub fn json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self).map_err(Failure::running)?;
        Ok(text + "\n")
    }
}

fn row(run: &Run) -> RunRow {
    let spec = &run.spec;
    let settings = spec.group.point.iter();
    RunRow {
        method: spec.entrant.to_string(),
        seed: spec.seed,
        reward_alpha: spec.group.reward_alpha,
        settings: settings
            .map(|s| (s.key.name().to_owned(), s.value.clone()))
            .collect(),
        folder: spec.folder(),
        outcome: run.outcome.clone(),
        budget_macs: run.budget,
        result: run.result.clone(),
        curve: run.history.curve.clone(),
    }
}
