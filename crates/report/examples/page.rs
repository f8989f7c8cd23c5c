//! Writes the page of a run folder: `cargo run -p radars-report --example page -- RUN`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(run) = std::env::args_os().nth(1) else {
        return Err("name a run folder".into());
    };
    println!("{}", radars_report::write(run.as_ref())?.display());
    Ok(())
}
