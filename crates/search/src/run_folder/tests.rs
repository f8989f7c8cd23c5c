//! The folder of a run: what is refused, what is written, what comes back.

use super::*;
use crate::{Event, Observer, Stop};

fn read(folder: &RunFolder, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

fn ended(seconds: f64) -> Event {
    Event::SearchEnded {
        stop: Stop::Target,
        iterations: 1,
        seconds,
    }
}

#[test]
fn a_folder_that_holds_anything_is_refused_and_left_alone() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("deep/run");
    let folder = RunFolder::create(&path).unwrap();
    assert_eq!(folder.path(), path);
    let message = RunFolder::create(&path).unwrap_err().to_string();
    assert!(
        message.contains("already holds a run (events.jsonl)"),
        "{message}"
    );

    let other = parent.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("notes.txt"), "mine").unwrap();
    let message = RunFolder::create(&other).unwrap_err().to_string();
    assert!(message.contains("other files (notes.txt)"), "{message}");
    assert_eq!(std::fs::read_dir(&other).unwrap().count(), 1);
    assert_eq!(std::fs::read(other.join("notes.txt")).unwrap(), b"mine");

    let file = other.join("notes.txt");
    assert!(matches!(RunFolder::create(&file), Err(Error::File { .. })));
}

#[test]
fn an_empty_folder_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    assert!(RunFolder::create(folder.path()).is_ok());
}

#[test]
fn numbers_go_on_where_names_are_taken() {
    let parent = tempfile::tempdir().unwrap();
    let runs = parent.path().join("runs");
    let names: Vec<String> = (0..3)
        .map(|_| RunFolder::create_numbered(&runs, "tiny-0").unwrap())
        .map(|folder| {
            folder
                .path()
                .file_name()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(names, ["tiny-0", "tiny-0-2", "tiny-0-3"]);
}

#[test]
fn every_event_is_a_line_with_its_time() {
    let parent = tempfile::tempdir().unwrap();
    let mut folder = RunFolder::create(&parent.path().join("run")).unwrap();
    let events = [ended(1.5), ended(2.5)];
    for event in &events {
        folder.event(Phase::Run, event).unwrap();
    }
    let text = read(&folder, EVENTS);
    assert!(text.ends_with('\n'));
    let mut last = 0.0;
    for (line, event) in text.lines().zip(&events) {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        let fields = value.as_object_mut().unwrap();
        let elapsed = fields.remove("elapsed_seconds").unwrap().as_f64().unwrap();
        assert_eq!(fields.remove("phase").unwrap(), "run");
        assert!(elapsed >= last);
        last = elapsed;
        assert_eq!(&serde_json::from_value::<Event>(value).unwrap(), event);
    }
    assert_eq!(text.lines().count(), events.len());
}

#[test]
fn the_configuration_and_the_space_come_back() {
    let parent = tempfile::tempdir().unwrap();
    let space = Space::preset("fashion-small").unwrap();
    let mut config = Config::preset("fashion-small").unwrap();
    // Neither the bound nor a reward may be rounded on the way.
    config.memory = bytesize::ByteSize(100_000_001);
    config.search.target = Some(0.1 + 0.2);
    let mut folder = RunFolder::create(&parent.path().join("preset")).unwrap();
    folder.write_config(&config, &space).unwrap();
    assert_eq!(
        Config::from_toml(&read(&folder, CONFIG), CONFIG).unwrap(),
        config
    );
    assert_eq!(
        Space::from_toml(&read(&folder, SPACE), SPACE).unwrap(),
        space
    );

    config.space = SpaceSource::File("elsewhere/mine.toml".into());
    let mut folder = RunFolder::create(&parent.path().join("file")).unwrap();
    folder.write_config(&config, &space).unwrap();
    let back = Config::from_toml(&read(&folder, CONFIG), CONFIG).unwrap();
    assert_eq!(back.space, SpaceSource::File(SPACE.into()));
}

#[test]
fn the_result_appears_whole_and_alone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(&parent.path().join("run")).unwrap();
    let result = crate::result::tests::example();
    folder.write_result(&result).unwrap();
    assert_eq!(
        serde_json::from_str::<RunResult>(&read(&folder, RESULT)).unwrap(),
        result
    );
    assert!(!folder.path().join("result.json.tmp").exists());
}
