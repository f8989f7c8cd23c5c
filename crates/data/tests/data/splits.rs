//! Splits: disjoint, stratified, and a function of the seed alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use radars_data::{
    ClassSubset, Dataset, Error, ImageShape, Loader, LoaderOptions, SplitFractions, Splits,
};
use radars_tensor::random::Seed;

/// A data set of one-pixel images with `counts[c]` of class `c`, classes interleaved.
fn dataset(counts: &[usize]) -> Dataset {
    let mut labels: Vec<u16> = Vec::new();
    for round in 0..counts.iter().copied().max().unwrap_or(0) {
        labels.extend(
            (0..counts.len())
                .filter(|&c| round < counts[c])
                .map(|c| c as u16),
        );
    }
    let names = (0..counts.len()).map(|c| format!("class {c}")).collect();
    let shape = ImageShape {
        height: 1,
        width: 1,
        channels: 1,
    };
    Dataset::new(vec![0; labels.len()], labels, shape, names).unwrap()
}

fn class_counts(data: &Dataset, indices: &[usize]) -> Vec<usize> {
    (0..data.classes())
        .map(|c| {
            indices
                .iter()
                .filter(|&&i| usize::from(data.labels()[i]) == c)
                .count()
        })
        .collect()
}

#[test]
fn splits_are_disjoint_and_cover_what_their_fractions_say() {
    let data = dataset(&[100, 50, 30, 7, 1]);
    let splits = Splits::new(&data, SplitFractions::default(), Seed(1)).unwrap();
    // 0.6, 0.2 and 0.2 of 188 are 112.8, 37.6 and 37.6; the boundaries 112.8 and 150.4 round to 113 and 150.
    assert_eq!(
        [
            splits.weights.len(),
            splits.alpha.len(),
            splits.rewards.len()
        ],
        [113, 37, 38]
    );
    let mut all = [
        splits.weights.clone(),
        splits.alpha.clone(),
        splits.rewards.clone(),
    ]
    .concat();
    all.sort_unstable();
    assert_eq!(all, (0..188).collect::<Vec<_>>());
    assert!(splits.weights.is_sorted() && splits.alpha.is_sorted() && splits.rewards.is_sorted());
}

#[test]
fn each_class_has_its_share_of_each_split_up_to_rounding() {
    let counts = [300, 150, 90, 41, 1];
    let data = dataset(&counts);
    let fractions = SplitFractions {
        weights: 0.5,
        alpha: 0.3,
        rewards: 0.1,
    };
    let splits = Splits::new(&data, fractions, Seed(1)).unwrap();
    for (indices, fraction) in [
        (&splits.weights, 0.5),
        (&splits.alpha, 0.3),
        (&splits.rewards, 0.1),
    ] {
        for (class, count) in class_counts(&data, indices).into_iter().enumerate() {
            let exact = fraction * counts[class] as f64;
            assert!(
                (count as f64 - exact).abs() < 3.0,
                "class {class}: {count}, exactly {exact}"
            );
        }
    }
    // Balanced classes divide evenly.
    let data = dataset(&[300; 10]);
    let splits = Splits::new(&data, SplitFractions::default(), Seed(1)).unwrap();
    assert_eq!(class_counts(&data, &splits.weights), [180; 10]);
    assert_eq!(class_counts(&data, &splits.alpha), [60; 10]);
    assert_eq!(class_counts(&data, &splits.rewards), [60; 10]);
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let data = dataset(&[40, 40]);
    let splits = |seed| Splits::new(&data, SplitFractions::default(), Seed(seed)).unwrap();
    assert_eq!(splits(5), splits(5));
    assert_ne!(splits(5), splits(6));
    // The two classes draw from streams of their own: their choices are not copies of each other.
    let weights = splits(5).weights;
    let of_class = |c| {
        weights
            .iter()
            .filter(move |&&i| i % 2 == c)
            .map(|&i| i / 2)
            .collect::<Vec<_>>()
    };
    assert_ne!(of_class(0), of_class(1));
}

#[test]
fn impossible_fractions_are_refused() {
    let data = dataset(&[10, 10]);
    for (weights, alpha, rewards) in [
        (0.7, 0.2, 0.2),
        (0.5, 0.0, 0.5),
        (1.5, -0.3, 0.2),
        (f64::NAN, 0.2, 0.2),
    ] {
        let fractions = SplitFractions {
            weights,
            alpha,
            rewards,
        };
        assert!(
            matches!(
                Splits::new(&data, fractions, Seed(0)),
                Err(Error::Fractions { .. })
            ),
            "{fractions:?}"
        );
    }
    let sum_to_one = SplitFractions {
        weights: 0.7,
        alpha: 0.2,
        rewards: 0.1,
    };
    assert!(Splits::new(&data, sum_to_one, Seed(0)).is_ok());
    let few = dataset(&[1, 1]);
    match Splits::new(&few, SplitFractions::default(), Seed(0)) {
        Err(Error::EmptySplit { images: 2, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_class_subset_takes_its_part_of_every_split() {
    let data = dataset(&[40, 30, 20, 10, 50]);
    let splits = Splits::new(&data, SplitFractions::default(), Seed(1)).unwrap();
    let subset = ClassSubset::draw(&data, 3, Seed(2)).unwrap();
    assert_eq!(subset.classes().len(), 3);
    assert!(subset.classes().is_sorted());
    let part = subset.splits(&data, &splits).unwrap();
    for (part, whole) in [
        (&part.weights, &splits.weights),
        (&part.alpha, &splits.alpha),
        (&part.rewards, &splits.rewards),
    ] {
        let mut counts = class_counts(&data, whole);
        for class in (0..5).filter(|&class| subset.number(class).is_none()) {
            counts[class] = 0;
        }
        assert_eq!(class_counts(&data, part), counts);
        assert!(part.iter().all(|image| whole.contains(image)));
    }
}

#[test]
fn class_subsets_follow_the_seed_and_reach_every_class() {
    let data = dataset(&[1; 10]);
    let drawn: Vec<ClassSubset> = (0..100)
        .map(|seed| ClassSubset::draw(&data, 4, Seed(seed)).unwrap())
        .collect();
    assert_eq!(drawn[3], ClassSubset::draw(&data, 4, Seed(3)).unwrap());
    for class in 0..10 {
        let with = drawn.iter().filter(|s| s.number(class).is_some()).count();
        // Expected 40 of 100, standard deviation 4.9.
        assert!((20..60).contains(&with), "class {class}: {with}");
    }
    let all = ClassSubset::draw(&data, 10, Seed(0)).unwrap();
    assert_eq!(all.classes(), (0..10).collect::<Vec<_>>());
    for count in [0, 1, 11] {
        let error = ClassSubset::draw(&data, count, Seed(0)).unwrap_err();
        assert!(matches!(error, Error::ClassSubset { classes: 10, .. }));
    }
}

#[test]
fn labels_of_a_subset_count_from_nought() {
    let data = Arc::new(dataset(&[3; 6]));
    let subset = ClassSubset::draw(&data, 2, Seed(5)).unwrap();
    let options = LoaderOptions::evaluation(4);
    let loader = Loader::of_classes(data.clone(), &subset, &data.indices(), options).unwrap();
    assert_eq!(loader.images_per_epoch(), 6);
    let batches: Vec<_> = loader.epoch(Seed(0), 0).map(Result::unwrap).collect();
    let labels: Vec<i32> = batches.iter().flat_map(|b| b.labels.clone()).collect();
    assert_eq!(labels, [0, 1, 0, 1, 0, 1]);
    let of_these: BTreeSet<usize> = loader
        .indices()
        .iter()
        .map(|&image| data.labels()[image].into())
        .collect();
    assert_eq!(of_these.into_iter().collect::<Vec<_>>(), subset.classes());
}
