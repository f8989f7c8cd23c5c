//! `radars predict`.

use super::eval::{argmax, refused, searched};
use super::train::GIVEN;
use super::{folder, radars, stdout};
use image::{DynamicImage, GrayImage};
use radars_data::Data;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The first test images of the embedded data set as PNG files; every second one in colour.
fn pictures(folder: &Path, count: usize) -> Vec<String> {
    let data = Data::embedded().unwrap();
    let write = |index: usize| {
        let pixels = data.test.image(index).to_vec();
        let grey = DynamicImage::from(GrayImage::from_raw(28, 28, pixels).unwrap());
        let name = format!("{index}.png");
        let image = match index % 2 {
            0 => grey,
            _ => grey.to_rgb8().into(),
        };
        image.save(folder.join(&name)).unwrap();
        name
    };
    (0..count).map(write).collect()
}

#[test]
fn pictures_have_the_classes_that_evaluation_finds() {
    let folder = searched();
    let names = pictures(folder.path(), 12);
    for engine in ["integer", "fake-quantised"] {
        let line = format!("eval run --engine {engine} --logits logits.csv");
        stdout(folder.path(), &line);
        let text = fs::read_to_string(folder.path().join("logits.csv")).unwrap();
        let line = format!("predict run {} --engine {engine} --json", names.join(" "));
        let found: Value = serde_json::from_str(&stdout(folder.path(), &line)).unwrap();
        let classes = Data::embedded().unwrap().test.class_names().to_vec();
        for ((row, name), found) in text.lines().zip(&names).zip(found.as_array().unwrap()) {
            let row: Vec<String> = row.split(',').map(str::to_owned).collect();
            assert_eq!(found["file"], **name);
            let likely = found["classes"].as_array().unwrap();
            assert_eq!(likely.len(), 5);
            assert_eq!(
                likely[0]["class"],
                *classes[argmax(&row)],
                "{engine} {name}"
            );
            let probabilities = likely.iter().map(|l| l["probability"].as_f64().unwrap());
            let probabilities: Vec<f64> = probabilities.collect();
            assert!(probabilities.is_sorted_by(|a, b| a >= b));
            assert!(probabilities[4] >= 0.0 && probabilities.iter().sum::<f64>() <= 1.0 + 1e-12);
        }
    }
    // An ONNX file knows its classes, too; integers are what a model is computed in by default.
    let top = |path: &str| stdout(folder.path(), &format!("predict {path} 0.png --top 1"));
    assert_eq!(top("run"), top("run --engine integer"));
    assert_eq!(top("run/model.onnx"), top("run --engine fake-quantised"));
    assert_eq!(top("run").lines().count(), 2);
    assert!(top("run").contains(" %"), "{}", top("run"));
}

#[test]
fn a_file_that_is_no_image_is_named_and_the_others_are_classified() {
    let folder = searched();
    pictures(folder.path(), 2);
    fs::write(folder.path().join("notes.txt"), "no image").unwrap();
    // Any size will do.
    let large = image::RgbImage::from_fn(70, 41, |x, y| image::Rgb([x as u8, y as u8, 3]));
    large.save(folder.path().join("large.jpg")).unwrap();
    let line = "predict run 0.png notes.txt missing.png large.jpg 1.png --top 2";
    for json in [false, true] {
        let line = format!("{line}{}", if json { " --json" } else { "" });
        let output = radars(folder.path(), &line);
        let text = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        for words in ["notes.txt", "missing.png", "2 of 5 files"] {
            assert!(stderr.contains(words), "{stderr}");
        }
        for file in ["0.png", "1.png", "large.jpg"] {
            assert!(text.contains(file), "{text}");
        }
        if json {
            let found: Value = serde_json::from_str(&text).unwrap();
            let errors = found
                .as_array()
                .unwrap()
                .iter()
                .map(|p| p.get("error").is_some());
            assert_eq!(
                errors.collect::<Vec<_>>(),
                [false, true, true, false, false]
            );
        } else {
            // A name and two classes of each.
            assert_eq!(text.lines().count(), 9, "{text}");
        }
    }
    refused(folder.path(), "predict run 0.png --top 0", &["--top"]);
    refused(folder.path(), "predict run", &["IMAGE"]);
}

/// Two classes of coloured images of many sizes.
fn image_folder(folder: &Path) {
    for (set, count) in [("train", 12), ("test", 5)] {
        for (class, base) in [("dark", 20_u8), ("light", 150)] {
            let path = folder.join(set).join(class);
            fs::create_dir_all(&path).unwrap();
            for number in 0..count {
                let (width, height) = (17 + 3 * number, 30 - number);
                let pixel =
                    |x, y| image::Rgb([base + (x * 7 % 90) as u8, base + (y % 50) as u8, 9]);
                let image = image::RgbImage::from_fn(width, height, pixel);
                image.save(path.join(format!("{number}.png"))).unwrap();
            }
        }
    }
}

/// Stretched, or shrunk with its centre cut out: a picture is brought to the network as it was in its run.
#[test]
fn pictures_come_to_the_network_as_in_its_run() {
    let folder = folder();
    fs::write(folder.path().join("given.json"), GIVEN).unwrap();
    image_folder(&folder.path().join("images"));
    for size in ["--resize 16x20", "--image-size 16"] {
        let _ = fs::remove_dir_all(folder.path().join("run"));
        let line = format!(
            "train --architecture given.json --space tiny.toml --data images {size} --batch 4 --epochs 2 --out run \
             --quiet"
        );
        stdout(folder.path(), &line);
        let line = "eval run --engine integer --logits logits.csv --json";
        let found: Value = serde_json::from_str(&stdout(folder.path(), line)).unwrap();
        assert_eq!(found["images"], 10);
        assert!(found.get("top5_accuracy").is_none());
        let exactly: Value =
            serde_json::from_str(&stdout(folder.path(), "eval run --json")).unwrap();
        let result = fs::read_to_string(folder.path().join("run/result.json")).unwrap();
        let result: Value = serde_json::from_str(&result).unwrap();
        assert_eq!(exactly["accuracy"], result["best"]["test_accuracy"]);

        let names = ["dark", "light"];
        let files = names.map(|class| (0..5).map(move |n| format!("images/test/{class}/{n}.png")));
        let files: Vec<String> = files.into_iter().flatten().collect();
        let line = format!("predict run {} --json", files.join(" "));
        let found: Value = serde_json::from_str(&stdout(folder.path(), &line)).unwrap();
        let text = fs::read_to_string(folder.path().join("logits.csv")).unwrap();
        let found = found.as_array().unwrap();
        assert_eq!((found.len(), text.lines().count()), (10, 10));
        for (row, found) in text.lines().zip(found) {
            let row: Vec<String> = row.split(',').map(str::to_owned).collect();
            let logit = |field: &str| f64::from(field.parse::<f32>().unwrap());
            let (a, b) = (logit(&row[1]), logit(&row[2]));
            let largest = &found["classes"][0];
            assert_eq!(largest["class"], names[argmax(&row)], "{size}");
            // Of two classes it is a sigmoid of the difference.
            let expected = 1.0 / (1.0 + (-(a - b).abs()).exp());
            let probability = largest["probability"].as_f64().unwrap();
            assert!(
                (probability - expected).abs() < 1e-9,
                "{size}: {found} for {row:?}"
            );
        }
    }
}
