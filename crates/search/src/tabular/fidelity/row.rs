//! A row: what the three trainings of an architecture with one seed came to.

use super::fault::RowFault;
use crate::Fidelity;
use std::fmt;
use std::str::FromStr;

/// The columns, in order.
pub(super) const COLUMNS: [&str; 9] = [
    "arch",
    "aops",
    "seed",
    "proxy",
    "exact",
    "final",
    "proxy_macs",
    "exact_macs",
    "final_macs",
];

/// The fidelities, in the order of their columns.
pub(super) const FIDELITIES: [Fidelity; 3] = [Fidelity::Proxy, Fidelity::Exact, Fidelity::Final];

/// What the trainings of an architecture with one seed came to. As text, a line of the table without its end.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredRow {
    /// The architecture, as [`super::Codes`] write it.
    pub code: String,
    /// Its adjusted operations for one image.
    pub aops: u64,
    /// What the splits and all randomness of the trainings derive from.
    pub seed: u64,
    /// Accuracies, fractions: of the proxy and the exact training on the rewards split, of the final one on the test set.
    pub accuracies: [f64; 3],
    /// What each training and its measurement costs, in multiply-accumulates.
    pub macs: [u64; 3],
}

/// Accuracies with five decimals.
impl fmt::Display for MeasuredRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", self.code, self.aops, self.seed)?;
        for accuracy in self.accuracies {
            write!(f, ",{accuracy:.5}")?;
        }
        for macs in self.macs {
            write!(f, ",{macs}")?;
        }
        Ok(())
    }
}

/// Whether the architecture is one of the space is not asked.
impl FromStr for MeasuredRow {
    type Err = RowFault;

    fn from_str(line: &str) -> Result<Self, RowFault> {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [
            code,
            aops,
            seed,
            proxy,
            exact,
            last,
            proxy_macs,
            exact_macs,
            last_macs,
        ] = fields[..]
        else {
            return Err(RowFault::Fields {
                found: fields.len(),
                expected: COLUMNS.len(),
            });
        };
        let is_code = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
        if code.is_empty() || !code.bytes().all(is_code) {
            return Err(RowFault::Field {
                column: COLUMNS[0],
                value: code.into(),
                expected: "characters from 0 to 9 and a to z, one a list of choices",
            });
        }
        Ok(MeasuredRow {
            code: code.into(),
            aops: whole(COLUMNS[1], aops)?,
            seed: whole(COLUMNS[2], seed)?,
            accuracies: [
                fraction(COLUMNS[3], proxy)?,
                fraction(COLUMNS[4], exact)?,
                fraction(COLUMNS[5], last)?,
            ],
            macs: [
                whole(COLUMNS[6], proxy_macs)?,
                whole(COLUMNS[7], exact_macs)?,
                whole(COLUMNS[8], last_macs)?,
            ],
        })
    }
}

fn whole(column: &'static str, value: &str) -> Result<u64, RowFault> {
    value.parse().map_err(|_| RowFault::Field {
        column,
        value: value.into(),
        expected: "a whole number",
    })
}

fn fraction(column: &'static str, value: &str) -> Result<f64, RowFault> {
    let fraction = value.parse().ok().filter(|f| (0.0..=1.0).contains(f));
    fraction.ok_or_else(|| RowFault::Field {
        column,
        value: value.into(),
        expected: "an accuracy from 0 to 1",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "01a,55000000,3,0.75000,0.83333,0.88120,1000,2000,18446744073709551615";

    #[test]
    fn a_row_is_a_line() {
        let row: MeasuredRow = LINE.parse().unwrap();
        assert_eq!(
            row,
            MeasuredRow {
                code: "01a".into(),
                aops: 55_000_000,
                seed: 3,
                accuracies: [0.75, 0.83333, 0.8812],
                macs: [1000, 2000, u64::MAX],
            }
        );
        assert_eq!(row.to_string(), LINE);
    }

    /// 5 of 6 right: 0.8333... is written as 0.83333.
    #[test]
    fn accuracies_have_five_decimals() {
        let mut row: MeasuredRow = LINE.parse().unwrap();
        row.accuracies = [5.0 / 6.0, 1.0, 0.0];
        assert!(row.to_string().contains(",0.83333,1.00000,0.00000,"));
    }

    #[test]
    fn a_field_that_is_none_is_named() {
        for (line, words) in [
            ("01a,1,2", "3 fields, but the header has 9"),
            (
                "0-1,1,0,0,0,0,1,1,1",
                "`arch` is `0-1`, but has to be characters",
            ),
            (",1,0,0,0,0,1,1,1", "`arch` is ``"),
            (
                "0,-1,0,0,0,0,1,1,1",
                "`aops` is `-1`, but has to be a whole number",
            ),
            ("0,1,x,0,0,0,1,1,1", "`seed` is `x`"),
            (
                "0,1,0,75,0,0,1,1,1",
                "`proxy` is `75`, but has to be an accuracy from 0 to 1",
            ),
            ("0,1,0,0,NaN,0,1,1,1", "`exact` is `NaN`"),
            ("0,1,0,0,0,0,1,1,1e9", "`final_macs` is `1e9`"),
        ] {
            let error = line.parse::<MeasuredRow>().unwrap_err().to_string();
            assert!(error.starts_with(words), "{line}: {error}");
        }
    }
}
