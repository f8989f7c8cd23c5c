//! `radars bench step`.

use super::{folder, stdout};
use serde_json::Value;

fn step(line: &str) -> Value {
    let folder = folder();
    let candidate = r#"[{"k": 3, "ai": 3, "af": 6, "wi": 1, "wf": 6}, {"k": 1, "ai": 3, "af": 6, "wi": 1, "wf": 3}]"#;
    let layers = [candidate; 6].join(", ");
    std::fs::write(folder.path().join("candidates.json"), format!("[{layers}]")).unwrap();
    let line = format!(
        "bench step --preset fashion-small --batch 2 --seconds 0.01 --threads 1 --json {line}"
    );
    serde_json::from_str(&stdout(folder.path(), &line)).unwrap()
}

/// Memory is planned to the byte, and times are in order.
#[test]
fn every_net_keeps_to_its_plan() {
    for (line, net, candidates) in [
        ("--net child --kernel 5", "child", 1),
        (
            "--net materialised --candidates candidates.json",
            "materialised",
            2,
        ),
        ("--net merged --candidates candidates.json", "merged", 2),
        (
            "--net factorised --candidates candidates.json",
            "factorised",
            2,
        ),
    ] {
        let measured = step(line);
        assert_eq!(measured["net"], net);
        assert_eq!(measured["candidates"], Value::from(vec![candidates; 6]));
        assert_eq!(
            measured["peak_bytes"], measured["planned_peak_bytes"],
            "{line}"
        );
        let number = |key: &str| measured[key].as_f64().unwrap();
        assert!(0.0 < number("ms_min") && number("ms_min") <= number("ms_median"));
        assert!(number("steps") >= 3.0);
        assert!(0.0 < number("saved_bytes") && number("saved_bytes") < number("peak_bytes"));
    }
}

#[test]
fn random_candidates_follow_from_the_seed() {
    let of = |seed: u64| {
        step(&format!("--net factorised --sn 2 --seed {seed}"))["planned_peak_bytes"].clone()
    };
    assert_eq!(of(1), of(1));
    assert!((2..6).any(|seed| of(seed) != of(1)));
}

/// A bound just below what a step needs with all layers kept: some are computed again, as planned to the byte.
#[test]
fn a_bound_makes_layers_be_recomputed() {
    for net in ["--net child", "--net merged --candidates candidates.json"] {
        let kept = step(net);
        assert_eq!(kept["recompute"], Value::from(Vec::<usize>::new()));
        let bound = kept["high_water_bytes"].as_u64().unwrap() - 256;
        let tight = step(&format!("{net} --recompute auto --memory {bound}B"));
        assert!(
            !tight["recompute"].as_array().unwrap().is_empty(),
            "{tight}"
        );
        assert_eq!(tight["peak_bytes"], tight["planned_peak_bytes"]);
        assert!(tight["high_water_bytes"].as_u64() <= Some(bound), "{tight}");
    }
}
