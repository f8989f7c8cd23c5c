//! Batches: the same by every way of asking, each image as often as it should come.

use std::collections::BTreeSet;
use std::sync::Arc;

use radars_data::{Augment, Batch, Dataset, Error, ImageShape, Loader, LoaderOptions};
use radars_tensor::random::Seed;

const SEED: Seed = Seed(11);

/// `len` images of 4x4x1 whose pixels all equal their index + 1, so that a batch tells what is in it;
/// labels count 0, 1, 2, 0, ...
fn dataset(len: usize) -> Arc<Dataset> {
    let images = (0..len).flat_map(|i| [i as u8 + 1; 16]).collect();
    let labels = (0..len).map(|i| (i % 3) as u16).collect();
    let shape = ImageShape {
        height: 4,
        width: 4,
        channels: 1,
    };
    Arc::new(
        Dataset::new(
            images,
            labels,
            shape,
            vec!["x".into(), "y".into(), "z".into()],
        )
        .unwrap(),
    )
}

fn loader(len: usize, options: LoaderOptions) -> Loader {
    let dataset = dataset(len);
    let indices = dataset.indices();
    Loader::new(dataset, indices, options).unwrap()
}

/// The images of a batch by index.
fn members(batch: &Batch) -> Vec<usize> {
    assert_eq!(batch.placements.len(), batch.labels.len());
    batch
        .bytes
        .chunks(16)
        .map(|image| {
            assert_eq!(image, [image[0]; 16]);
            usize::from(image[0]) - 1
        })
        .collect()
}

#[test]
fn an_epoch_has_every_image_once_and_another_order_each_time() {
    let loader = loader(
        20,
        LoaderOptions {
            drop_last: false,
            ..LoaderOptions::training("w", 6)
        },
    );
    assert_eq!(
        (loader.batches_per_epoch(), loader.images_per_epoch()),
        (4, 20)
    );
    let order = |seed, epoch| {
        loader
            .epoch(seed, epoch)
            .map(Result::unwrap)
            .flat_map(|batch| members(&batch))
            .collect::<Vec<_>>()
    };
    for epoch in 0..3 {
        assert_eq!(
            order(SEED, epoch).into_iter().collect::<BTreeSet<_>>(),
            (0..20).collect()
        );
    }
    let orders = [
        order(SEED, 0),
        order(SEED, 1),
        order(Seed(12), 0),
        (0..20).collect(),
    ];
    for (i, one) in orders.iter().enumerate() {
        assert!(orders[..i].iter().all(|other| other != one));
    }
    let sizes: Vec<usize> = loader
        .epoch(SEED, 0)
        .map(Result::unwrap)
        .map(|batch| batch.len())
        .collect();
    assert_eq!(sizes, [6, 6, 6, 2]);
}

#[test]
fn evaluation_is_in_order_unchanged_and_complete() {
    let dataset = dataset(20);
    let loader = Loader::new(dataset, vec![3, 1, 19, 7, 8], LoaderOptions::evaluation(2)).unwrap();
    let batches: Vec<Batch> = loader.epoch(SEED, 5).map(Result::unwrap).collect();
    assert_eq!(
        batches.iter().map(members).collect::<Vec<_>>(),
        [vec![3, 1], vec![19, 7], vec![8]]
    );
    assert_eq!(
        batches
            .iter()
            .flat_map(|b| b.labels.clone())
            .collect::<Vec<_>>(),
        [0, 1, 1, 1, 2]
    );
    assert!(
        batches
            .iter()
            .all(|batch| batch.placements.iter().all(|p| *p == [0; 3]))
    );
}

#[test]
fn labels_stay_with_their_images() {
    let loader = loader(
        50,
        LoaderOptions {
            augment: AUGMENT,
            ..LoaderOptions::training("w", 7)
        },
    );
    for batch in loader.epoch(SEED, 2).map(Result::unwrap) {
        let expected: Vec<i32> = members(&batch)
            .into_iter()
            .map(|i| (i % 3) as i32)
            .collect();
        assert_eq!(batch.labels, expected);
    }
}

const AUGMENT: Option<Augment> = Some(Augment {
    crop_padding: 2,
    flip: true,
    resized_crop: None,
    colour: None,
});

#[test]
fn prefetching_changes_nothing() {
    let options = LoaderOptions {
        augment: AUGMENT,
        drop_last: false,
        ..LoaderOptions::training("w", 8)
    };
    let direct = loader(
        50,
        LoaderOptions {
            prefetch: 0,
            ..options
        },
    );
    for prefetch in [1, 2, 5, usize::MAX] {
        let ahead = loader(
            50,
            LoaderOptions {
                prefetch,
                ..options
            },
        );
        for epoch in 0..3 {
            let batches: Vec<Batch> = direct.epoch(SEED, epoch).map(Result::unwrap).collect();
            assert_eq!(
                batches,
                ahead
                    .epoch(SEED, epoch)
                    .map(Result::unwrap)
                    .collect::<Vec<_>>()
            );
            // Also when buffers are recycled rather than all held at once.
            assert!(
                ahead
                    .epoch(SEED, epoch)
                    .map(Result::unwrap)
                    .zip(&batches)
                    .all(|(one, other)| one == *other)
            );
            assert_eq!(batches.len(), 7);
        }
    }
}

#[test]
fn any_batch_can_be_reached_directly() {
    let loader = loader(
        50,
        LoaderOptions {
            augment: AUGMENT,
            ..LoaderOptions::training("w", 8)
        },
    );
    let epochs: Vec<Batch> = (0..3)
        .flat_map(|epoch| loader.epoch(SEED, epoch).map(Result::unwrap))
        .collect();
    assert_eq!(epochs.len(), 3 * 6);
    for (step, batch) in epochs.iter().enumerate().rev() {
        assert_eq!(loader.step(SEED, step as u64).unwrap(), *batch);
        assert_eq!(
            loader
                .batch(SEED, step as u64 / 6, step % 6)
                .map(Result::unwrap)
                .as_ref(),
            Some(batch)
        );
    }
    assert!(loader.batch(SEED, 0, 6).is_none());
    assert!(
        loader
            .epoch_from(SEED, 1, 4)
            .map(Result::unwrap)
            .eq(epochs[10..12].iter().map(|b| take(b, &loader)))
    );
    assert_eq!(loader.epoch_from(SEED, 1, 6).count(), 0);
    for first in [0, 4, 6, 11] {
        let steps: Vec<Batch> = loader
            .steps(SEED, first as u64)
            .map(Result::unwrap)
            .take(7)
            .collect();
        assert_eq!(steps, epochs[first..first + 7]);
    }
}

/// A batch equal to `batch`, for comparing iterators of values.
fn take(batch: &Batch, loader: &Loader) -> Batch {
    let mut copy = loader.step(SEED, 0).unwrap();
    copy.bytes.clone_from(&batch.bytes);
    copy.placements.clone_from(&batch.placements);
    copy.labels.clone_from(&batch.labels);
    copy
}

#[test]
fn augmentation_follows_the_image_not_its_place() {
    let options = LoaderOptions {
        augment: AUGMENT,
        ..LoaderOptions::training("w", 10)
    };
    let placement_of = |loader: &Loader, index: usize, epoch: u64| {
        let found = loader
            .epoch(SEED, epoch)
            .map(Result::unwrap)
            .find_map(|batch| {
                let place = members(&batch).iter().position(|&member| member == index)?;
                Some(batch.placements[place])
            });
        found.unwrap()
    };
    let all = loader(50, options);
    let few = Loader::new(
        dataset(50),
        (30..50).collect(),
        LoaderOptions {
            batch_size: 4,
            ..options
        },
    )
    .unwrap();
    for index in 30..50 {
        assert_eq!(placement_of(&all, index, 1), placement_of(&few, index, 1));
    }
    // Another epoch draws again: 20 images with 25 shifts each do not all repeat.
    assert!((30..50).any(|index| placement_of(&all, index, 1) != placement_of(&all, index, 2)));
    // And streams of another name are others.
    let other = loader(
        50,
        LoaderOptions {
            stream: "alpha",
            ..options
        },
    );
    assert!((30..50).any(|index| placement_of(&all, index, 1) != placement_of(&other, index, 1)));
}

#[test]
fn placements_reach_as_far_as_the_padding_and_mirror() {
    let loader = loader(
        200,
        LoaderOptions {
            augment: AUGMENT,
            ..LoaderOptions::training("w", 10)
        },
    );
    let mut drawn: [BTreeSet<i32>; 3] = Default::default();
    for batch in loader.epoch(SEED, 0).map(Result::unwrap) {
        for placement in &batch.placements {
            for (drawn, &value) in drawn.iter_mut().zip(placement) {
                drawn.insert(value);
            }
        }
    }
    let shifts = BTreeSet::from([-2, -1, 0, 1, 2]);
    assert_eq!(drawn, [shifts.clone(), shifts, BTreeSet::from([0, 1])]);
}

#[test]
fn dropping_an_iterator_early_ends_its_thread() {
    let dataset = dataset(100);
    let options = LoaderOptions {
        prefetch: 3,
        ..LoaderOptions::training("w", 2)
    };
    for consumed in 0..20 {
        let loader = Loader::new(dataset.clone(), dataset.indices(), options).unwrap();
        let mut steps = loader.steps(SEED, 0).map(Result::unwrap);
        for _ in 0..consumed {
            steps.next().unwrap();
        }
        drop(steps);
        drop(loader);
        // The thread held the data set; had it not ended, the count would be higher.
        assert_eq!(Arc::strong_count(&dataset), 1);
    }
}

#[test]
fn buffers_are_used_again() {
    let loader = loader(
        64,
        LoaderOptions {
            prefetch: 0,
            ..LoaderOptions::training("w", 4)
        },
    );
    let places: BTreeSet<*const u8> = loader
        .epoch(SEED, 0)
        .map(Result::unwrap)
        .map(|batch| batch.bytes.as_ptr())
        .collect();
    assert_eq!(places.len(), 1);
    // Memory that its user keeps is not handed out a second time.
    let mut first = loader.step(SEED, 0).unwrap();
    let kept = std::mem::take(&mut first.bytes);
    drop(first);
    let second = loader.step(SEED, 1).unwrap();
    assert_ne!(second.bytes.as_ptr(), kept.as_ptr());
}

#[test]
fn loaders_that_could_make_no_batch_are_refused() {
    let data = dataset(10);
    let training = LoaderOptions::training("w", 8);
    let make = |indices: Vec<usize>, options| {
        Loader::new(data.clone(), indices, options)
            .map(|_| ())
            .unwrap_err()
    };
    assert!(matches!(
        make(vec![], training),
        Error::NoBatch {
            batch_size: 8,
            images: 0
        }
    ));
    assert!(matches!(
        make((0..7).collect(), training),
        Error::NoBatch {
            batch_size: 8,
            images: 7
        }
    ));
    assert!(matches!(
        make(vec![1], LoaderOptions::evaluation(0)),
        Error::NoBatch {
            batch_size: 0,
            images: 1
        }
    ));
    assert!(matches!(
        make(vec![10], LoaderOptions::evaluation(1)),
        Error::Index {
            index: 10,
            images: 10
        }
    ));
    let augment = Some(Augment {
        crop_padding: 4,
        ..Augment::default()
    });
    let padded = LoaderOptions {
        augment,
        ..LoaderOptions::evaluation(1)
    };
    assert!(matches!(
        make(vec![1], padded),
        Error::CropPadding {
            padding: 4,
            height: 4,
            width: 4
        }
    ));
}
