//! A table of three fidelities as a file.

use super::row::{COLUMNS, MeasuredRow};
use super::{RowFault, header};
use crate::tabular::TableError;
use crate::tabular::table::open;
use radars_space::Space;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::Path;

/// What a file holds: comments that say how it was made, then a row for each architecture and seed that is done.
///
/// Lines end with a line feed; one at the end of the file that does not was cut off while it was written, and is left
/// out. As text, the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableFile {
    /// The lines before the header, with their `#`.
    pub comments: Vec<String>,
    /// The rows, in the order of the file; no architecture has two with the same seed.
    pub rows: Vec<MeasuredRow>,
    /// The line of every row, from 1.
    pub(super) lines: Vec<usize>,
}

impl TableFile {
    /// Reads a file, plain or compressed by gzip.
    ///
    /// # Errors
    /// [`TableError`] with the file, the line and what would be right.
    pub fn read(file: &Path) -> Result<Self, TableError> {
        TableFile::from_csv(open(file)?, file)
    }

    /// Reads text; `file` is what errors call it.
    ///
    /// # Errors
    /// As [`TableFile::read`].
    pub fn from_csv(mut csv: impl Read, file: &Path) -> Result<Self, TableError> {
        let mut text = String::new();
        (csv.read_to_string(&mut text)).map_err(|source| TableError::Read {
            file: file.into(),
            source,
        })?;
        TableFile::from_text(&text, file)
    }

    /// As [`TableFile::from_csv`], of the whole text.
    pub(super) fn from_text(text: &str, file: &Path) -> Result<Self, TableError> {
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        let mut lines = whole.lines().enumerate().peekable();
        let mut table = TableFile::default();
        while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with('#')) {
            // `lines` takes one of several carriage returns away.
            table.comments.push(line.trim_end_matches('\r').to_owned());
        }
        let (number, header) = lines.next().unwrap_or((table.comments.len(), ""));
        if !is_header(header) {
            return Err(TableError::Header {
                file: file.into(),
                line: number + 1,
                found: header.into(),
                expected: COLUMNS.join(","),
            });
        }
        let mut first = BTreeMap::new();
        for (index, line) in lines {
            let number = index + 1;
            let faulty = |fault| TableError::FidelityRow {
                file: file.into(),
                line: number,
                fault,
            };
            let row: MeasuredRow = line.parse().map_err(faulty)?;
            if let Some(first) = first.insert((row.code.clone(), row.seed), number) {
                return Err(faulty(RowFault::Again {
                    code: row.code,
                    seed: row.seed,
                    first,
                }));
            }
            table.rows.push(row);
            table.lines.push(number);
        }
        Ok(table)
    }

    /// The space that the comments hold, resolved and as narrow as it was trained; none where they hold none.
    ///
    /// # Errors
    /// [`radars_space::Error`] for one that is wrong.
    pub fn space(&self, file: &Path) -> radars_space::Result<Option<Space>> {
        let text = header::space_text(&self.comments);
        let name = format!("{}: the space in its comments", file.display());
        text.map(|text| Space::from_toml(&text, &name)).transpose()
    }

    /// The line of a row, from 1.
    pub(super) fn line(&self, row: usize) -> usize {
        self.lines.get(row).copied().unwrap_or_default()
    }
}

impl fmt::Display for TableFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for comment in &self.comments {
            writeln!(f, "{comment}")?;
        }
        writeln!(f, "{}", COLUMNS.join(","))?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

/// Whether a file is a table of three fidelities, judged by its header alone; else it may be one of another form.
///
/// # Errors
/// [`TableError::Read`] where it cannot be read.
pub fn is_fidelity_table(file: &Path) -> Result<bool, TableError> {
    let failed = |source| TableError::Read {
        file: file.into(),
        source,
    };
    let mut reader = open(file)?;
    // The header is near the beginning; a file that is anything else may be one line of any length.
    let mut start = Vec::new();
    (reader.by_ref().take(START).read_to_end(&mut start)).map_err(failed)?;
    let start = String::from_utf8_lossy(&start);
    Ok((start.lines().find(|line| !line.starts_with('#'))).is_some_and(is_header))
}

/// Comments hold a space, of which a line a layer is usual and thousands are possible.
const START: u64 = 1 << 20;

fn is_header(line: &str) -> bool {
    line.split(',').map(str::trim).eq(COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    const CSV: &str = "# batch = 8\n# space| name = \"s\"\n\
        arch,aops,seed,proxy,exact,final,proxy_macs,exact_macs,final_macs\n\
        01,5,0,0.10000,0.20000,0.30000,1,2,3\n\
        00,4,0,0.40000,0.50000,0.60000,1,2,3\n";

    fn read(text: &str) -> Result<TableFile, TableError> {
        TableFile::from_csv(text.as_bytes(), Path::new("t.csv"))
    }

    fn message(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_has_comments_and_rows_and_is_written_as_it_was() {
        let table = read(CSV).unwrap();
        assert_eq!(table.comments, ["# batch = 8", "# space| name = \"s\""]);
        assert_eq!(table.rows[1].code, "00");
        assert_eq!(table.rows[1].accuracies, [0.4, 0.5, 0.6]);
        assert_eq!(table.line(1), 5);
        assert_eq!(table.to_string(), CSV);
        assert_eq!(read(&CSV.replace('\n', "\r\n")).unwrap().rows, table.rows);
    }

    /// A number that was cut off is a number as well: only the line's end tells.
    #[test]
    fn a_half_line_at_the_end_is_left_out() {
        let all = read(CSV).unwrap();
        for cut in [1, 2, 5, 30] {
            let table = read(&CSV[..CSV.len() - cut]).unwrap();
            assert_eq!(table.rows, all.rows[..1]);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        assert_eq!(
            message("arch,val_acc\n0,1\n"),
            "t.csv: line 1: the header is `arch,val_acc`, but has to be \
             `arch,aops,seed,proxy,exact,final,proxy_macs,exact_macs,final_macs`"
        );
        assert!(message("").contains("line 1: the header is ``"));
        let twice = format!("{CSV}01,5,0,0.1,0.2,0.3,1,2,3\n");
        assert_eq!(
            message(&twice),
            "t.csv: line 6: `01` with seed 0 stands on line 4 already"
        );
        let wrong = format!("{CSV}\n");
        assert_eq!(
            message(&wrong),
            "t.csv: line 6: 1 fields, but the header has 9"
        );
    }

    #[test]
    fn both_forms_are_told_apart_compressed_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.csv");
        let put = |bytes: &[u8]| std::fs::write(&file, bytes).unwrap();
        put(CSV.as_bytes());
        assert!(is_fidelity_table(&file).unwrap());
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(CSV.as_bytes()).unwrap();
        put(&encoder.finish().unwrap());
        assert!(is_fidelity_table(&file).unwrap());
        assert_eq!(TableFile::read(&file).unwrap(), read(CSV).unwrap());
        put(b"arch,val_acc\n0,1\n");
        assert!(!is_fidelity_table(&file).unwrap());
        put(b"\xff\xfe");
        assert!(!is_fidelity_table(&file).unwrap());
        std::fs::remove_file(&file).unwrap();
        assert!(is_fidelity_table(&file).is_err());
    }
}
