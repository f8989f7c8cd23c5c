//! The scalars of a run as an event file that TensorBoard reads.

mod message;
mod record;

use crate::error::at;
use crate::run::{Event, Fidelity};
use crate::{Result, Run};
use message::{FILE_VERSION, Summary, Value, What};
use prost::Message;
use std::path::{Path, PathBuf};

/// Writes the scalars of a run into `folder`, which is made where it is missing, and gives the file's path. A
/// file that an earlier call wrote for the same run is replaced, so this may be called while the run goes on.
///
/// Tags: `episode/{reward,accuracy,aops,entropy,baseline}` by episode, `exact/{reward,accuracy}` by architecture
/// trained to convergence, `dnas/{weight_loss,alpha_loss}` by DNAS epoch, `loss/{proxy,exact,final}` by epoch of
/// that fidelity and `loss/shared` by epoch of a one-shot SuperNet, all counted over the whole run;
/// `memory/{planned,actual}_bytes` by training.
///
/// # Errors
/// [`Error::File`](crate::Error::File) when the system refuses.
pub fn tensorboard(run: &Run, folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder).map_err(at(folder))?;
    // TensorBoard takes a file by `tfevents` in its name; the time of the start keeps runs apart.
    let name = format!("events.out.tfevents.{:010}.radars", run.started_at() as u64);
    let file = folder.join(name);
    std::fs::write(&file, encoded(run)).map_err(at(&file))?;
    Ok(file)
}

/// The whole file: a record with the version, then one for every event that has scalars.
fn encoded(run: &Run) -> Vec<u8> {
    let began = run.started_at();
    let mut file = Vec::new();
    let version = message::Event {
        wall_time: began,
        step: 0,
        what: Some(What::FileVersion(FILE_VERSION.into())),
    };
    record::append(&mut file, &version.encode_to_vec());
    for (seconds, step, scalars) in scalars(run) {
        let values = scalars.into_iter().map(|(tag, value)| Value {
            tag,
            simple_value: Some(value as f32),
        });
        let event = message::Event {
            wall_time: began + seconds,
            step,
            what: Some(What::Summary(Summary {
                value: values.collect(),
            })),
        };
        record::append(&mut file, &event.encode_to_vec());
    }
    file
}

/// What is to be told about one moment: the seconds since the start, a step, and tagged values.
type Moment = (f64, i64, Vec<(String, f64)>);

fn scalars(run: &Run) -> Vec<Moment> {
    let mut moments: Vec<Moment> = Vec::new();
    let (mut episodes, mut exact, mut dnas) = (0, 0, 0);
    let mut epochs = [
        ("loss/proxy", 0),
        ("loss/exact", 0),
        ("loss/final", 0),
        ("loss/shared", 0),
    ];
    for line in &run.lines {
        let mut tell = |step: &mut i64, values: &[(&str, Option<f64>)]| {
            let known = values
                .iter()
                .filter_map(|&(tag, value)| Some((tag.to_owned(), value?)));
            let known: Vec<_> = known.collect();
            if !known.is_empty() {
                moments.push((line.elapsed_seconds, *step, known));
            }
            *step += 1;
        };
        match &line.event {
            Event::Episode(e) => tell(
                &mut episodes,
                &[
                    ("episode/reward", e.reward),
                    ("episode/accuracy", e.accuracy),
                    ("episode/aops", e.aops.map(|aops| aops as f64)),
                    ("episode/entropy", e.entropy),
                    ("episode/baseline", e.baseline),
                ],
            ),
            Event::Retrained(r) => tell(
                &mut exact,
                &[("exact/reward", r.reward), ("exact/accuracy", r.accuracy)],
            ),
            Event::Derived(d) => tell(
                &mut exact,
                &[("exact/reward", d.reward), ("exact/accuracy", d.accuracy)],
            ),
            Event::DnasEpoch(d) => tell(
                &mut dnas,
                &[
                    ("dnas/weight_loss", d.weight_loss),
                    ("dnas/alpha_loss", d.alpha_loss),
                ],
            ),
            Event::Epoch(e) => {
                let index = match e.fidelity {
                    Fidelity::Proxy => 0,
                    Fidelity::Exact => 1,
                    Fidelity::Final => 2,
                    Fidelity::Other => continue,
                };
                let (tag, step) = &mut epochs[index];
                tell(step, &[(tag, e.loss)]);
            }
            Event::SharedEpoch(e) => {
                let (tag, step) = &mut epochs[3];
                tell(step, &[(tag, e.loss)]);
            }
            _ => {}
        }
    }
    let finished = run
        .trainings()
        .into_iter()
        .filter(|training| training.actual_bytes.is_some());
    moments.extend(finished.enumerate().map(|(step, training)| {
        let planned = (
            "memory/planned_bytes".to_owned(),
            training.planned_bytes as f64,
        );
        let actual = training.actual_bytes.unwrap_or_default() as f64;
        let values = vec![planned, ("memory/actual_bytes".to_owned(), actual)];
        (training.to_seconds, step as i64, values)
    }));
    moments
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = concat!(
        r#"{"elapsed_seconds":2.0,"event":"episode","iteration":0,"episode":0,"architecture":[{"kernel":3}],"#,
        r#""accuracy":0.5,"aops":1000,"reward":0.625,"entropy":null,"baseline":0.25,"#,
        r#""memory":{"planned_peak_bytes":4096,"actual_peak_bytes":2048,"high_water_bytes":4096},"seconds":1.5}"#,
        "\n",
        r#"{"elapsed_seconds":3.0,"event":"epoch","fidelity":"exact","epoch":0,"loss":1.75,"seconds":0.5}"#,
        "\n",
        r#"{"elapsed_seconds":4.0,"event":"dnas-epoch","iteration":0,"epoch":0,"alpha_trained":false,"#,
        r#""weight_loss":null,"alpha_loss":null,"temperature":3.0,"alpha":[],"seconds":0.5}"#,
        "\n",
    );

    /// A version and four moments, less the DNAS epoch that has no number to tell.
    #[test]
    fn the_file_reads_back_as_the_run() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), "").unwrap();
        std::fs::write(folder.path().join("events.jsonl"), EVENTS).unwrap();
        let run = Run::open(folder.path()).unwrap();
        let file = tensorboard(&run, &folder.path().join("board")).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.contains("tfevents"), "{name}");
        assert_eq!(
            tensorboard(&run, &folder.path().join("board")).unwrap(),
            file
        );

        let records = record::tests::read(&std::fs::read(&file).unwrap());
        let events: Vec<message::Event> = (records.iter())
            .map(|record| message::Event::decode(record.as_slice()).unwrap())
            .collect();
        assert_eq!(
            events[0].what,
            Some(What::FileVersion("brain.Event:2".into()))
        );
        let told: Vec<String> = (events[1..].iter())
            .map(|event| {
                let Some(What::Summary(summary)) = &event.what else {
                    panic!("{event:?}");
                };
                let value = |v: &Value| format!(" {}={}", v.tag, v.simple_value.unwrap());
                let values: String = summary.value.iter().map(value).collect();
                let seconds = event.wall_time - run.started_at();
                format!("{seconds:.1}s #{}{values}", event.step)
            })
            .collect();
        assert_eq!(
            told,
            [
                "2.0s #0 episode/reward=0.625 episode/accuracy=0.5 episode/aops=1000 episode/baseline=0.25",
                "3.0s #0 loss/exact=1.75",
                "2.0s #0 memory/planned_bytes=4096 memory/actual_bytes=2048",
            ]
        );
    }
}
