//! Dividing images among parts so that every part has the classes in equal proportion.

use radars_tensor::random::Seed;
use rand::seq::SliceRandom;

/// The number of images in each of `classes` classes.
pub(crate) fn class_counts(labels: &[u16], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &label in labels {
        counts[usize::from(label)] += 1;
    }
    counts
}

/// How many of `counts[c]` images to take from each class so that `total` are taken in all.
///
/// Rounding is carried from class to class, so the sum is exactly `min(total, sum of counts)` and each
/// class gets its proportional share rounded up or down.
fn shares(counts: &[usize], total: usize) -> Vec<usize> {
    let available: usize = counts.iter().sum();
    let total = total.min(available);
    // u128: the product of two numbers of images cannot overflow.
    let taken_up_to = |images: usize| {
        ((2 * total as u128 * images as u128 + available as u128) / (2 * available.max(1) as u128))
            as usize
    };
    let mut seen = 0;
    counts
        .iter()
        .map(|&count| {
            let before = taken_up_to(seen);
            seen += count;
            taken_up_to(seen) - before
        })
        .collect()
}

/// Divides the images of the given labels into one part per entry of `sizes`, plus what remains.
///
/// Parts are disjoint, stratified by class and in ascending order of index; which images fall into a part is
/// drawn from the stream `purpose` of `seed`, one stream a class. A part comes out smaller than asked for only
/// where the images run out.
pub(crate) fn stratified_parts(
    labels: &[u16],
    classes: usize,
    sizes: &[usize],
    seed: Seed,
    purpose: &str,
) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); classes];
    for (index, &label) in labels.iter().enumerate() {
        members[usize::from(label)].push(index);
    }
    for (class, members) in members.iter_mut().enumerate() {
        members.shuffle(&mut seed.stream(purpose, class as u64));
    }
    sizes
        .iter()
        .map(|&size| {
            let counts: Vec<usize> = members.iter().map(Vec::len).collect();
            let mut part = Vec::with_capacity(size.min(labels.len()));
            for (members, share) in members.iter_mut().zip(shares(&counts, size)) {
                part.extend(members.drain(..share));
            }
            part.sort_unstable();
            part
        })
        .collect()
}

/// The images that a limit of `limit` keeps: stratified, ascending, and the same for every run.
///
/// The choice is random rather than the first files of each class, because neighbours by name are often
/// near copies of each other; its seed is fixed, so that a limit means one data set, whatever the run's seed.
pub(crate) fn limited(labels: &[u16], classes: usize, limit: Option<usize>) -> Vec<usize> {
    match limit {
        Some(limit) if limit < labels.len() => {
            stratified_parts(labels, classes, &[limit], Seed(0), "data limit").remove(0)
        }
        _ => (0..labels.len()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_the_total_and_stay_within_one_of_proportional() {
        let counts = [1, 0, 7, 300, 3, 42];
        let all: usize = counts.iter().sum();
        for total in 0..=all {
            let shares = shares(&counts, total);
            assert_eq!(shares.iter().sum::<usize>(), total);
            for (&share, &count) in shares.iter().zip(&counts) {
                let exact = total as f64 * count as f64 / all as f64;
                assert!(
                    share <= count && (share as f64 - exact).abs() < 1.0,
                    "{share} of {count}, exactly {exact}"
                );
            }
        }
    }

    /// 5 of 10 + 20 + 20 images: exactly 1, 2 and 2.
    #[test]
    fn shares_are_exact_where_they_can_be() {
        assert_eq!(shares(&[10, 20, 20], 5), [1, 2, 2]);
        assert_eq!(shares(&[], 5), [0usize; 0]);
    }

    #[test]
    fn a_limit_keeps_a_stratified_subset_in_order() {
        let labels: Vec<u16> = (0..100).map(|i| i % 4).collect();
        let kept = limited(&labels, 4, Some(20));
        assert!(kept.is_sorted() && kept != (0..20).collect::<Vec<_>>());
        for class in 0..4 {
            assert_eq!(kept.iter().filter(|&&i| labels[i] == class).count(), 5);
        }
        assert_eq!(limited(&labels, 4, Some(200)).len(), 100);
        assert_eq!(limited(&labels, 4, None).len(), 100);
    }
}
