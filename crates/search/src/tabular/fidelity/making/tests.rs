//! Tables of two networks, trained for an epoch on a few images.

use super::*;
use crate::tabular::TableError;
use crate::tabular::fidelity::{FidelityTable, TableFile};
use crate::{Config, SpaceSource};
use radars_tensor::Cpu;
use std::path::PathBuf;

/// Two layers, of which one has a choice.
const SPACE: &str = r#"
name = "pair"

[choices]
activation_integer = [1]
activation_fraction = [3]
weight_integer = [1]
weight_fraction = [3]

[[layer]]
channels = 4
stride = 2
choices = { kernel = [1, 3] }

[[layer]]
channels = 4
stride = 2
choices = { kernel = [3] }
"#;

/// Told what happened; asks to stop when so many batches or rows were done.
#[derive(Default)]
struct Notes {
    begun: Vec<(usize, usize, u64)>,
    trained: Vec<u64>,
    written: Vec<(String, usize, usize)>,
    stop: StopSignal,
    stop_after_rows: Option<usize>,
    stop_after_batches: Option<usize>,
}

impl Onlooker for Notes {
    fn begins(&mut self, there: usize, rows: usize, macs: u64) {
        self.begun.push((there, rows, macs));
    }

    fn trained(&mut self, macs: u64) {
        self.trained.push(macs);
        if self.stop_after_batches == Some(self.trained.len()) {
            self.stop.interrupt();
        }
    }

    fn written(&mut self, row: &MeasuredRow, there: usize, rows: usize) {
        self.written.push((row.to_string(), there, rows));
        if self.stop_after_rows == Some(self.written.len()) {
            self.stop.interrupt();
        }
    }
}

struct Folder {
    folder: tempfile::TempDir,
    config: Config,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let space = folder.path().join("space.toml");
        std::fs::write(&space, SPACE).unwrap();
        let mut config = Config::preset("fashion-small").unwrap();
        config.space = SpaceSource::File(space);
        config.data.limit_train = Some(80);
        config.batch = 8;
        config.training.proxy_epochs = 1;
        config.training.exact_epochs = 1;
        config.training.final_epochs = 1;
        Folder { folder, config }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    fn tabulate(
        &self,
        name: &str,
        tabulation: Tabulation<'_>,
        notes: &mut Notes,
    ) -> Result<Tabulated> {
        self.in_bound(name, tabulation, notes, 1 << 23)
    }

    fn in_bound(
        &self,
        name: &str,
        tabulation: Tabulation<'_>,
        notes: &mut Notes,
        bytes: usize,
    ) -> Result<Tabulated> {
        let task = Task::load(self.config.clone(), None)?;
        let stop = notes.stop.clone();
        let place = Place {
            file: &self.file(name),
            device: "cpu".into(),
            onlooker: notes,
            stop: &stop,
        };
        tabulate(&task, tabulation, place, || {
            Ok(Region::reserve(Cpu::new(1)?, bytes)?)
        })
    }
}

const BOTH: Tabulation<'static> = Tabulation {
    seeds: &[0, 7],
    order: Order::Listed,
    limit: None,
};

/// Two architectures with two seeds; a table that is left in a training, between rows and in a row's line is, gone on
/// with, the one that was not.
#[test]
fn a_table_that_was_left_anywhere_becomes_the_same() {
    let folder = Folder::new();
    let mut notes = Notes::default();
    let done = folder.tabulate("whole.csv", BOTH, &mut notes).unwrap();
    assert_eq!((done.there, done.rows, done.trained), (4, 4, 4));
    let whole = folder.text("whole.csv");
    let heads: Vec<&str> = (whole.lines().rev().take(4))
        .map(|row| &row[..10])
        .collect();
    assert_eq!(heads.len(), 4);
    // What it takes is what was announced.
    assert_eq!(notes.begun.len(), 1);
    assert_eq!(notes.begun[0].2, *notes.trained.last().unwrap());
    assert!(notes.trained.is_sorted());
    let rows: Vec<(usize, usize)> = notes.written.iter().map(|&(_, t, r)| (t, r)).collect();
    assert_eq!(rows, [(1, 4), (2, 4), (3, 4), (4, 4)]);

    let mut notes = Notes {
        stop_after_rows: Some(1),
        ..Notes::default()
    };
    let left = folder.tabulate("t.csv", BOTH, &mut notes).unwrap();
    assert_eq!((left.there, left.trained), (1, 1));
    // A row that the system did not write to its end.
    let text = folder.text("t.csv");
    std::fs::write(folder.file("t.csv"), &text[..text.len() - 7]).unwrap();
    let mut notes = Notes {
        stop_after_batches: Some(20),
        ..Notes::default()
    };
    let left = folder.tabulate("t.csv", BOTH, &mut notes).unwrap();
    assert!(left.there < 4, "{left:?}");
    assert_eq!(notes.begun[0].0, 0);
    let mut notes = Notes::default();
    let done = folder.tabulate("t.csv", BOTH, &mut notes).unwrap();
    assert_eq!((done.there, done.trained), (4, 4 - left.there));
    assert_eq!(folder.text("t.csv"), whole);
    // It is all there.
    let mut notes = Notes::default();
    let again = folder.tabulate("t.csv", BOTH, &mut notes).unwrap();
    assert_eq!((again.there, again.trained), (4, 0));
    assert!(notes.begun.is_empty());
    assert_eq!(folder.text("t.csv"), whole);
}

/// The row is what a search's own evaluator says; kernel 1 costs less than kernel 3.
#[test]
fn rows_are_what_trainings_come_to_and_the_file_is_a_table() {
    let folder = Folder::new();
    folder
        .tabulate("t.csv", BOTH, &mut Notes::default())
        .unwrap();
    let path = folder.file("t.csv");
    let file = TableFile::read(&path).unwrap();
    let codes: Vec<(&str, u64)> = file.rows.iter().map(|r| (&r.code[..], r.seed)).collect();
    let expected = [
        ("0000000000", 0),
        ("1000000000", 0),
        ("0000000000", 7),
        ("1000000000", 7),
    ];
    assert_eq!(codes, expected);
    let table = FidelityTable::read(&path, None).unwrap();
    let [small, large] = table.architectures() else {
        panic!("{table:?}")
    };
    assert!(small.aops < large.aops);

    let mut config = folder.config.clone();
    config.seed = 7;
    let task = Task::load(config, None).unwrap();
    let region = Region::reserve(Cpu::new(1).unwrap(), 1 << 23).unwrap();
    let mut trainer = Trainer::new(region, &task).unwrap();
    for fidelity in FIDELITIES {
        let architecture = &large.architecture;
        let (mut silent, stop, mut resumed) = (crate::Silent, StopSignal::default(), None);
        let mut watch = Watch::new(Phase::Run, &mut silent, &stop, &mut resumed);
        let training = Training {
            architecture,
            fidelity,
            plan: plan(&trainer, &task, architecture, fidelity).unwrap(),
        };
        let measured = trainer.train(training, &mut watch).unwrap().unwrap();
        let stated = large.accuracies(fidelity)[1];
        assert!((measured.accuracy - stated).abs() < 1e-5, "{fidelity:?}");
        assert_eq!(
            trainer.cost(architecture, fidelity).unwrap(),
            large.macs(fidelity)
        );
    }
}

#[test]
fn a_limit_is_of_rows_and_more_seeds_go_on_with_it() {
    let folder = Folder::new();
    let limited = |limit, seeds: &'static [u64]| Tabulation {
        seeds,
        limit: Some(limit),
        order: Order::Random,
    };
    let tabulate = |tabulation| {
        let done = folder.tabulate("t.csv", tabulation, &mut Notes::default());
        let done = done.unwrap();
        (done.there, done.rows, done.trained)
    };
    assert_eq!(tabulate(limited(1, &[3])), (1, 1, 1));
    assert_eq!(tabulate(limited(1, &[3])), (1, 1, 0));
    assert_eq!(tabulate(limited(3, &[3, 4])), (3, 3, 2));
    assert_eq!(tabulate(limited(9, &[3])), (2, 2, 0));
}

#[test]
fn what_does_not_fit_and_what_was_made_otherwise_is_refused() {
    let mut folder = Folder::new();
    let error = folder.in_bound("t.csv", BOTH, &mut Notes::default(), 1000);
    let error = error.unwrap_err();
    assert!(
        matches!(error, Error::ArchitectureOverBound { .. }),
        "{error}"
    );
    // Nothing was trained: what follows begins the table anew.
    let one = Tabulation {
        limit: Some(1),
        ..BOTH
    };
    let done = folder.tabulate("t.csv", one, &mut Notes::default());
    assert_eq!(done.unwrap().trained, 1);
    folder.config.training.final_epochs = 2;
    let error = folder.tabulate("t.csv", BOTH, &mut Notes::default());
    let error = error.unwrap_err();
    assert!(
        matches!(error, Error::Table(TableError::OtherSettings { .. })),
        "{error}"
    );
    let words = "`final_epochs = 1`, and here `final_epochs = 2`";
    assert!(error.to_string().contains(words), "{error}");
}
