//! `radars predict`: the classes of pictures.

use crate::arguments::{EngineName, PredictArgs};
use crate::failure::{Failure, Result};
use crate::progress::say;
use crate::trained::Trained;
use crate::trained::engine::{Engine, with_engine};
use anyhow::anyhow;
use radars_data::{ImageFiles, ImageShape};
use serde::Serialize;
use std::cell::Cell;
use std::fmt::Write;

/// What is said of a picture.
#[derive(Serialize)]
struct Picture {
    file: String,
    /// The likeliest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    classes: Vec<Likely>,
    /// Why it could not be classified.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A class, and how likely it is.
#[derive(Serialize)]
struct Likely {
    class: String,
    probability: f64,
}

/// Classifies, and prints what it found; fails where a picture could not be read.
pub fn run(arguments: &PredictArgs) -> Result<String> {
    let trained = Trained::read(&arguments.path)?;
    let files = files(arguments, &trained)?;
    let names = trained.class_names();
    let bad = Cell::new(0);
    let work = |engine: &mut dyn Engine| {
        let mut pictures = Vec::with_capacity(files.paths().len());
        for (index, path) in files.paths().iter().enumerate() {
            let mut picture = Picture {
                file: path.display().to_string(),
                classes: Vec::new(),
                error: None,
            };
            match files.read(index) {
                Ok(pixels) => {
                    let logits = engine.logits(&pixels, 1)?;
                    picture.classes = likeliest(&logits, &names, arguments.top.into());
                }
                Err(error) => {
                    say(&format!("error: {error}"));
                    picture.error = Some(error.to_string());
                    bad.set(bad.get() + 1);
                }
            }
            pictures.push(picture);
        }
        match arguments.json {
            true => serde_json::to_string_pretty(&pictures)
                .map(|json| json + "\n")
                .map_err(Failure::running),
            false => Ok(in_words(&pictures)),
        }
    };
    let text = with_engine(&trained, &arguments.engine, EngineName::Integer, 1, work)?;
    if bad.get() == 0 {
        return Ok(text);
    }
    crate::print(&text)?;
    Err(Failure::bad_input(anyhow!(
        "{} of {} files could not be classified",
        bad.get(),
        files.paths().len()
    )))
}

/// The pictures, to be read as evaluation reads those of the run.
fn files(arguments: &PredictArgs, trained: &Trained) -> Result<ImageFiles> {
    let input = trained.input()?;
    let shape = ImageShape {
        height: input.height,
        width: input.width,
        channels: input.channels,
    };
    let streaming = trained.config.as_ref().and_then(|c| c.data.streaming());
    // Data that are no image folder are stretched even then, and may be grey.
    let streaming = streaming.filter(|_| input.channels == 3);
    Ok(ImageFiles::new(arguments.images.clone(), shape, streaming)?)
}

/// The classes with the largest logits, of equal ones the first, and their softmax.
fn likeliest(logits: &[f32], names: &[String], top: usize) -> Vec<Likely> {
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    let largest = order.first().map_or(0.0, |&first| f64::from(logits[first]));
    let weight = |class: usize| libm::exp(f64::from(logits[class]) - largest);
    let sum: f64 = (0..logits.len()).map(weight).sum();
    let likely = order.into_iter().take(top).map(|class| Likely {
        class: names
            .get(class)
            .cloned()
            .unwrap_or_else(|| class.to_string()),
        probability: weight(class) / sum,
    });
    likely.collect()
}

/// A paragraph for each picture that was classified.
fn in_words(pictures: &[Picture]) -> String {
    let mut text = String::new();
    let names = pictures.iter().flat_map(|p| &p.classes);
    let width = names.map(|likely| likely.class.chars().count()).max();
    let width = width.unwrap_or_default();
    for picture in pictures.iter().filter(|picture| picture.error.is_none()) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", picture.file);
        for Likely { class, probability } in &picture.classes {
            let percent = 100.0 * probability;
            let _ = writeln!(text, "  {class:<width$}  {percent:6.2} %");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// exp of 0, 1, 1 + ln 2: 1, e, 2 e; the sum is 1 + 3 e.
    #[test]
    fn probabilities_are_the_softmax_of_logits() {
        let names = ["a", "b", "c"].map(String::from);
        let likely = likeliest(&[0.0, 1.0, 1.0 + std::f32::consts::LN_2], &names, 2);
        let e = std::f64::consts::E;
        let expected = [("c", 2.0 * e / (1.0 + 3.0 * e)), ("b", e / (1.0 + 3.0 * e))];
        assert_eq!(likely.len(), 2);
        for (likely, (class, probability)) in likely.iter().zip(expected) {
            assert_eq!(likely.class, class);
            assert!((likely.probability - probability).abs() < 1e-6);
        }
    }
}
