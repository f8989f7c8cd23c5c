//! `radars plan`.

use super::{folder, radars, stdout};
use radars_search::Config;
use serde_json::Value;

fn json(folder: &std::path::Path, line: &str) -> Value {
    serde_json::from_str(&stdout(folder, line)).unwrap()
}

/// By hand, Eq. 3-5 for Table I at batch 128: sum of K^2 over 144 candidates 36 * (1 + 9 + 25 + 49) = 3024;
/// Ci * Co over the layers 3 * 64 + 64 * 64 + 64 * 128 + 128 * 128 + 128 * 256 + 256 * 256 = 127,168;
/// output elements 64 * 1024 + 64 * 256 + 128 * 256 + 128 * 64 + 256 * 64 + 256 * 16 = 143,360.
#[test]
fn the_whole_space_stands_beside_eq_5() {
    let folder = folder();
    let plan = json(
        folder.path(),
        "plan --preset cifar10-quant --batch 128 --memory 1GB --json",
    );
    let eq5 = 4 * (3 * 3024 * 127_168_u64 + 2 * 128 * 144 * 143_360);
    assert_eq!(plan["bound_bytes"], 1_000_000_000);
    let rows = plan["rows"].as_array().unwrap();
    let row = |mixing: &str| rows.iter().find(|row| row["mixing"] == mixing).unwrap();
    let (materialised, factorised) = (row("materialised"), row("factorised"));
    let merged = row("merged");
    assert_eq!(materialised["eq5_bytes"], eq5);
    assert_eq!(materialised["fits"], false);
    assert_eq!(factorised["fits"], true);
    let peak = |row: &Value| row["peak_bytes"].as_u64().unwrap();
    assert!(peak(factorised) < 1_000_000_000);
    assert!(peak(materialised) > 20 * peak(factorised));
    // 12 bytes for each of its 3024 * 127,168 weights, and at most a sixth of their number on top.
    assert!(peak(merged) > 12 * 3024 * 127_168 && peak(merged) < 14 * 3024 * 127_168);
    assert!(rows.iter().any(|row| row["mixing"].is_null()));
}

#[test]
fn in_words_it_shows_the_coefficients() {
    let folder = folder();
    let text = stdout(folder.path(), "plan");
    for word in [
        "fashion-small",
        "eta 3",
        "theta 2",
        "materialised",
        "merged",
        "factorised",
        "one path",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

/// Table I at batch 128 within a gibibyte: the whole space factorised, whole batches; of what is exact not even
/// micro-batches hold the whole space, and all hold a path.
#[test]
fn what_would_be_chosen_for_a_bound_is_said() {
    let folder = folder();
    let line = "plan --preset cifar10-quant --batch 128 --memory 1GiB";
    let plan = json(folder.path(), &format!("{line} --json"));
    for row in plan["rows"].as_array().unwrap() {
        // A single path at a time is trained in whole batches alone.
        if row["recomputed_bytes"].is_null() {
            continue;
        }
        let bounds = row["micro_batches"].as_array().unwrap();
        let sizes: Vec<u64> = bounds
            .iter()
            .map(|b| b["micro_batch"].as_u64().unwrap())
            .collect();
        assert_eq!(sizes, [64, 32, 16, 8, 4, 2, 1]);
        let whole = row["high_water_bytes"].as_u64().unwrap();
        let smallest = bounds.last().unwrap()["high_water_bytes"].as_u64().unwrap();
        // Where weights are nearly all there is, the gradients of two parts at once are more than images save.
        let weights_alone = row["mixing"] == "merged";
        assert_eq!(smallest < whole, !weights_alone, "{row}");
        if row["mixing"] == "factorised" {
            assert_eq!(row["fits"], true);
        }
    }
    let rows = plan["choices"]["rows"].as_array().unwrap();
    assert_eq!(plan["choices"]["architectures"], 6);
    for row in rows {
        assert_eq!(row["fits"], row["what"] != "whole space", "{row}");
        assert_ne!(row["mixing"], "factorised");
    }
    let rules: Vec<_> = rows.iter().filter_map(|row| row["rule"].as_str()).collect();
    assert_eq!(rules, ["prefix", "pack"]);
    let text = stdout(folder.path(), line);
    for word in [
        "images at once",
        "SN, rule pack: 1 2",
        "6 random architectures",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

/// Halfway between what the largest path needs with all layers recomputed and with all kept, the whole batch fits with
/// some recomputed; without, half of it.
#[test]
fn the_layers_that_would_be_recomputed_are_said() {
    let folder = folder();
    let line = "plan --preset cifar10-quant --batch 128 --memory";
    let plan = json(folder.path(), &format!("{line} 1GiB --json"));
    let largest = &plan["rows"][1];
    let of = |key: &str| largest[key].as_u64().unwrap();
    let (all, none) = (of("recomputed_bytes"), of("high_water_bytes"));
    assert!(all < none, "{largest}");
    let line = format!("{line} {}B", (all + none) / 2);
    let row = |flags: &str| {
        let plan = json(folder.path(), &format!("{line} {flags} --json"));
        plan["choices"]["rows"][0].clone()
    };
    let auto = row("--recompute auto");
    assert_eq!(
        (&auto["micro_batch"], &auto["fits"]),
        (&128.into(), &true.into())
    );
    let layers = auto["recompute"].as_array().unwrap();
    assert!((1..6).contains(&layers.len()), "{auto}");
    let kept = row("--recompute none");
    assert_eq!(kept["recompute"].as_array().unwrap().len(), 0);
    assert!(kept["micro_batch"].as_u64() < Some(128), "{kept}");
    let text = stdout(folder.path(), &format!("{line} --recompute auto"));
    let layer = layers[0].as_u64().unwrap() + 1;
    for word in [
        "128, all recomputed".to_owned(),
        "--micro-batch auto --recompute auto".to_owned(),
        format!("layer{} {layer}", if layers.len() == 1 { "" } else { "s" }),
    ] {
        assert!(text.contains(&word), "{word}: {text}");
    }
}

/// The first of two architectures fits a bound of what one needs; the second does not.
#[test]
fn sn_counts_the_architectures_that_fit() {
    let folder = folder();
    let candidate = |kernel: usize, fraction: usize| {
        let bits =
            |integer, fraction| format!("{{\"integer\": {integer}, \"fraction\": {fraction}}}");
        let (a, w) = (bits(3, fraction), bits(1, fraction));
        format!("{{\"kernel\": {kernel}, \"activation\": {a}, \"weight\": {w}}}")
    };
    let of = |one: String| format!("[{one}, {one}]");
    let list = format!("[{}, {}]", of(candidate(3, 6)), of(candidate(1, 3)));
    std::fs::write(folder.path().join("sn.json"), list).unwrap();
    let line = "plan --space tiny.toml --batch 8 --sn sn.json --json --memory";
    let both = json(folder.path(), &format!("{line} 8MiB"));
    assert_eq!(both["sn"][0]["fit"], 2);
    let needed = both["sn"][0]["peak_bytes"].as_u64().unwrap();
    let one = json(folder.path(), &format!("{line} {}B", needed - 1));
    assert_eq!(one["sn"][0]["mixing"], "materialised");
    assert_eq!(one["sn"][0]["fit"], 1);
    assert!(one["sn"][0]["next_bytes"].as_u64().unwrap() >= needed);
}

/// Every figure is there, and they add up.
#[test]
fn hours_are_estimated_from_timed_steps() {
    let folder = folder();
    let line =
        "plan --space tiny.toml --limit-train 120 --batch 8 --memory 8MiB --threads 2 --hours";
    let plan = json(folder.path(), &format!("{line} --json"));
    let hours = &plan["hours"];
    for schedule in ["sequential", "overlapped"] {
        let of = |key: &str| hours[schedule][key].as_f64().unwrap();
        let (search, last) = (of("search_seconds"), of("final_training_seconds"));
        assert!(of("exploration_seconds") > 0.0 && of("exploitation_seconds") > 0.0);
        assert!(of("iteration_seconds") < search, "{hours}");
        assert!(
            (search + last - of("total_seconds")).abs() < 1e-9,
            "{hours}"
        );
    }
    let text = stdout(folder.path(), line);
    for word in ["an exploration", "side by side", "the final training"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(json(folder.path(), "plan --json")["hours"].is_null());
}

/// The paper's own card-hours: 74 h on two cards of 13.4 TFLOP/s, of which 35 % are 2.35e12 multiply-accumulates a
/// second and card. Neither a card nor the images are there. All times follow from the speed.
#[test]
fn hours_at_a_stated_speed_need_no_device_and_no_data() {
    let folder = folder();
    let line = "plan --preset imagenet-mobile --device cuda --hours --images 1281167,50000";
    let hours = |speed: &str| {
        let plan = json(folder.path(), &format!("{line} --json --speed {speed}"));
        let of =
            |schedule: &str, key: &str| plan["hours"][schedule][key].as_f64().unwrap() / 3600.0;
        (
            of("sequential", "search_seconds"),
            of("overlapped", "search_seconds"),
        )
    };
    let (one, two) = hours("2.345e12");
    let paper = 2.0 * 74.0;
    assert!(one > paper / 1.5 && one < paper * 1.5, "{one} card-hours");
    assert!(two < one && two > one / 2.0, "{two} of {one}");
    let (faster, _) = hours("4.69e12");
    assert!((2.0 * faster - one).abs() < 1e-6 * one, "{faster} {one}");
    let refused = radars(folder.path(), "plan --speed 1e12");
    assert_eq!(refused.status.code(), Some(2));
    let text = stdout(folder.path(), &format!("{line} --speed 2.345e12"));
    assert!(
        text.contains("2.34e12 multiply-accumulates a second"),
        "{text}"
    );
}

/// Table III as narrow as the flags say: the smaller one needs less in every row, and whole batches of the whole space
/// need less with every cell recomputed than with every cell kept.
#[test]
fn a_space_of_blocks_is_planned_as_narrow_as_the_flags_say() {
    let folder = folder();
    let line = "plan --preset imagenet-mobile --cells 1 --batch 32 --json --width";
    let wide = json(
        folder.path(),
        &format!("{line} 0.5 --image-size 64 --classes 100"),
    );
    let narrow = json(
        folder.path(),
        &format!("{line} 0.25 --image-size 32 --classes 10"),
    );
    let rows = |plan: &Value| plan["rows"].as_array().unwrap().clone();
    let of = |row: &Value, key: &str| row[key].as_u64().unwrap();
    let (wide, narrow) = (rows(&wide), rows(&narrow));
    assert_eq!(wide.len(), narrow.len());
    for (wide, narrow) in wide.iter().zip(&narrow) {
        assert_eq!(wide["what"], narrow["what"]);
        assert!(
            of(narrow, "peak_bytes") < of(wide, "peak_bytes") / 2,
            "{narrow} {wide}"
        );
    }
    let whole = wide.iter().find(|row| row["mixing"] == "materialised");
    let whole = whole.unwrap();
    assert!(2 * of(whole, "recomputed_bytes") < of(whole, "high_water_bytes"));
    // A configuration says as much as flags do.
    let mut config = Config::preset("imagenet-mobile").unwrap();
    (config.narrow.width, config.narrow.cells, config.batch) = (Some(0.25), Some(1), 32);
    config.data.stream.as_mut().unwrap().image_size = 32;
    let file = folder.path().join("config.toml");
    std::fs::write(&file, config.to_toml().unwrap()).unwrap();
    let by_file = "plan --config config.toml --classes 10 --json";
    assert_eq!(rows(&json(folder.path(), by_file)), narrow);
    let refused = radars(folder.path(), "plan --preset fashion-small --classes 11");
    let stderr = String::from_utf8(refused.stderr).unwrap();
    assert!(
        stderr.contains("10 classes expected and 11 found"),
        "{stderr}"
    );
}
