//! What is read, and what is refused.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use radars_space::Candidate;
use std::io::Write;

/// Two decisions, of two and of three choices, in no order.
const CSV: &str = "\
train_s,arch,val_acc_0,val_acc_1,test_acc
1.5,02,90.5,91.5,1
2.5,00,10,,2
3.5,12,50,52.5,3
4.5,10,,20.25,4
5.5,01,30,30,5
6.5,11,100,0,6
";

fn table(csv: &str) -> Result<Table, TableError> {
    Table::from_csv(csv.as_bytes(), Path::new("t.csv"))
}

fn refused(csv: &str) -> String {
    table(csv).unwrap_err().to_string()
}

#[test]
fn rows_are_read_in_the_order_of_their_names() {
    let table = table(CSV).unwrap();
    assert_eq!(table.choices(), [2, 3]);
    let rows: Vec<(&str, &[f64])> = (table.rows().iter())
        .map(|row| (row.name.as_str(), &row.accuracies[..]))
        .collect();
    assert_eq!(
        rows,
        [
            ("00", &[0.1][..]),
            ("01", &[0.3, 0.3]),
            ("02", &[0.905, 0.915]),
            ("10", &[0.2025]),
            ("11", &[1.0, 0.0]),
            ("12", &[0.5, 0.525]),
        ]
    );
    assert_eq!(table.optimum().name, "02");
    assert!((table.optimum().mean() - 0.91).abs() < 1e-15);
}

#[test]
fn a_choice_of_the_space_is_a_digit() {
    let table = table(CSV).unwrap();
    let space = table.space().unwrap();
    let choices: Vec<usize> = space.decisions().iter().map(|d| d.choices).collect();
    assert_eq!(choices, [2, 3]);
    for row in table.rows() {
        let digits: Vec<usize> = row.name.bytes().map(|b| usize::from(b - b'0')).collect();
        let architecture = space.architecture(&digits).unwrap();
        assert_eq!(table.row(&architecture), Some(row));
    }
}

#[test]
fn architectures_of_other_spaces_have_no_row() {
    let table = table(CSV).unwrap();
    for kernels in [&[1][..], &[1, 1, 1], &[5, 1], &[1, 7], &[2, 1], &[1, 4]] {
        let layers = kernels.iter().map(|&kernel| Candidate::float(kernel));
        assert_eq!(
            table.row(&Architecture(layers.collect())),
            None,
            "{kernels:?}"
        );
    }
}

#[test]
fn a_file_may_be_compressed_in_several_parts() {
    let folder = tempfile::tempdir().unwrap();
    let compressed = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let (first, second) = CSV.split_at(70);
    let parts = [compressed(first), compressed(second)].concat();
    let whole = table(CSV).unwrap();
    for (name, bytes) in [("plain", CSV.as_bytes()), ("parts.csv.gz", &parts)] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(Table::read(&file).unwrap(), whole, "{name}");
    }
    let short = folder.path().join("short.csv.gz");
    std::fs::write(&short, &parts[..parts.len() - 9]).unwrap();
    let error = Table::read(&short).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("{}: ", short.display())),
        "{error}"
    );
    assert!(Table::read(&folder.path().join("none.csv")).is_err());
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (csv, message) in [
        (
            "",
            "t.csv: line 1: no column is called `arch`, there is no header at all",
        ),
        (
            "name,val_acc\n0,1\n",
            "t.csv: line 1: no column is called `arch`, there are `name`, `val_acc`",
        ),
        (
            "arch,acc\n0,1\n",
            "t.csv: line 1: no column is called `val_acc...`, there are `arch`, `acc`",
        ),
        ("arch,val_acc\n", "t.csv: there is no row after the header"),
        (
            "arch,val_acc\n0,1\n2,3\n1a,2\n",
            "t.csv: line 4: `arch` is `1a`, but has to be digits, one a decision",
        ),
        (
            "arch,val_acc\n00,1\n1,2\n",
            "t.csv: line 3: `arch` has 1 digits, but has to have 2 as the first row has",
        ),
        (
            "arch,val_acc\n1,1\n0,2\n1,3\n",
            "t.csv: line 4: `1` stands on line 2 already; every architecture has one row",
        ),
        (
            "arch,val_acc\n0,nan\n",
            "t.csv: line 2: `val_acc` is `nan`, but has to be percent, 0 to 100, or empty",
        ),
        (
            "arch,val_acc,val_acc_1\n0,50,100.5\n",
            "t.csv: line 2: `val_acc_1` is `100.5`, but has to be percent, 0 to 100, or empty",
        ),
        (
            "arch,val_acc\n0,\n",
            "t.csv: line 2: every `val_acc` is empty, but a row needs at least one",
        ),
        (
            "arch,val_acc\n00,1\n11,2\n10,2\n",
            "t.csv: there is no row for `01`; every combination of the digits that the table uses needs one",
        ),
        (
            "arch,val_acc\n00,1\n10,2\n01,2\n",
            "t.csv: there is no row for `11`; every combination of the digits that the table uses needs one",
        ),
    ] {
        assert_eq!(refused(csv), message, "{csv}");
    }
    let error = refused("arch,val_acc\n0,1\n1,2,3\n");
    assert!(
        error.contains("t.csv") && error.contains("line: 3"),
        "{error}"
    );
}

/// A name that begins with the largest digit of many places: the missing combinations are more than 10^40.
#[test]
fn a_table_that_lacks_nearly_everything_is_refused_at_once() {
    let error = refused(&format!("arch,val_acc\n{},1\n", "9".repeat(40)));
    assert!(error.contains(&"0".repeat(40)), "{error}");
}

proptest! {
    #[test]
    fn garbage_is_refused_and_panics_nowhere(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Table::from_csv(&bytes[..], Path::new("t.csv")).is_err());
    }

    /// One character of a good table is another one: either it is refused, or it is a table with a row for every
    /// combination.
    #[test]
    fn a_damaged_table_is_refused_or_whole(at in 0..CSV.len(), with in "[ -~\\n]") {
        let mut damaged = CSV.to_owned();
        damaged.replace_range(at..=at, &with);
        if let Ok(table) = table(&damaged) {
            prop_assert_eq!(table.rows().len(), table.choices().iter().product::<usize>());
            let in_range = |row: &Row| row.accuracies.iter().all(|a| (0.0..=1.0).contains(a));
            prop_assert!(table.rows().iter().all(in_range));
        }
    }
}
