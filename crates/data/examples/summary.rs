//! Prints what a data set holds: `cargo run -p radars-data --example summary -- [NAME or FOLDER] [LIMIT]`.

use std::env;
use std::process::ExitCode;
use std::time::Instant;

use radars_data::{BUILT_IN, Data, Dataset, Error, LoadOptions, Loader, LoaderOptions};
use radars_tensor::ImageBatch;
use radars_tensor::random::Seed;

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| BUILT_IN[0].to_string());
    let limit_train = arguments.next().and_then(|limit| limit.parse().ok());
    match summarise(&name, limit_train) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn summarise(name: &str, limit_train: Option<usize>) -> Result<(), Error> {
    let start = Instant::now();
    let data = Data::load(
        name,
        &LoadOptions {
            limit_train,
            ..LoadOptions::default()
        },
    )?;
    let megabytes = data.bytes() as f64 / 1e6;
    println!(
        "{}: {megabytes:.1} MB of pixels and labels, read in {:.2?}",
        data.name,
        start.elapsed()
    );
    print_set("train", &data.train);
    print_set("test", &data.test);

    let start = Instant::now();
    let loader = Loader::new(
        data.train.clone(),
        data.train.indices(),
        LoaderOptions::evaluation(64),
    )?;
    let (mut sum, mut values) = (0.0, 0);
    for batch in loader.epoch(Seed(0), 0) {
        let batch = batch?;
        sum += batch
            .bytes
            .iter()
            .map(|&byte| f64::from(ImageBatch::value(byte)))
            .sum::<f64>();
        values += batch.bytes.len();
    }
    let batches = loader.batches_per_epoch();
    println!(
        "mean of the training pixels in [-1, 1]: {:.4} ({batches} batches in {:.2?})",
        sum / values as f64,
        start.elapsed()
    );
    Ok(())
}

fn print_set(name: &str, set: &Dataset) {
    println!(
        "{name}: {} images of {}x{}x{}",
        set.len(),
        set.height(),
        set.width(),
        set.channels()
    );
    for (class, count) in set.class_names().iter().zip(set.class_counts()) {
        println!("  {count:6} {class}");
    }
}
