//! Tables of networks trained at three fidelities.

use super::Reader;
use radars_search::tabular::fidelity::{FidelityTable, TableFile};
use std::path::Path;

pub(super) const READER: Reader = Reader {
    name: "fidelity_table",
    read,
    seeds,
};

fn read(bytes: &[u8]) {
    let path = Path::new("table.csv");
    let file = match TableFile::from_csv(bytes, path) {
        Ok(file) => file,
        Err(error) => return assert!(error.to_string().starts_with("table.csv: "), "{error}"),
    };
    // Accuracies are written with five decimals, so what is read again is what was written.
    let text = file.to_string();
    let again = TableFile::from_csv(text.as_bytes(), path).expect("its own form is read");
    assert_eq!(again.to_string(), text);
    assert_eq!(again.comments, file.comments);
    assert_eq!(again.rows.len(), file.rows.len());
    if let Ok(table) = FidelityTable::new(&file, None, path) {
        let known = table.architectures();
        assert_eq!(known.len() as f64, table.space().architecture_count());
        for one in known {
            assert_eq!(table.get(&one.architecture).ok(), Some(one));
            assert!((0.0..=1.0).contains(&one.truth()));
        }
    }
}

/// Two architectures of one layer.
const SPACE: &str = "\
# space| name = \"one\"
# space| classes = 2
# space| input = { height = 1, width = 1, channels = 1 }
# space| [choices]
# space| kernel = [1, 3]
# space| [[layer]]
# space| channels = 1
";

const COLUMNS: &str = "arch,aops,seed,proxy,exact,final,proxy_macs,exact_macs,final_macs\n";

fn seeds() -> Vec<Vec<u8>> {
    [
        format!("# batch = 8\n{SPACE}{COLUMNS}0,3,0,0.5,0.6,0.7,1,2,3\n1,11,0,0.4,0.5,0.6,1,2,3\n"),
        format!(
            "{COLUMNS}00a,5,1,0.1,1e-1,1,1,2,3\r\n00a,5,0,0,0,0,0,0,18446744073709551615\r\n0b,"
        ),
        format!("#\n#\n{COLUMNS}"),
    ]
    .map(String::into_bytes)
    .to_vec()
}
