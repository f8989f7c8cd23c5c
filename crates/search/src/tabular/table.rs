//! A table of architectures and their accuracies, read from CSV.

use super::{RowFault, TableError};
use flate2::bufread::MultiGzDecoder;
use radars_space::{Architecture, Choices, ImageShape, Layer, Space};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The first bytes of a gzip file (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// An architecture of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name: one digit a decision.
    pub name: String,
    /// The accuracy of each of its trainings, a fraction; at least one.
    pub accuracies: Vec<f64>,
}

impl Row {
    /// The mean accuracy of its trainings.
    pub fn mean(&self) -> f64 {
        self.accuracies.iter().sum::<f64>() / self.accuracies.len() as f64
    }
}

/// Every architecture of a space, with its accuracies.
///
/// The file is CSV, plain or compressed by gzip, with a header. Column `arch` names an architecture by one digit a
/// decision; every column whose name begins with `val_acc` has the accuracy of one training in percent, empty
/// where there was none; other columns are ignored.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Choices of every decision: one more than its largest digit.
    choices: Vec<usize>,
    /// Every combination of them, in the order of their names.
    rows: Vec<Row>,
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// [`TableError`] with the file, the line and what would be right.
    pub fn read(file: &Path) -> Result<Self, TableError> {
        Table::from_csv(open(file)?, file)
    }

    /// Reads CSV; `file` is what errors call it.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn from_csv(csv: impl Read, file: &Path) -> Result<Self, TableError> {
        let mut lines = read_lines(csv, file)?;
        let faulty = |line, fault| TableError::Row {
            file: file.into(),
            line,
            fault,
        };
        let Some(first) = lines.first() else {
            return Err(TableError::Empty { file: file.into() });
        };
        let expected = first.row.name.len();
        if let Some(other) = lines.iter().find(|line| line.row.name.len() != expected) {
            let digits = other.row.name.len();
            return Err(faulty(other.number, RowFault::Length { digits, expected }));
        }
        // Stable: of two rows with the same name, the one that stands first in the file comes first.
        lines.sort_by(|a, b| a.row.name.cmp(&b.row.name));
        if let Some(pair) = (lines.windows(2)).find(|pair| pair[0].row.name == pair[1].row.name) {
            let (arch, first) = (pair[1].row.name.clone(), pair[0].number);
            return Err(faulty(pair[1].number, RowFault::Twice { arch, first }));
        }
        let rows: Vec<Row> = lines.into_iter().map(|line| line.row).collect();
        let choices = choices_of(&rows, expected);
        match first_missing(&rows, &choices) {
            Some(architecture) => Err(TableError::Incomplete {
                file: file.into(),
                architecture,
            }),
            None => Ok(Table { choices, rows }),
        }
    }

    /// The number of choices of every decision.
    pub fn choices(&self) -> &[usize] {
        &self.choices
    }

    /// Every architecture, in the order of their names.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The architecture with the best mean accuracy, the first of equals: what a perfect search finds.
    pub fn optimum(&self) -> &Row {
        let better = |best: usize, row: usize| match self.rows[row].mean() > self.rows[best].mean()
        {
            true => row,
            false => best,
        };
        &self.rows[(0..self.rows.len()).fold(0, better)]
    }

    /// A space with the decisions of the table.
    ///
    /// Its architectures are names of rows and no networks: one layer a decision, kernel size `2 d + 1` for digit
    /// `d`. Whatever else a layer has, and whatever it would cost, says nothing about the row.
    ///
    /// # Errors
    /// [`radars_space::Error`] for names of a million digits.
    pub fn space(&self) -> radars_space::Result<Space> {
        let layers = self.choices.iter().map(|&choices| {
            let kernels: Vec<usize> = (0..choices).map(kernel).collect();
            Ok(Layer::conv(1, 1, Choices::float(&kernels)?))
        });
        let layers = layers.collect::<radars_space::Result<_>>()?;
        let images = ImageShape {
            height: 1,
            width: 1,
            channels: 1,
        };
        Space::new("table", layers)?.resolve(images, 1)
    }

    /// The row that an architecture of [`Table::space`] names; none for one of another space.
    pub fn row(&self, architecture: &Architecture) -> Option<&Row> {
        if architecture.layers().len() != self.choices.len() {
            return None;
        }
        let mut index = 0;
        for (layer, &choices) in architecture.layers().iter().zip(&self.choices) {
            let digit = (0..choices).find(|&digit| kernel(digit) == layer.kernel)?;
            index = index * choices + digit;
        }
        self.rows.get(index)
    }
}

/// Opens a file that may be compressed by gzip, which its first bytes say.
pub(super) fn open(file: &Path) -> Result<Box<dyn Read>, TableError> {
    let failed = |source| TableError::Read {
        file: file.into(),
        source,
    };
    let mut reader = BufReader::new(File::open(file).map_err(failed)?);
    Ok(
        match reader.fill_buf().map_err(failed)?.starts_with(&GZIP) {
            true => Box::new(MultiGzDecoder::new(reader)),
            false => Box::new(reader),
        },
    )
}

/// The kernel size that stands for a digit.
fn kernel(digit: usize) -> usize {
    2 * digit + 1
}

/// A row, and where it stood.
struct Line {
    number: u64,
    row: Row,
}

/// Reads all rows, each by itself.
fn read_lines(csv: impl Read, file: &Path) -> Result<Vec<Line>, TableError> {
    let failed = |source: csv::Error| TableError::Read {
        file: file.into(),
        source: source.into(),
    };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(csv);
    let header = reader.headers().map_err(failed)?.clone();
    let lacks = |column| TableError::NoColumn {
        file: file.into(),
        column,
        found: match header.is_empty() {
            true => "is no header at all".into(),
            false => {
                let names: Vec<String> = header.iter().map(|n| format!("`{n:.40}`")).collect();
                format!("are {}", names.join(", "))
            }
        },
    };
    let arch = (header.iter().position(|name| name == "arch")).ok_or_else(|| lacks("arch"))?;
    let accuracies: Vec<usize> = (header.iter().enumerate())
        .filter(|(_, name)| name.starts_with("val_acc"))
        .map(|(column, _)| column)
        .collect();
    if accuracies.is_empty() {
        return Err(lacks("val_acc..."));
    }
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(failed)?;
        let number = record.position().map_or(0, csv::Position::line);
        let row = read_row(&record, &header, arch, &accuracies);
        let row = row.map_err(|fault| TableError::Row {
            file: file.into(),
            line: number,
            fault,
        })?;
        lines.push(Line { number, row });
    }
    Ok(lines)
}

/// Reads a row whose name and accuracies are in these columns.
fn read_row(
    record: &csv::StringRecord,
    header: &csv::StringRecord,
    arch: usize,
    accuracies: &[usize],
) -> Result<Row, RowFault> {
    let name = &record[arch];
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RowFault::Name { arch: name.into() });
    }
    let mut row = Row {
        name: name.into(),
        accuracies: Vec::with_capacity(accuracies.len()),
    };
    for &column in accuracies {
        let value = &record[column];
        if value.is_empty() {
            continue;
        }
        let percent = value.parse().ok().filter(|p| (0.0..=100.0).contains(p));
        let percent: f64 = percent.ok_or_else(|| RowFault::Accuracy {
            column: header[column].into(),
            value: value.into(),
        })?;
        row.accuracies.push(percent / 100.0);
    }
    match row.accuracies.is_empty() {
        true => Err(RowFault::NoAccuracy),
        false => Ok(row),
    }
}

/// One more than the largest digit of every place; all names have `places`.
fn choices_of(rows: &[Row], places: usize) -> Vec<usize> {
    let mut choices = vec![1; places];
    for row in rows {
        for (choices, digit) in choices.iter_mut().zip(row.name.bytes()) {
            *choices = usize::from(digit - b'0' + 1).max(*choices);
        }
    }
    choices
}

/// The first combination that has no row. The rows are in order, each there once.
fn first_missing(rows: &[Row], choices: &[usize]) -> Option<String> {
    let mut digits = vec![0; choices.len()];
    for row in rows {
        if !row
            .name
            .bytes()
            .map(|b| usize::from(b - b'0'))
            .eq(digits.iter().copied())
        {
            return Some(name(&digits));
        }
        // Counts one up; past the last combination, the first comes again.
        for (digit, &choices) in digits.iter_mut().zip(choices).rev() {
            *digit = (*digit + 1) % choices;
            if *digit > 0 {
                break;
            }
        }
    }
    let over = digits.iter().all(|&digit| digit == 0);
    (!over).then(|| name(&digits))
}

fn name(digits: &[usize]) -> String {
    digits.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests;
