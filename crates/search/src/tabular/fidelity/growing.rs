//! A table that grows: rows are appended to its file, each as a whole.

use super::header::differences;
use super::{MeasuredRow, TableFile};
use crate::tabular::TableError;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The file of a table that this process goes on with; one process at a time.
#[derive(Debug)]
pub(super) struct Growing {
    path: PathBuf,
    /// Locked as long as it is open; the system unlocks it whichever way a process ends.
    file: File,
}

impl Growing {
    /// Opens or makes the file of a table with these comments, and gives what it holds. What an interrupted write left
    /// at its end is dropped.
    ///
    /// # Errors
    /// [`TableError::OtherSettings`] where its comments are others, [`TableError::InUse`] where another process has
    /// it open; those of reading and writing it.
    pub fn open(path: &Path, comments: &[String]) -> Result<(Self, TableFile), TableError> {
        let read = |source| TableError::Read {
            file: path.into(),
            source,
        };
        let mut options = File::options();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(read)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(TableError::InUse { file: path.into() }),
            // Some network file systems have no locks: then nothing keeps two processes apart.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(read(error)),
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(read)?;
        let mut growing = Growing {
            path: path.into(),
            file,
        };
        let head = TableFile {
            comments: comments.to_vec(),
            rows: Vec::new(),
            lines: Vec::new(),
        };
        // A head that was cut off while it was written.
        if head.to_string().starts_with(&text) {
            growing.end_at(0)?;
            growing.append(&head.to_string())?;
            return Ok((growing, head));
        }
        let there = TableFile::from_text(&text, path)?;
        let differences = differences(&there.comments, comments);
        if !differences.is_empty() && there.rows.is_empty() {
            // Nothing was trained with the others.
            growing.end_at(0)?;
            growing.append(&head.to_string())?;
            return Ok((growing, head));
        }
        if !differences.is_empty() {
            return Err(TableError::OtherSettings {
                file: path.into(),
                differences,
            });
        }
        growing.end_at(text.rfind('\n').map_or(0, |end| end + 1))?;
        Ok((growing, there))
    }

    /// Appends a row, which is on the disk then.
    ///
    /// # Errors
    /// [`TableError::Write`].
    pub fn push(&mut self, row: &MeasuredRow) -> Result<(), TableError> {
        self.append(&format!("{row}\n"))
    }

    fn append(&mut self, text: &str) -> Result<(), TableError> {
        let written = self.file.write_all(text.as_bytes());
        let synced = written.and_then(|()| self.file.sync_data());
        synced.map_err(|source| self.failed(source))
    }

    /// Drops what comes after so many bytes, and appends from there on.
    fn end_at(&mut self, bytes: usize) -> Result<(), TableError> {
        let cut = self.file.set_len(bytes as u64);
        let moved = cut.and_then(|()| self.file.seek(io::SeekFrom::End(0)));
        moved.map(drop).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> TableError {
        TableError::Write {
            file: self.path.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(code: &str) -> MeasuredRow {
        format!("{code},5,0,0.1,0.2,0.3,1,2,3").parse().unwrap()
    }

    fn comments() -> Vec<String> {
        ["# batch = 8", "# rate = 1"].map(str::to_owned).to_vec()
    }

    fn codes(table: &TableFile) -> Vec<&str> {
        table.rows.iter().map(|row| row.code.as_str()).collect()
    }

    #[test]
    fn rows_are_there_when_it_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let (mut growing, table) = Growing::open(&path, &comments()).unwrap();
        assert!(table.rows.is_empty());
        growing.push(&row("00")).unwrap();
        growing.push(&row("01")).unwrap();
        drop(growing);
        let (mut growing, table) = Growing::open(&path, &comments()).unwrap();
        assert_eq!(codes(&table), ["00", "01"]);
        growing.push(&row("10")).unwrap();
        drop(growing);
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "# batch = 8\n# rate = 1\narch,aops,seed,proxy,exact,final,proxy_macs,exact_macs,final_macs\n\
             00,5,0,0.10000,0.20000,0.30000,1,2,3\n01,5,0,0.10000,0.20000,0.30000,1,2,3\n\
             10,5,0,0.10000,0.20000,0.30000,1,2,3\n"
        );
    }

    /// Wherever a write was cut off: in a row, in the header, in the comments.
    #[test]
    fn a_file_that_was_cut_off_anywhere_goes_on_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let (mut growing, _) = Growing::open(&path, &comments()).unwrap();
        growing.push(&row("00")).unwrap();
        drop(growing);
        let whole = std::fs::read_to_string(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (mut growing, table) = Growing::open(&path, &comments()).unwrap();
            assert!(table.rows.is_empty(), "{cut}");
            growing.push(&row("00")).unwrap();
            drop(growing);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), whole, "{cut}");
        }
    }

    #[test]
    fn a_table_without_rows_takes_other_settings() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        drop(Growing::open(&path, &comments()).unwrap());
        let other = vec!["# batch = 64".to_owned()];
        let (mut growing, _) = Growing::open(&path, &other).unwrap();
        growing.push(&row("00")).unwrap();
        let table = TableFile::read(&path).unwrap();
        assert_eq!((table.comments, table.rows), (other, vec![row("00")]));
    }

    #[test]
    fn other_settings_are_refused_and_leave_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let (mut growing, _) = Growing::open(&path, &comments()).unwrap();
        growing.push(&row("00")).unwrap();
        let in_use = Growing::open(&path, &comments()).unwrap_err();
        assert!(matches!(in_use, TableError::InUse { .. }), "{in_use}");
        drop(growing);
        let before = std::fs::read(&path).unwrap();
        let mut other = comments();
        other[0] = "# batch = 64".into();
        let error = Growing::open(&path, &other).unwrap_err().to_string();
        let words = "was made with other settings: `batch = 8`, and here `batch = 64`; give those";
        assert!(error.contains(words), "{error}");
        std::fs::write(&path, "a,b\n1,2\n").unwrap();
        let error = Growing::open(&path, &comments()).unwrap_err().to_string();
        assert!(error.contains("line 1: the header is `a,b`"), "{error}");
        std::fs::write(&path, &before).unwrap();
        let missing = folder.path().join("none").join("t.csv");
        assert!(Growing::open(&missing, &comments()).is_err());
    }
}
