//! What is written for people and for programs that read JSON.

use crate::fixture::{blocks, float_blocks, model};
use radars_export::onnx::BatchNormForm;
use radars_export::{Format, Model, Provenance};

fn measured() -> Model {
    let mut model = model(&blocks(), 2);
    model.provenance = Provenance {
        test_accuracy: Some(0.8125),
        test_images: Some(1000),
        data: Some("fashion|mnist".into()),
        command: Some("radars search --seed 2".into()),
        ..model.provenance
    };
    model
}

#[test]
fn the_card_says_what_is_known_and_nothing_else() {
    let model = measured();
    let card = model.to_card().unwrap();
    let cost = model.cost().unwrap();
    for line in [
        "| test accuracy | 0.8125 on 1,000 test images |",
        // What would end a cell early is escaped.
        "| data set | fashion\\|mnist |",
        "| command | `radars search --seed 2` |",
        "| seed | 2 |",
        "3. class 3",
    ] {
        assert!(card.lines().any(|l| l == line), "{line} in\n{card}");
    }
    let macs = card
        .lines()
        .find(|line| line.starts_with("| MACs |"))
        .unwrap();
    assert_eq!(macs.replace(',', ""), format!("| MACs | {} |", cost.macs));
    assert!(!card.contains("fingerprint"), "{card}");
    // The costs of the convolutions and the classifier are those of the whole.
    let rows = card
        .lines()
        .filter(|line| line.starts_with("| layer") || line.starts_with("| classifier"));
    let of_row = |row: &str| {
        let cell = row
            .trim_end_matches(" |")
            .rsplit("| ")
            .next()
            .unwrap()
            .replace(',', "");
        cell.parse::<u64>().unwrap()
    };
    assert_eq!(rows.map(of_row).sum::<u64>(), cost.macs);
}

#[test]
fn json_names_every_tensor() {
    let model = measured();
    let json: serde_json::Value = serde_json::from_str(&model.to_json().unwrap()).unwrap();
    assert_eq!(json["aops"], model.cost().unwrap().aops);
    assert_eq!(json["provenance"]["test_accuracy"], 0.8125);
    let mut named = Vec::new();
    strings(&json, &mut named);
    for parameter in &model.parameters {
        assert!(named.contains(&&*parameter.name), "{}", parameter.name);
    }
    assert_eq!(json["layers"][4]["shortcut"], "projection");
    assert_eq!(json["layers"][0]["path"][0]["input_format"]["signed"], true);
}

fn strings<'a>(value: &'a serde_json::Value, found: &mut Vec<&'a str>) {
    match value {
        serde_json::Value::String(text) => found.push(text),
        serde_json::Value::Array(values) => values.iter().for_each(|v| strings(v, found)),
        serde_json::Value::Object(map) => map.values().for_each(|v| strings(v, found)),
        _ => {}
    }
}

/// Every convolution is a box; every box but the first has what it comes from, a sum two.
#[test]
fn pictures_have_every_convolution_and_every_way() {
    let model = measured();
    let network = model.network().unwrap();
    let (dot, svg) = (model.to_dot().unwrap(), model.to_svg().unwrap());
    let convolutions = network.convolutions().count();
    let sums = dot.matches("sum\" [label").count();
    // Layers 1, 3 and 4 have ways around.
    assert_eq!(sums, 3);
    // Images and classifier besides.
    assert_eq!(dot.matches("[label=").count(), convolutions + sums + 2);
    // One arrow into each of them but the images, and one more into each sum.
    assert_eq!(dot.matches(" -> ").count(), convolutions + sums + 1 + sums);
    for (_, conv) in network.convolutions() {
        assert!(
            dot.contains(&conv.name) && svg.contains(&conv.name),
            "{}",
            conv.name
        );
    }
    assert_eq!(svg.matches("<rect").count(), convolutions + sums + 2);
}

#[test]
fn every_format_is_written_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let model = measured();
    let written = model
        .export(folder.path(), &Format::ALL, BatchNormForm::Exact)
        .unwrap();
    let name = |path: &std::path::PathBuf| {
        path.strip_prefix(folder.path())
            .unwrap()
            .display()
            .to_string()
    };
    let names: Vec<String> = written.iter().map(name).collect();
    assert_eq!(
        names,
        [
            "model.safetensors",
            "model.qonnx.onnx",
            "model.qdq.onnx",
            "model.onnx",
            "hls4ml/model.onnx",
            "hls4ml/hls4ml_config.yml",
            "hls4ml/convert.py",
            "model.json",
            "model.dot",
            "model.svg",
            "model.md"
        ]
    );
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    let error = crate::fixture::model(&float_blocks(), 1)
        .export(folder.path(), &[Format::Hls4ml], BatchNormForm::Exact)
        .unwrap_err();
    assert!(error.to_string().contains("computes in floats"), "{error}");
}
