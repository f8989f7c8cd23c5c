//! Tables of four architectures that are written out.

use super::*;
use radars_space::{Choices, ImageShape, Layer};

/// Two layers of kernel 1 or 3 and one of kernel 3, on images of 4x4; ten classes.
fn space() -> Space {
    let layer = |kernels: &[usize]| Layer::conv(2, 1, Choices::float(kernels).unwrap());
    let images = ImageShape {
        height: 4,
        width: 4,
        channels: 1,
    };
    let layers = vec![layer(&[1, 3]), layer(&[3]), layer(&[3, 1])];
    Space::new("four", layers)
        .unwrap()
        .resolve(images, 10)
        .unwrap()
}

fn aops(space: &Space, choices: [usize; 2]) -> u64 {
    let architecture = space.architecture(&choices).unwrap();
    space.cost(&architecture).unwrap().aops
}

/// The rows of all four with seed 1, and of two with seed 0, in no order.
fn csv() -> String {
    let space = space();
    let mut csv = String::from(
        "# made = by hand\narch,aops,seed,proxy,exact,final,proxy_macs,exact_macs,final_macs\n",
    );
    for (choices, seed, figures) in [
        ([1, 0], 1, "0.10,0.20,0.30"),
        ([0, 1], 1, "0.11,0.21,0.80"),
        ([0, 1], 0, "0.12,0.22,0.60"),
        ([0, 0], 1, "0.13,0.23,0.50"),
        ([1, 1], 1, "0.14,0.24,0.69"),
        ([0, 0], 0, "0.15,0.25,0.70"),
    ] {
        let [first, last] = choices;
        let aops = aops(&space, choices);
        csv += &format!("{first}0{last},{aops},{seed},{figures},100,200,{seed}00\n");
    }
    csv
}

fn table(csv: &str) -> crate::Result<FidelityTable> {
    let file = Path::new("t.csv");
    FidelityTable::new(&TableFile::from_text(csv, file)?, Some(space()), file)
}

fn message(csv: &str) -> String {
    table(csv).unwrap_err().to_string()
}

#[test]
fn rows_are_architectures_of_the_space_and_seeds_are_in_order() {
    let table = table(&csv()).unwrap();
    let texts: Vec<String> = (table.architectures().iter())
        .map(|known| known.architecture.to_string())
        .collect();
    assert_eq!(
        texts,
        [
            "k1 | k3 | k3",
            "k1 | k3 | k1",
            "k3 | k3 | k3",
            "k3 | k3 | k1"
        ]
    );
    let known = table.get(&table.space().architecture(&[0, 1]).unwrap());
    let known = known.unwrap();
    assert_eq!(known.accuracies(Fidelity::Proxy), [0.12, 0.11]);
    assert_eq!(known.accuracies(Fidelity::Exact), [0.22, 0.21]);
    assert_eq!(known.accuracies(Fidelity::Final), [0.60, 0.80]);
    // (0.6 + 0.8) / 2; the costs of the first seed.
    assert!((known.truth() - 0.7).abs() < 1e-15);
    assert_eq!(known.macs(Fidelity::Exact), 200);
    assert_eq!(table.mean_macs(Fidelity::Proxy), 100.0);
}

/// By accuracy alone the best is k1 k3 k1 with 0.70; without it, k3 k3 k1 with 0.69. Where an AOPS costs much, the
/// cheapest is: two 1x1 kernels beside the 3x3.
#[test]
fn the_optimum_is_by_mean_final_accuracy_and_within_limits() {
    let table = table(&csv()).unwrap();
    let best = |reward, limits| {
        let (known, worth) = table.optimum(reward, &limits).unwrap().unwrap();
        (known.architecture.to_string(), worth)
    };
    let accuracy = Reward::new(1.0, 0.0, 1.0).unwrap();
    let (text, worth) = best(accuracy, Limits::default());
    assert_eq!(text, "k1 | k3 | k1");
    assert!((worth - 0.7).abs() < 1e-15);
    let cheap = Reward::new(0.5, 0.0, 1.0).unwrap();
    assert_eq!(best(cheap, Limits::default()).0, "k1 | k3 | k1");
    let nothing = Limits {
        max_aops: Some(1),
        ..Limits::default()
    };
    assert_eq!(table.optimum(accuracy, &nothing).unwrap(), None);
    let least = aops(table.space(), [0, 1]);
    let limits = Limits {
        max_aops: Some(least),
        ..Limits::default()
    };
    assert_eq!(best(accuracy, limits).0, "k1 | k3 | k1");
}

#[test]
fn a_table_that_is_not_whole_names_the_first_that_is_missing() {
    let whole = csv();
    let lines: Vec<&str> = whole.lines().collect();
    let without = |left_out: &str| {
        let kept = lines.iter().filter(|line| !line.starts_with(left_out));
        kept.map(|line| format!("{line}\n")).collect::<String>()
    };
    assert_eq!(
        message(&without("1")),
        "t.csv: there is no row for `100`, the first of 2 of 4 architectures without one; go on with `radars \
         tabulate` until all have one"
    );
    assert!(message(&without("001")).contains("`001`, the first of 1 of 4"));
}

#[test]
fn rows_of_another_space_are_refused_with_their_line() {
    let csv = csv();
    let wrong = csv.replacen("\n100,", "\n1000,", 1);
    assert!(
        message(&wrong)
            .starts_with("t.csv: line 3: `arch` is `1000`, 4 characters, but this space takes 3"),
        "{}",
        message(&wrong)
    );
    let wrong = csv.replacen("\n100,", "\n200,", 1);
    assert!(message(&wrong).contains("line 3: `arch` is `200`, whose character 1"));
    let stated = aops(&space(), [1, 0]);
    let wrong = csv.replacen(&format!("\n100,{stated},"), "\n100,77,", 1);
    assert_eq!(
        message(&wrong),
        format!(
            "t.csv: line 3: `aops` of `100` is 77, but {stated} in this space; the table was made with another space \
             or width"
        )
    );
}

#[test]
fn the_space_is_in_the_comments_or_has_to_be_named() {
    let file = Path::new("t.csv");
    let bare = TableFile::from_text(&csv(), file).unwrap();
    let error = FidelityTable::new(&bare, None, file).unwrap_err();
    assert!(error.to_string().contains("--space"), "{error}");
    let comments: String = (space().to_toml().lines())
        .map(|line| format!("# space| {line}\n"))
        .collect();
    let with = TableFile::from_text(&(comments + &csv()), file).unwrap();
    let read = FidelityTable::new(&with, None, file).unwrap();
    assert_eq!(read, table(&csv()).unwrap());
}
