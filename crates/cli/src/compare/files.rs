//! The files of a comparison, beside its run folders.

use super::document::Document;
use super::pictures;
use crate::failure::{Failure, Result};
use anyhow::Context;
use radars_search::Fidelity;
use radars_search::comparison::Compared;
use std::fmt::Write;
use std::path::Path;

/// Writes all of them.
pub fn write(folder: &Path, document: &Document, compared: &Compared) -> Result<()> {
    let files = [
        ("compare.json", document.json()?),
        ("compare.csv", runs(document)),
        ("architectures.csv", architectures(compared)),
    ];
    let files = files.map(|(name, text)| (name.to_owned(), text));
    for (name, text) in files.into_iter().chain(pictures::all(compared)) {
        let path = folder.join(name);
        std::fs::write(&path, text)
            .with_context(|| path.display().to_string())
            .map_err(Failure::running)?;
    }
    Ok(())
}

/// A line a run.
fn runs(document: &Document) -> String {
    let mut text = String::from(
        "method,seed,reward_alpha,settings,outcome,reward,val_accuracy,test_accuracy,aops,macs,params,\
         search_seconds,final_training_seconds,spent_macs,budget_macs,actual_peak_bytes,planned_peak_bytes,\
         bound_bytes,needed_bytes,episodes,retrained,fingerprint,architecture,budget_factor,budget_share,true_reward,\
         optimism,judged_test_accuracy,judged_test_top5_accuracy,judge_trainings\n",
    );
    for run in &document.runs {
        let settings: Vec<String> = run
            .settings
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        let needed = match &run.outcome {
            radars_search::comparison::Outcome::OutOfMemory { needed_bytes, .. } => {
                Some(*needed_bytes)
            }
            _ => None,
        };
        let result = run.result.as_ref();
        let best = result.map(|r| &r.best);
        let judged = run.judged.as_ref();
        let spent = result.map(|r| r.search.spent as f64);
        let share = spent.zip(run.budget_macs).map(|(s, b)| s / b as f64);
        let fields = [
            run.method.clone(),
            run.seed.to_string(),
            optional(run.reward_alpha),
            settings.join(" "),
            run.outcome.to_string(),
            optional(best.and_then(|b| b.reward)),
            optional(best.and_then(|b| b.val_accuracy)),
            optional(best.and_then(|b| b.test_accuracy)),
            optional(best.map(|b| b.aops)),
            optional(best.map(|b| b.macs)),
            optional(best.map(|b| b.params)),
            optional(result.map(|r| r.time.search_seconds)),
            optional(result.map(|r| r.time.final_training_seconds)),
            optional(result.map(|r| r.search.spent)),
            optional(run.budget_macs),
            optional(result.map(|r| r.memory.actual_peak_bytes)),
            optional(result.map(|r| r.memory.planned_peak_bytes)),
            optional(result.map(|r| r.memory.bound_bytes)),
            optional(needed),
            optional(result.map(|r| r.search.episodes)),
            optional(result.map(|r| r.search.retrained)),
            optional(result.map(|r| &r.fingerprint)),
            optional(best.map(|b| &b.architecture)),
            optional(run.budget_factor),
            optional(share),
            optional(judged.map(|j| j.reward)),
            optional(judged.and_then(|j| j.optimism)),
            optional(judged.map(|j| j.accuracy)),
            optional(judged.and_then(|j| j.top5_accuracy)),
            optional(judged.map(|j| j.trainings.len())),
        ];
        line(&mut text, &fields);
    }
    text
}

/// A line a measured architecture.
fn architectures(compared: &Compared) -> String {
    let mut text =
        String::from("method,seed,group,phase,fidelity,accuracy,aops,reward,architecture\n");
    for run in &compared.runs {
        for found in &run.history.found {
            let fidelity = match found.fidelity {
                Fidelity::Proxy => "proxy",
                Fidelity::Exact | Fidelity::Final => "exact",
            };
            let phase = match found.phase {
                radars_search::Phase::Exploration => "exploration",
                radars_search::Phase::Exploitation => "exploitation",
                radars_search::Phase::Run => "run",
            };
            let fields = [
                run.spec.entrant.to_string(),
                run.spec.seed.to_string(),
                run.spec.group.to_string(),
                phase.to_owned(),
                fidelity.to_owned(),
                found.accuracy.to_string(),
                found.aops.to_string(),
                found.reward.to_string(),
                found.architecture.to_string(),
            ];
            line(&mut text, &fields);
        }
    }
    text
}

fn optional(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Appends a line of fields, quoted where CSV (RFC 4180) asks for it.
fn line(text: &mut String, fields: &[String]) {
    let quoted = |field: &String| match field.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.clone(),
    };
    let fields: Vec<String> = fields.iter().map(quoted).collect();
    // Writing to a string does not fail.
    let _ = writeln!(text, "{}", fields.join(","));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_commas_and_quotes_are_quoted() {
        let mut text = String::new();
        let fields = ["plain", "a,b", "say \"x\""].map(str::to_owned);
        line(&mut text, &fields);
        assert_eq!(text, "plain,\"a,b\",\"say \"\"x\"\"\"\n");
    }
}
