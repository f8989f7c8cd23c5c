//! Tables for a terminal or a file.

use comfy_table::{Cell, CellAlignment, LineStyle, presets};
use std::fmt;

/// A table with a rule above, under its head and at its end.
pub struct Table {
    table: comfy_table::Table,
    alignments: Vec<CellAlignment>,
}

/// The head of a column.
pub struct Column {
    title: String,
    alignment: CellAlignment,
}

impl Column {
    /// A column of words.
    pub fn left(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            alignment: CellAlignment::Left,
        }
    }

    /// A column of numbers.
    pub fn right(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            alignment: CellAlignment::Right,
        }
    }
}

impl Table {
    /// A table without rows.
    pub fn new(columns: &[Column]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
        table.set_header(
            columns
                .iter()
                .map(|c| Cell::new(&c.title).set_alignment(c.alignment)),
        );
        Self {
            table,
            alignments: columns.iter().map(|c| c.alignment).collect(),
        }
    }

    /// Appends a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells = cells.into_iter().zip(&self.alignments);
        self.table
            .add_row(cells.map(|(text, &alignment)| Cell::new(text).set_alignment(alignment)));
    }
}

/// The lines of the table, each with its end.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table
            .lines()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}
