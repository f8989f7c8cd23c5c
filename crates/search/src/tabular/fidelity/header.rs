//! The comments at the head of a table: all that its figures depend on.
//!
//! First what people look for, a `# key = value` a line, in this order: `radars` (the version), `space`, `data`,
//! `batch`, `limit_train`, `width`, `proxy_epochs`, `exact_epochs`, `final_epochs`, `device`. Then `# settings| `
//! lines, which are TOML: how networks were trained, and on what parts of the data. Then `# space| ` lines, which are a
//! space file: resolved, as narrow as it was trained, with the reward. Seeds are in the rows.

use crate::{DataConfig, MicroBatch, Recomputation, Result, Task, TrainingConfig};
use bytesize::ByteSize;
use serde::Serialize;

/// How lines of the settings begin.
const SETTINGS: &str = "# settings|";

/// How lines of the space begin.
const SPACE: &str = "# space|";

/// How many differences are told.
const TOLD: usize = 5;

/// What the figures depend on, and the first lines do not say.
#[derive(Serialize)]
struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    micro_batch: Option<MicroBatch>,
    /// Where it decides the micro-batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    recompute: Recomputation,
    data: DataConfig,
    training: TrainingConfig,
}

/// The comments for tables of a task.
///
/// # Errors
/// [`crate::Error::ConfigWrite`].
pub(super) fn comments(task: &Task, device: &str) -> Result<Vec<String>> {
    let (config, problem) = (&task.problem.config, &task.problem);
    let training = &config.training;
    let limit = config.data.limit_train;
    let mut comments: Vec<String> = [
        ("radars", env!("CARGO_PKG_VERSION").to_owned()),
        ("space", problem.space.name().to_owned()),
        ("data", task.data.name.clone()),
        ("batch", config.batch.to_string()),
        (
            "limit_train",
            limit.map_or("all".into(), |limit| limit.to_string()),
        ),
        ("width", config.narrow.width.unwrap_or(1.0).to_string()),
        ("proxy_epochs", training.proxy_epochs.to_string()),
        ("exact_epochs", training.exact_epochs.to_string()),
        ("final_epochs", training.final_epochs.to_string()),
        ("device", device.to_owned()),
    ]
    .into_iter()
    .map(|(key, value)| format!("# {key} = {}", value.replace(['\n', '\r'], " ")))
    .collect();
    let settings = toml::to_string(&settings(task)).map_err(crate::Error::ConfigWrite)?;
    comments.extend(prefixed(SETTINGS, &settings));
    let space = problem.space.clone().with_reward(problem.reward);
    comments.extend(prefixed(SPACE, &space.to_toml()));
    Ok(comments)
}

/// Where the images are and what memory they may take is left out: no figure depends on it.
fn settings(task: &Task) -> Settings {
    let config = &task.problem.config;
    let mut data = config.data.clone();
    (data.source, data.limit_train) = (task.data.name.clone(), None);
    if let Some(stream) = &mut data.stream {
        stream.cache = ByteSize(0);
    }
    let memory = config.memory.as_u64();
    Settings {
        micro_batch: config.micro_batch,
        memory_bytes: (config.micro_batch == Some(MicroBatch::Auto)).then_some(memory),
        recompute: config.recompute,
        data,
        training: config.training,
    }
}

fn prefixed(prefix: &str, text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| format!("{prefix} {line}"));
    lines.map(|line| line.trim_end().to_owned()).collect()
}

/// The text of the space file in comments; none where there is none.
pub(super) fn space_text(comments: &[String]) -> Option<String> {
    let lines = comments.iter().filter_map(|line| line.strip_prefix(SPACE));
    let lines: Vec<&str> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The epochs of the three fidelities; none where a file does not say all of them.
pub(super) fn epochs(comments: &[String]) -> Option<[usize; 3]> {
    let of = |key: &str| {
        let mut lines = comments.iter();
        lines.find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
    };
    Some([
        of("# proxy_epochs =")?,
        of("# exact_epochs =")?,
        of("# final_epochs =")?,
    ])
}

/// How the comments of a file differ from those that would be written, in words; empty where they do not.
pub(super) fn differences(there: &[String], here: &[String]) -> Vec<String> {
    let bare = |line: &str| line.trim_start_matches(['#', ' ']).to_owned();
    let quoted =
        |line: Option<&String>| line.map_or("nothing".into(), |l| format!("`{}`", bare(l)));
    let lines = there.len().max(here.len());
    let pairs = (0..lines).map(|line| (there.get(line), here.get(line)));
    let different = pairs.filter(|(there, here)| there != here);
    different
        .take(TOLD)
        .map(|(there, here)| format!("{}, and here {}", quoted(there), quoted(here)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, SpaceSource, StreamConfig};
    use radars_space::{Reward, Space};

    fn config() -> Config {
        let mut config = Config::preset("fashion-small").unwrap();
        config.data.limit_train = Some(400);
        config.narrow.width = Some(0.5);
        config
    }

    fn task(config: Config) -> Task {
        Task::load(config, None).unwrap()
    }

    #[test]
    fn the_head_says_how_a_table_was_made() {
        let comments = comments(&task(config()), "cpu portable").unwrap();
        let version = format!("# radars = {}", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            comments[..10],
            [
                version.as_str(),
                "# space = fashion-small",
                "# data = fashion-mnist-small",
                "# batch = 32",
                "# limit_train = 400",
                "# width = 0.5",
                "# proxy_epochs = 4",
                "# exact_epochs = 16",
                "# final_epochs = 40",
                "# device = cpu portable",
            ]
        );
        assert!(comments.contains(&"# settings| momentum = 0.9".to_owned()));
        assert!(
            comments.iter().all(|line| line.starts_with("# ")),
            "{comments:?}"
        );
    }

    #[test]
    fn the_epochs_come_back_where_all_are_said() {
        let comments = comments(&task(config()), "cpu").unwrap();
        assert_eq!(epochs(&comments), Some([4, 16, 40]));
        let but_the_final: Vec<String> = (comments.into_iter())
            .filter(|line| !line.contains("final_epochs"))
            .collect();
        assert_eq!(epochs(&but_the_final), None);
        let lines = |last: &str| {
            let lines = ["# proxy_epochs = 1", "# exact_epochs = 2", last];
            epochs(&lines.map(str::to_owned))
        };
        assert_eq!(lines("# final_epochs = 30"), Some([1, 2, 30]));
        assert_eq!(lines("# final_epochs = many"), None);
    }

    /// 16 channels at half the width are 8; the reward is the task's own.
    #[test]
    fn the_space_comes_back_as_it_was_trained() {
        let mut task = task(config());
        task.problem.reward = Reward::new(0.7, 1.0, 2e9).unwrap();
        let text = space_text(&comments(&task, "cpu").unwrap()).unwrap();
        let space = Space::from_toml(&text, "it").unwrap();
        assert_eq!(space.layers()[0].channels, 8);
        assert_eq!(space.reward().unwrap(), task.problem.reward);
        assert_eq!(
            space.shapes().unwrap(),
            task.problem.space.shapes().unwrap()
        );
        assert_eq!(space_text(&["# batch = 3".to_owned()]), None);
    }

    #[test]
    fn what_differs_is_told_and_what_matters_not_is_left_out() {
        let here = comments(&task(config()), "cpu").unwrap();
        let with = |change: fn(&mut Config)| {
            let mut config = config();
            change(&mut config);
            differences(&comments(&task(config), "cpu").unwrap(), &here)
        };
        assert!(with(|c| c.memory = ByteSize::mib(7)).is_empty());
        assert!(with(|c| c.search.episodes = 3).is_empty());
        assert!(with(|c| c.seed = 3).is_empty());
        assert_eq!(
            with(|c| c.batch = 16),
            ["`batch = 16`, and here `batch = 32`"]
        );
        let rate = with(|c| c.training.rate = 0.5);
        assert_eq!(
            rate,
            ["`settings| rate = 0.5`, and here `settings| rate = 0.2`"]
        );
        assert_eq!(differences(&here, &here[..here.len() - 1]).len(), 1);
    }

    #[test]
    fn where_images_are_and_what_they_take_is_left_out() {
        let mut task = task(config());
        let mut streamed = |cache| {
            task.problem.config.data.source = format!("/somewhere/{cache}");
            task.problem.config.data.stream = Some(StreamConfig {
                cache: ByteSize(cache),
                ..StreamConfig::default()
            });
            task.problem.config.space = SpaceSource::File(format!("/{cache}").into());
            comments(&task, "cpu").unwrap()
        };
        assert_eq!(streamed(1), streamed(2));
    }
}
