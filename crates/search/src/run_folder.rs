//! The folder of a run: its configuration, its events as they happen, and its result.

use crate::{Config, Error, Event, Result, RunResult, SpaceSource};
use radars_space::Space;
use serde::Serialize;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

const CONFIG: &str = "config.toml";
const SPACE: &str = "space.toml";
const EVENTS: &str = "events.jsonl";
const RESULT: &str = "result.json";

/// The folder of one run, which nothing else has written to.
///
/// `config.toml` and `space.toml` are what the run can be repeated from, `events.jsonl` grows by one
/// JSON object an event, `result.json` appears whole at the end or not at all.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    events: File,
    started: Instant,
}

/// A line of `events.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    elapsed_seconds: f64,
    #[serde(flatten)]
    event: &'a Event,
}

impl RunFolder {
    /// Makes the folder, or takes one that is there and empty; makes its parents.
    ///
    /// # Errors
    /// [`Error::FolderInUse`] when it holds anything, [`Error::File`] when the system refuses.
    pub fn create(path: &Path) -> Result<Self> {
        Self::check_unused(path)?;
        std::fs::create_dir_all(path).map_err(at(path))?;
        Self::begin(path.to_path_buf())
    }

    /// Makes the first free one of `parent/stem`, `parent/stem-2`, `parent/stem-3` ...
    ///
    /// # Errors
    /// [`Error::File`] when the system refuses.
    pub fn create_numbered(parent: &Path, stem: &str) -> Result<Self> {
        std::fs::create_dir_all(parent).map_err(at(parent))?;
        let mut number = 1_u64;
        loop {
            let name = match number {
                1 => stem.to_owned(),
                _ => format!("{stem}-{number}"),
            };
            let path = parent.join(name);
            // The system says who was first, so two searches that start at once do not share a folder.
            match std::fs::create_dir(&path) {
                Ok(()) => return Self::begin(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(at(&path)(error)),
            }
        }
    }

    /// Refuses a path that a run cannot have to itself, without writing anything.
    ///
    /// # Errors
    /// [`Error::FolderInUse`] when it is a folder that holds anything, [`Error::File`] when it is not a
    /// folder or cannot be read.
    pub fn check_unused(path: &Path) -> Result<()> {
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(at(path)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry.map_err(at(path))?.file_name());
        }
        names.sort_unstable();
        let Some(first) = names.first() else {
            return Ok(());
        };
        let is_there = |name: &str| names.iter().any(|found| found == name);
        let of_a_run = [RESULT, EVENTS, CONFIG];
        let found = match of_a_run.into_iter().find(|name| is_there(name)) {
            Some(file) => format!("a run ({file})"),
            None => format!("other files ({})", first.to_string_lossy()),
        };
        Err(Error::FolderInUse {
            path: path.to_path_buf(),
            found,
        })
    }

    fn begin(path: PathBuf) -> Result<Self> {
        let events = path.join(EVENTS);
        let events = File::create_new(&events).map_err(at(&events))?;
        Ok(Self {
            path,
            events,
            started: Instant::now(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `config.toml` and `space.toml`. A space that came from a file is named as the copy beside the
    /// configuration, so that the folder suffices to repeat the run.
    ///
    /// # Errors
    /// [`Error::File`] or [`Error::ConfigWrite`].
    pub fn write_config(&self, config: &Config, space: &Space) -> Result<()> {
        let mut config = config.clone();
        if let SpaceSource::File(file) = &mut config.space {
            *file = SPACE.into();
        }
        for (name, text) in [(CONFIG, config.to_toml()?), (SPACE, space.to_toml())] {
            let path = self.path.join(name);
            let mut file = File::create_new(&path).map_err(at(&path))?;
            file.write_all(text.as_bytes()).map_err(at(&path))?;
        }
        Ok(())
    }

    /// Appends an event and the seconds since the folder was made to `events.jsonl`.
    ///
    /// # Errors
    /// [`Error::File`] or [`Error::Json`].
    pub fn record(&mut self, event: &Event) -> Result<()> {
        let path = self.path.join(EVENTS);
        let line = Line {
            elapsed_seconds: self.started.elapsed().as_secs_f64(),
            event,
        };
        let mut line = serde_json::to_vec(&line).map_err(|source| Error::Json {
            path: path.clone(),
            source,
        })?;
        line.push(b'\n');
        // One call a line and no buffer: whoever reads along, or a crash, sees whole lines.
        self.events.write_all(&line).map_err(at(&path))
    }

    /// Writes `result.json`: whole, on the disk, and only then under its name.
    ///
    /// # Errors
    /// [`Error::File`] or [`Error::Json`].
    pub fn write_result(&self, result: &RunResult) -> Result<()> {
        let path = self.path.join(RESULT);
        let mut text = serde_json::to_vec_pretty(result).map_err(|source| Error::Json {
            path: path.clone(),
            source,
        })?;
        text.push(b'\n');
        let temporary = self.path.join(format!("{RESULT}.tmp"));
        let mut file = File::create(&temporary).map_err(at(&temporary))?;
        file.write_all(&text).map_err(at(&temporary))?;
        file.sync_all().map_err(at(&temporary))?;
        std::fs::rename(&temporary, &path).map_err(at(&path))?;
        self.sync()
    }

    /// Makes the names in the folder durable, where the system has a call for it.
    fn sync(&self) -> Result<()> {
        #[cfg(unix)]
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(at(&self.path))?;
        Ok(())
    }
}

/// For `map_err`: an I/O error of `path`.
fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stop;

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
            folder.record(event).unwrap();
        }
        let text = read(&folder, EVENTS);
        assert!(text.ends_with('\n'));
        let mut last = 0.0;
        for (line, event) in text.lines().zip(&events) {
            let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
            let fields = value.as_object_mut().unwrap();
            let elapsed = fields.remove("elapsed_seconds").unwrap().as_f64().unwrap();
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
        let folder = RunFolder::create(&parent.path().join("preset")).unwrap();
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
        let folder = RunFolder::create(&parent.path().join("file")).unwrap();
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
}
