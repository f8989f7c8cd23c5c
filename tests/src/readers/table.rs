//! Tables of measured architectures.

use super::Reader;
use radars_search::tabular::Table;
use std::path::Path;

pub(super) const READER: Reader = Reader {
    name: "table",
    read,
    seeds,
};

fn read(bytes: &[u8]) {
    let table = match Table::from_csv(bytes, Path::new("table.csv")) {
        Ok(table) => table,
        Err(error) => return assert!(error.to_string().starts_with("table.csv: "), "{error}"),
    };
    let rows = table.rows();
    assert_eq!(rows.len(), table.choices().iter().product::<usize>());
    let best = table.optimum().mean();
    assert!(rows.iter().all(|row| row.mean() <= best));
    let space = table.space().expect("a table that was read is a space");
    let decisions = space.decisions().len();
    let architecture = space.architecture(&vec![0; decisions]).expect("in range");
    assert_eq!(table.row(&architecture), rows.first());
}

fn seeds() -> Vec<Vec<u8>> {
    let tables = [
        "arch,val_acc_0,val_acc_1,cost\n00,10,20.5,7\n01,30,,7\n10,1e1,99.9,7\n11,0,100,7\n",
        "val_acc,arch\r\n50,\"0\"\r\n60,1\r\n\r\n70,2\r\n",
        "arch,val_acc\n0000000000000000000000000000000000,5\n",
    ];
    tables.map(|table| table.as_bytes().to_vec()).to_vec()
}
