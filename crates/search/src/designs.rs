//! Designed architectures: one factor varied at a time, in all layers alike.

use radars_space::{HyperParameter, Space};

/// The designs of a space, each as one choice a decision.
///
/// The first takes the middle choice of every decision (the lower one of two). Each of the others differs from it in
/// one hyper-parameter type, which takes one of its other choices in every layer (the last one, where a layer has
/// fewer): what a type is worth shows in a few trainings, where architectures that are drawn at random differ in
/// everything at once.
///
/// # Source
/// One-factor-at-a-time screening: Box, Hunter and Hunter 1978, "Statistics for experimenters".
pub(crate) fn designs(space: &Space) -> Vec<Vec<usize>> {
    let decisions = space.decisions();
    let middle: Vec<usize> = decisions.iter().map(|d| (d.choices - 1) / 2).collect();
    let mut designs = vec![middle.clone()];
    for kind in HyperParameter::ALL {
        let of_kind = decisions.iter().filter(|decision| decision.kind == kind);
        let most = of_kind.map(|decision| decision.choices).max().unwrap_or(0);
        for choice in 0..most {
            let design: Vec<usize> = (decisions.iter().zip(&middle))
                .map(|(decision, &middle)| match decision.kind == kind {
                    true => choice.min(decision.choices - 1),
                    false => middle,
                })
                .collect();
            if !designs.contains(&design) {
                designs.push(design);
            }
        }
    }
    designs
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::{Choices, Layer};

    /// Table I has kernels 1, 3, 5, 7, integer bits 1, 3 and fraction bits 1, 3, 6: the middle, and 3 + 1 + 2 + 1 + 2
    /// others.
    #[test]
    fn table_1_has_ten_designs_alike_in_all_layers() {
        let space = Space::preset("fashion-small").unwrap();
        let designs = designs(&space);
        assert_eq!(designs.len(), 10);
        let words: Vec<String> = (designs.iter())
            .map(|design| {
                let architecture = space.architecture(design).unwrap();
                let first = architecture.layers()[0];
                assert!(architecture.layers().iter().all(|layer| *layer == first));
                first.to_string()
            })
            .collect();
        assert_eq!(
            words,
            [
                "k3 a1.3 w1.3",
                "k1 a1.3 w1.3",
                "k5 a1.3 w1.3",
                "k7 a1.3 w1.3",
                "k3 a3.3 w1.3",
                "k3 a1.1 w1.3",
                "k3 a1.6 w1.3",
                "k3 a1.3 w3.3",
                "k3 a1.3 w1.1",
                "k3 a1.3 w1.6"
            ]
        );
    }

    /// Two choices and four: the middles are the first and the second; the second layer alone has a third and a fourth.
    #[test]
    fn a_layer_with_fewer_choices_takes_its_last() {
        let layer = |kernels: &[usize]| Layer::conv(8, 1, Choices::float(kernels).unwrap());
        let space = Space::new("two", vec![layer(&[3, 5]), layer(&[1, 3, 5, 7])]).unwrap();
        assert_eq!(designs(&space), [[0, 1], [0, 0], [1, 1], [1, 2], [1, 3]]);
    }
}
