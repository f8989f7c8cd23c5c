//! `radars eval`: the accuracy of a trained network, in whatever form it is.

use crate::arguments::{EngineName, EvalArgs};
use crate::continued::warn_of_bad_images;
use crate::failure::{Failure, Result};
use crate::loading;
use crate::progress::say;
use crate::quantity::{bytes, count, seconds};
use crate::trained::engine::{Engine, with_engine};
use crate::trained::{Form, Trained};
use anyhow::{Context, anyhow};
use indicatif::ProgressBar;
use radars_data::{BUILT_IN, Data, LoadOptions, Loader, LoaderOptions};
use radars_supernet::nn::loss;
use radars_tensor::random::Seed;
use serde::Serialize;
use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

/// Most images in a batch.
const BATCH: usize = 64;

/// Evaluates, and gives what it found.
pub fn run(arguments: &EvalArgs) -> Result<String> {
    let trained = Trained::read(&arguments.path)?;
    let source = source(arguments, &trained)?;
    let data = load(&source, &trained, arguments.quiet)?;
    let work = |engine: &mut dyn Engine| evaluate(arguments, &trained, &data, engine);
    with_engine(
        &trained,
        &arguments.engine,
        EngineName::FakeQuantised,
        BATCH,
        work,
    )
}

/// Which data set: the one that is named, or that of the run.
fn source(arguments: &EvalArgs, trained: &Trained) -> Result<String> {
    let of_run = trained.config.as_ref().map(|c| c.data.source.clone());
    let stated = match &trained.network {
        Form::Model(model) => model.provenance.data.clone(),
        Form::Onnx(_) => None,
    };
    // Of a folder the model says the name alone.
    let stated = stated.filter(|name| BUILT_IN.contains(&&**name));
    let source = arguments.data.clone().or(of_run).or(stated);
    source.ok_or_else(|| {
        Failure::bad_input(anyhow!(
            "{}: there is no config.toml of a run beside it, which would say on what data; name a data set with --data",
            arguments.path.display()
        ))
    })
}

/// The data set, its images as the network wants them.
fn load(source: &str, trained: &Trained, quiet: bool) -> Result<Data> {
    let input = trained.input()?;
    let stream = trained.config.as_ref().and_then(|c| c.data.streaming());
    let options = LoadOptions {
        resize: stream.is_none().then_some((input.height, input.width)),
        stream,
        // They are not evaluated; one says what the images are like.
        limit_train: Some(1),
        ..LoadOptions::default()
    };
    let mut data = loading::data(source, &options, quiet)?;
    if data.test.channels() < input.channels {
        // Grey images among coloured ones: only all of them together say that they are to have colours.
        let all = LoadOptions {
            limit_train: None,
            ..options
        };
        data = loading::data(source, &all, quiet)?;
    }
    let shape = data.test.shape();
    let found = (shape.height, shape.width, shape.channels);
    if found != (input.height, input.width, input.channels) {
        return Err(Failure::bad_input(anyhow!(
            "{source}: images of {}x{} with {} channels, but the network sees {}x{} with {}; name other data with --data",
            shape.height,
            shape.width,
            shape.channels,
            input.height,
            input.width,
            input.channels
        )));
    }
    let (names, known) = (data.test.class_names(), trained.class_names());
    if names.len() != known.len() {
        return Err(Failure::bad_input(anyhow!(
            "{source}: {} classes, but the network tells {} apart; name other data with --data",
            names.len(),
            known.len()
        )));
    }
    if let Some((name, known)) = names.iter().zip(&known).find(|(name, known)| name != known) {
        say(&format!(
            "warning: a class that the network calls `{known}` is `{name}` in the data; they are taken in order"
        ));
    }
    Ok(data)
}

/// What an evaluation found.
#[derive(Debug, Serialize)]
struct Evaluated {
    path: String,
    form: &'static str,
    engine: String,
    data: String,
    images: usize,
    correct: usize,
    accuracy: f64,
    /// None of five classes or fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    top5_accuracy: Option<f64>,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_peak_bytes: Option<usize>,
}

fn evaluate(
    arguments: &EvalArgs,
    trained: &Trained,
    data: &Data,
    engine: &mut dyn Engine,
) -> Result<String> {
    let (test, classes) = (&data.test, data.test.classes());
    let mut file = arguments
        .logits
        .as_deref()
        .map(Logits::create)
        .transpose()?;
    let options = LoaderOptions::evaluation(engine.batch());
    let loader = Loader::new(test.clone(), test.indices(), options)?;
    let bar = match arguments.quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::new(test.len() as u64),
    };
    let started = Instant::now();
    let mut correct = [0; 2];
    for batch in loader.epoch(Seed(0), 0) {
        let batch = batch?;
        let logits = engine.logits(&batch.bytes, batch.len())?;
        for (sum, k) in correct.iter_mut().zip([1, 5]) {
            *sum += loss::top_k(&logits, classes, &batch.labels, k);
        }
        if let Some(file) = &mut file {
            file.write(&batch.labels, &logits, classes)?;
        }
        bar.inc(batch.len() as u64);
    }
    let took = started.elapsed().as_secs_f64();
    bar.finish_and_clear();
    if let Some(file) = file {
        file.finish()?;
    }
    warn_of_bad_images(data);
    let images = test.len();
    let [correct, within_five] = correct;
    let share = |correct: usize| correct as f64 / images as f64;
    let memory = engine.memory();
    let found = Evaluated {
        path: arguments.path.display().to_string(),
        form: trained.form(),
        engine: engine.name(),
        data: data.name.clone(),
        images,
        correct,
        accuracy: share(correct),
        top5_accuracy: (classes > 5).then(|| share(within_five)),
        seconds: took,
        peak_bytes: memory.map(|[peak, _]| peak),
        planned_peak_bytes: memory.map(|[_, planned]| planned),
    };
    match arguments.json {
        true => {
            let json = serde_json::to_string_pretty(&found).map_err(Failure::running)?;
            Ok(json + "\n")
        }
        false => Ok(found.to_string()),
    }
}

impl fmt::Display for Evaluated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: String| writeln!(f, "{name:<17}{value}");
        let (correct, images) = (count(self.correct as u64), count(self.images as u64));
        line(
            "accuracy",
            format!("{:.4}, {correct} of {images}", self.accuracy),
        )?;
        if let Some(top5) = self.top5_accuracy {
            line("top 5", format!("{top5:.4}"))?;
        }
        line("images", format!("{images} test images of {}", self.data))?;
        line("network", format!("{} ({})", self.path, self.form))?;
        line("engine", self.engine.clone())?;
        if let (Some(peak), Some(planned)) = (self.peak_bytes, self.planned_peak_bytes) {
            line(
                "memory",
                format!("peak {}, planned {}", bytes(peak), bytes(planned)),
            )?;
        }
        let pace = self.images as f64 / self.seconds.max(f64::MIN_POSITIVE);
        line(
            "time",
            format!("{}, {pace:.0} images a second", seconds(self.seconds)),
        )
    }
}

/// A file with a line for every image.
struct Logits<'a> {
    path: &'a Path,
    file: BufWriter<File>,
}

impl<'a> Logits<'a> {
    fn create(path: &'a Path) -> Result<Self> {
        let file = File::create(path)
            .with_context(|| format!("{}: cannot be written", path.display()))
            .map_err(Failure::bad_input)?;
        Ok(Logits {
            path,
            file: BufWriter::new(file),
        })
    }

    /// Shortest digits that read back as the same f32.
    fn write(&mut self, labels: &[i32], logits: &[f32], classes: usize) -> Result<()> {
        let mut lines = String::new();
        for (label, logits) in labels.iter().zip(logits.chunks_exact(classes)) {
            // Writing to a string does not fail.
            let _ = write!(lines, "{label}");
            for logit in logits {
                let _ = write!(lines, ",{logit}");
            }
            lines.push('\n');
        }
        let written = self.file.write_all(lines.as_bytes());
        self.or_say(written)
    }

    fn finish(mut self) -> Result<()> {
        let written = self.file.flush();
        self.or_say(written)
    }

    fn or_say(&self, written: std::io::Result<()>) -> Result<()> {
        written
            .with_context(|| format!("{}: cannot be written", self.path.display()))
            .map_err(Failure::running)
    }
}
