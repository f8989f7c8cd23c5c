//! `compare.json`: everything that a comparison came to.

use crate::failure::{Failure, Result};
use anyhow::Context;
use radars_search::RunResult;
use radars_search::comparison::{
    Ablation, Compared, Comparison, Difference, Fronts, Judged, Outcome, Overtaking, Reach,
    Reached, Run, Summary, ablations, differences, over_uniform, overtakings, reaches,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What a comparison came to.
///
/// Files of schema 1, whose winners were not judged, are read as well: what they lack is none or empty.
#[derive(Debug, Serialize, Deserialize)]
pub struct Document {
    /// Version of this form.
    pub schema: u32,
    /// What is compared.
    pub preset: Option<String>,
    /// How many times the fastest method's time is too much.
    pub out_of_time: f64,
    /// `test` or `validation`.
    pub accuracy_on: String,
    /// How many times each winner was trained to be judged; 0 where winners were not.
    #[serde(default)]
    pub judge: usize,
    /// By how much a reward may be smaller and still count as not worse.
    #[serde(default = "margin")]
    pub margin: f64,
    /// One row for every method, trade-off and value of the swept settings.
    pub methods: Vec<Summary>,
    /// RADARS minus each of the others, paired by seed.
    pub differences: Vec<Difference>,
    /// Each method minus the control that does not search, paired by seed.
    #[serde(default)]
    pub over_uniform: Vec<Difference>,
    /// What each took to reach RADARS's reward.
    pub reaches: Vec<Reach>,
    /// What RADARS took to reach the reward of each of the others.
    #[serde(default)]
    pub overtakings: Vec<Overtaking>,
    /// Fronts, where there are several trade-offs and winners were judged.
    #[serde(default)]
    pub fronts: Option<Fronts>,
    /// Every value of the swept settings against the first.
    pub ablations: Vec<Ablation>,
    /// The runs.
    pub runs: Vec<RunRow>,
    /// Runs that are missing, because the comparison was ended early.
    pub left_out: Vec<String>,
}

/// One run.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunRow {
    pub method: String,
    pub seed: u64,
    pub reward_alpha: Option<f64>,
    /// The swept settings, and `gamma` where several were compared.
    pub settings: BTreeMap<String, String>,
    /// How many times the common budget it was allowed to spend; none for once.
    #[serde(default)]
    pub budget_factor: Option<f64>,
    /// Its run folder, in the folder of the comparison.
    pub folder: String,
    pub outcome: Outcome,
    /// What it was allowed to spend.
    pub budget_macs: Option<u64>,
    pub result: Option<RunResult>,
    /// What its winner is worth.
    #[serde(default)]
    pub judged: Option<Judged>,
    /// Each time its best reward rose.
    pub curve: Vec<Reached>,
}

impl RunRow {
    /// The winner's accuracies on the test images, of its first answer and of its first five: of the trainings that
    /// judged it, or else of its run's own.
    pub fn tested(&self) -> [Option<f64>; 2] {
        match (&self.judged, &self.result) {
            (Some(judged), _) => [Some(judged.accuracy), judged.top5_accuracy],
            (None, Some(result)) => [result.best.test_accuracy, result.best.test_top5_accuracy],
            (None, None) => [None, None],
        }
    }
}

fn margin() -> f64 {
    Comparison::MARGIN
}

impl Document {
    /// 2 judges winners and has the t-test; 1 did not.
    const SCHEMA: u32 = 2;

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
            accuracy_on: comparison.accuracy_on().to_owned(),
            judge: comparison.judge,
            margin: comparison.margin,
            methods: Summary::all(comparison, runs),
            differences: differences(comparison, runs),
            over_uniform: over_uniform(comparison, runs),
            reaches: reaches(comparison, runs),
            overtakings: overtakings(comparison, runs),
            fronts: Fronts::of(comparison, runs),
            ablations: ablations(comparison, runs),
            runs: runs.iter().map(row).collect(),
            left_out: left_out.map(ToString::to_string).collect(),
        }
    }

    /// Reads a file of this version or of an earlier one.
    pub fn read(file: &Path) -> Result<Self> {
        let read = || -> anyhow::Result<Self> {
            let document: Self = serde_json::from_str(&std::fs::read_to_string(file)?)
                .context("not what a comparison came to")?;
            anyhow::ensure!(
                document.schema <= Self::SCHEMA,
                "it has schema {}, and this version of radars knows those up to {}",
                document.schema,
                Self::SCHEMA
            );
            Ok(document)
        };
        read()
            .with_context(|| file.display().to_string())
            .map_err(Failure::bad_input)
    }

    /// Whether winners were judged.
    pub fn is_judged(&self) -> bool {
        self.judge > 0
    }

    /// As text, with its last line ended.
    pub fn json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self).map_err(Failure::running)?;
        Ok(text + "\n")
    }
}

fn row(run: &Run) -> RunRow {
    let spec = &run.spec;
    RunRow {
        method: spec.entrant.to_string(),
        seed: spec.seed,
        reward_alpha: spec.group.reward_alpha,
        settings: spec.group.settings(),
        budget_factor: spec.entrant.factor,
        folder: spec.folder(),
        outcome: run.outcome.clone(),
        budget_macs: run.budget,
        result: run.result.clone(),
        judged: run.judged.clone(),
        curve: run.history.curve.clone(),
    }
}
