//! A heat map: one row a candidate, one column a moment, the darker the larger.

use super::chart::text_width;
use super::number;
use maud::{Markup, html};

/// Mixing weights over time, one row a candidate.
#[derive(Debug)]
pub struct HeatMap {
    /// What the map shows, for those who cannot see it.
    pub label: String,
    pub rows: Vec<HeatRow>,
    /// The numbers of the first and the last column, as they are written.
    pub ends: [String; 2],
    /// What the columns are.
    pub across: String,
    /// Where the columns begin: [`Self::left`] of the longest names among maps that stand below each other.
    pub left: f64,
    /// Whether the columns are numbered below: the last of such maps.
    pub numbered: bool,
}

/// A row of a heat map.
#[derive(Debug)]
pub struct HeatRow {
    pub name: String,
    /// From 0 to 1; none where there is no number.
    pub values: Vec<Option<f64>>,
    /// Whether the row stands out: the one that was chosen.
    pub chosen: bool,
}

const WIDTH: f64 = 370.0;
const ROW: f64 = 20.0;
const VALUE: f64 = 38.0;

impl HeatMap {
    /// Where columns have to begin to leave room for the names of rows.
    pub fn left(rows: &[HeatRow]) -> f64 {
        let names = rows.iter().map(|row| text_width(&row.name));
        names.fold(0.0, f64::max) + 22.0
    }

    /// The map, with the last value of every row at its right.
    pub fn svg(&self) -> Markup {
        let left = self.left;
        let right = WIDTH - VALUE;
        let columns = self
            .rows
            .iter()
            .map(|row| row.values.len())
            .max()
            .unwrap_or(0);
        let wide = (right - left) / columns.max(1) as f64;
        let bottom = ROW * self.rows.len() as f64;
        let view = format!(
            "0 0 {} {}",
            number(WIDTH),
            number(bottom + if self.numbered { 20.0 } else { 8.0 })
        );
        // Columns that are wide enough are told apart by a gap.
        let gap = if wide > 6.0 { 1.5 } else { 0.0 };
        html! {
            svg.plot viewBox=(view) role="img" aria-label=(self.label) font-size="12" font-family="sans-serif" {
                @for (index, row) in self.rows.iter().enumerate() {
                    @let y = ROW * index as f64;
                    @let weight = row.chosen.then_some("700");
                    @if row.chosen {
                        g class="c1" { path d=(triangle(y + ROW / 2.0)) fill="currentColor" {} }
                    }
                    text x=(number(left - 6.0)) y=(number(y + ROW / 2.0)) dy="0.35em" text-anchor="end"
                        fill="currentColor" font-weight=[weight] { (row.name) }
                    g class="c0" {
                        @for (column, value) in row.values.iter().enumerate() {
                            @if let Some(value) = value {
                                rect x=(number(left + wide * column as f64)) y=(number(y + 1.0))
                                    width=(number(wide - gap)) height=(number(ROW - 2.0)) fill="currentColor"
                                    fill-opacity=(format!("{:.3}", 0.05 + 0.95 * value.clamp(0.0, 1.0))) {}
                            }
                        }
                    }
                    @if let Some(Some(value)) = row.values.last() {
                        text x=(number(WIDTH)) y=(number(y + ROW / 2.0)) dy="0.35em" text-anchor="end"
                            fill="currentColor" font-weight=[weight] { (format!("{value:.2}")) }
                    }
                }
                @if self.numbered { g class="quiet" {
                    text x=(number(left)) y=(number(bottom + 14.0)) fill="currentColor" { (self.ends[0]) }
                    @if columns > 1 {
                        text x=(number(right)) y=(number(bottom + 14.0)) text-anchor="end" fill="currentColor" {
                            (self.ends[1])
                        }
                    }
                    text x=(number((left + right) / 2.0)) y=(number(bottom + 14.0)) text-anchor="middle"
                        fill="currentColor" { (self.across) }
                } }
            }
        }
    }
}

/// A small mark at the left end of a row.
fn triangle(y: f64) -> String {
    format!(
        "M0 {}L7 {}L0 {}Z",
        number(y - 4.0),
        number(y),
        number(y + 4.0)
    )
}
