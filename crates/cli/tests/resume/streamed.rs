//! Searches of an image folder that is decoded while it is trained on, on some classes in exploration.

use super::killed::check_line;
use super::{Folder, SEARCH};
use image::{Rgb, RgbImage};
use radars_tensor::random::Seed;
use rand::RngExt;
use serde_json::Value;
use std::path::Path;

/// Five classes of 24 images to train with and 4 to test with, told apart by a colour under noise; two files of the
/// training set are no images.
fn write_images(folder: &Path) {
    let mut random = Seed(1).stream("noise", 0);
    for class in 0..5_u8 {
        for (set, count) in [("train", 24), ("val", 4)] {
            let path = folder.join(set).join(format!("class{class}"));
            std::fs::create_dir_all(&path).unwrap();
            for number in 0..count {
                let base = [40 * class, 200 - 30 * class, 90];
                let image = RgbImage::from_fn(20 + number, 24, |_, _| {
                    Rgb(base.map(|value| value + random.random_range(0..40)))
                });
                image.save(path.join(format!("{number:02}.png"))).unwrap();
            }
        }
    }
    for bad in ["class1/03.png", "class4/20.png"] {
        std::fs::write(folder.join("train").join(bad), "no image").unwrap();
    }
}

/// The flags of a search of such a folder.
fn line(images: &Path) -> String {
    let search = SEARCH.replace(" --limit-train 200", "");
    assert_ne!(search, SEARCH);
    let images = images.display();
    format!(
        "{search} --data {images} --image-size 16 --proxy-classes 3 --bad-images 2 --cache 20KiB"
    )
}

#[test]
fn it_ends_as_if_it_had_never_been_killed() {
    let images = tempfile::tempdir().unwrap();
    write_images(images.path());
    check_line(&line(images.path()), 6);
}

#[test]
fn threads_and_the_cache_change_nothing() {
    let images = tempfile::tempdir().unwrap();
    write_images(images.path());
    let line = line(images.path());
    let (whole, _) = Folder::new().uninterrupted(&line);
    for (threads, cache) in [(2, "0B"), (3, "1GiB")] {
        let line = line.replace("--threads 1", &format!("--threads {threads}"));
        let line = line.replace("--cache 20KiB", &format!("--cache {cache}"));
        let folder = Folder::new();
        let mut other = folder.uninterrupted(&line).0;
        // What the data may take of the host's memory is told, and differs with the cache.
        for (ours, theirs) in other.events.iter_mut().zip(&whole.events) {
            if let Some(bytes) = ours.get_mut("data_bytes") {
                *bytes = theirs["data_bytes"].clone();
            }
        }
        other.assert_same(&whole, &format!("{threads} threads, cache {cache}"));
    }
}

#[test]
fn exploration_sees_some_classes_and_costs_are_those_of_all() {
    let images = tempfile::tempdir().unwrap();
    write_images(images.path());
    let line = line(images.path());
    let (some, _) = Folder::new().uninterrupted(&line);
    // There are five.
    let line = line.replace("--proxy-classes 3", "--proxy-classes 7");
    let (all, _) = Folder::new().uninterrupted(&line);
    let of = |events: &[Value], kind: &str| -> Vec<Value> {
        let events = events.iter().filter(|event| event["event"] == kind);
        events.cloned().collect()
    };
    let episodes = [&some, &all].map(|run| of(&run.events, "episode"));
    // The first architecture is sampled before anything is learned.
    let [few, many] = [&episodes[0][0], &episodes[1][0]];
    assert_eq!(few["architecture"], many["architecture"]);
    assert_eq!(few["aops"], many["aops"]);
    // Three fifths of the images, and a smaller classifier.
    let spent = |event: &Value| event["spent"].as_u64().unwrap() as f64;
    let share = spent(few) / spent(many);
    assert!((0.5..0.65).contains(&share), "{share}");
    for event in episodes.iter().flatten() {
        let memory = &event["memory"];
        assert_eq!(memory["planned_peak_bytes"], memory["actual_peak_bytes"]);
    }
    // A re-training is that of all classes, whatever exploration saw.
    let [one, other] = [&some, &all].map(|run| of(&run.events, "retrained"));
    let mut compared = 0;
    for event in &one {
        for same in &other {
            if event["architecture"] == same["architecture"] {
                assert_eq!(event["memory"], same["memory"]);
                assert_eq!(event["accuracy"], same["accuracy"]);
                compared += 1;
            }
        }
    }
    assert!(compared > 0, "no architecture was re-trained by both");
}

#[test]
fn too_many_bad_images_end_it_with_their_names() {
    let images = tempfile::tempdir().unwrap();
    write_images(images.path());
    let line = line(images.path()).replace("--bad-images 2", "--bad-images 1");
    let (code, message) = Folder::new().end(&format!("{line} --out run"));
    assert_eq!(code, Some(2), "{message}");
    assert!(
        message.contains("more than 1 of 140 image files"),
        "{message}"
    );
    assert!(message.contains("class1/03.png"), "{message}");
    assert!(message.contains("--bad-images"), "{message}");
}

#[test]
fn bad_images_are_named_in_the_end() {
    let images = tempfile::tempdir().unwrap();
    write_images(images.path());
    let (code, message) = Folder::new().end(&format!("{} --out run", line(images.path())));
    assert_eq!(code, Some(0), "{message}");
    assert!(message.contains("2 of 140 image files"), "{message}");
    assert!(message.contains("class4/20.png"), "{message}");
}
