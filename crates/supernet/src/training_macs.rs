//! Multiply-accumulates of training, for one image: what the budgets of a comparison are counted in.
//!
//! The convolutions and the classifier's products that a step really computes are counted: forward (fprop),
//! the gradient of the input (dgrad) and that of the weights (wgrad), each as many as the forward pass.
//! Elementwise work, reductions and the optimizers are left out: they are small, and much the same for all.
//! Counts saturate at `u64::MAX`.

use crate::supernet::{branches, check_candidates, distinct};
use crate::{Mixing, Result};
use radars_space::{Architecture, Block, Candidate, LayerKind, Space, Stage};
use serde::{Deserialize, Serialize};

/// Multiply-accumulates of the two steps of a SuperNet, for one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuperNetMacs {
    /// Of [`crate::DnasTrainer::weight_step`].
    pub weight: u64,
    /// Of [`crate::DnasTrainer::alpha_step`].
    pub alpha: u64,
}

/// What one [`crate::ChildTrainer::step`] computes for an image: everything three times, but for the first
/// layer, whose input needs no gradient.
///
/// # Errors
/// [`crate::Error::Space`] for another number of layers, and before [`Space::resolve`].
pub fn child_step_macs(space: &Space, architecture: &Architecture) -> Result<u64> {
    let macs = space.cost(architecture)?.macs;
    let images = space.blocks(architecture)?.first().map_or(0, entry_macs);
    Ok(macs.saturating_mul(3).saturating_sub(images))
}

/// What the evaluation of an image computes.
///
/// # Errors
/// [`crate::Error::Space`] for another number of layers, and before [`Space::resolve`].
pub fn child_evaluation_macs(space: &Space, architecture: &Architecture) -> Result<u64> {
    Ok(space.cost(architecture)?.macs)
}

/// The forward convolution of every layer of a child network, for an image: what computing that layer again
/// costs.
///
/// # Errors
/// As [`child_step_macs`].
pub fn child_forward_macs(space: &Space, architecture: &Architecture) -> Result<Vec<u64>> {
    let layers = space.cost(architecture)?.layers;
    Ok(layers.iter().map(|layer| layer.macs).collect())
}

/// The forward convolutions of every layer of a SuperNet, for an image: what computing that layer again costs.
///
/// # Errors
/// As [`supernet_step_macs`].
pub fn supernet_forward_macs(
    space: &Space,
    candidates: &[Vec<Candidate>],
    mixing: Mixing,
) -> Result<Vec<u64>> {
    check_candidates(space, candidates)?;
    let layers = candidates.iter().enumerate();
    let forward = |(layer, c): (usize, &Vec<_>)| Ok(layer_macs(space, layer, c, mixing)?.forward);
    layers.map(forward).collect()
}

/// What the steps of a SuperNet compute for an image.
///
/// Materialised: the fprop of every candidate, and for every activation format one dgrad and one wgrad with
/// the largest kernel among its candidates; the alpha step needs no wgrad. Merged: for every activation format
/// one fprop, one dgrad and one wgrad with that kernel, in either step. Factorised: one convolution with
/// the largest kernel; its alpha step needs the gradients of both operands, since both are mixed. Neither
/// needs the gradient of the images, except for a quantised factorised alpha step, which mixes their
/// quantised forms. Of blocks, every branch goes forward and back, convolution by convolution; the alpha step needs
/// the gradients of weights of merged kernels alone.
///
/// # Errors
/// [`crate::Error::Candidates`] when a layer has none; [`crate::Error::Space`] before [`Space::resolve`].
pub fn supernet_step_macs(
    space: &Space,
    candidates: &[Vec<Candidate>],
    mixing: Mixing,
) -> Result<SuperNetMacs> {
    check_candidates(space, candidates)?;
    let classifier = space.classifier_cost()?.macs;
    let mut weight = vec![(3, classifier)];
    let mut alpha = vec![(2, classifier)];
    for (layer, candidates) in candidates.iter().enumerate() {
        let macs = layer_macs(space, layer, candidates, mixing)?;
        weight.push((1, macs.weight));
        alpha.push((1, macs.alpha));
    }
    Ok(SuperNetMacs {
        weight: sum(weight),
        alpha: sum(alpha),
    })
}

/// Of one layer of a SuperNet.
struct LayerMacs {
    forward: u64,
    weight: u64,
    alpha: u64,
}

fn layer_macs(
    space: &Space,
    layer: usize,
    candidates: &[Candidate],
    mixing: Mixing,
) -> Result<LayerMacs> {
    match space.layers()[layer].kind {
        LayerKind::Conv => mixed_conv(space, layer, candidates, mixing),
        kind => mixed_block(space, layer, branches(kind, candidates, mixing)),
    }
}

fn mixed_conv(
    space: &Space,
    layer: usize,
    candidates: &[Candidate],
    mixing: Mixing,
) -> Result<LayerMacs> {
    let follows = u64::from(layer > 0);
    let geometry = space.block(layer, &candidates[0])?.path[0].geometry;
    let macs = |candidate: &Candidate| geometry.macs(candidate.kernel);
    let largest = candidates.iter().map(macs).max().unwrap_or(0);
    let formats = distinct(candidates.iter().map(Candidate::activation));
    // Once an activation format, with its largest kernel.
    let of_formats = sum(formats.into_iter().map(|format| {
        let group = candidates.iter().filter(|c| c.activation() == format);
        (1, group.map(macs).max().unwrap_or(0))
    }));
    let all = sum(candidates.iter().map(|c| (1, macs(c))));
    let mixed_input = u64::from(space.is_quantised());
    Ok(match mixing {
        Mixing::Materialised => LayerMacs {
            forward: all,
            weight: sum([(1, all), (1 + follows, of_formats)]),
            alpha: sum([(1, all), (follows, of_formats)]),
        },
        Mixing::Merged => LayerMacs {
            forward: of_formats,
            weight: sum([(2 + follows, of_formats)]),
            alpha: sum([(2 + follows, of_formats)]),
        },
        Mixing::Factorised => LayerMacs {
            forward: largest,
            weight: sum([(2 + follows, largest)]),
            alpha: sum([(2 + follows.max(mixed_input), largest)]),
        },
    })
}

fn mixed_block(space: &Space, layer: usize, branches: Vec<Vec<Candidate>>) -> Result<LayerMacs> {
    let follows = u64::from(layer > 0);
    let (mut forward, mut images, mut merged) = (0_u64, 0_u64, 0_u64);
    for branch in branches {
        let largest = branch.iter().max_by_key(|c| c.kernel);
        let Some(largest) = largest else { continue };
        let block = space.block(layer, largest)?;
        forward = forward.saturating_add(sum(block.convolutions().map(|s| (1, stage_macs(s)))));
        if layer == 0 {
            images = images.saturating_add(entry_macs(&block));
        }
        if branch.len() > 1 {
            let depthwise = block.path.iter().filter(|s| s.name == "depthwise");
            merged = merged.saturating_add(sum(depthwise.map(|s| (1, stage_macs(s)))));
        }
    }
    Ok(LayerMacs {
        forward,
        weight: sum([(3, forward)]).saturating_sub(images),
        alpha: sum([(1 + follows, forward), (1, merged)]),
    })
}

/// The convolutions of a block that its input goes to.
fn entry_macs(block: &Block) -> u64 {
    let path = block.path.len();
    let others = block.convolutions().skip(path);
    sum(block
        .path
        .first()
        .into_iter()
        .chain(others)
        .map(|s| (1, stage_macs(s))))
}

fn stage_macs(stage: &Stage) -> u64 {
    stage.geometry.macs(stage.kernel)
}

fn sum(terms: impl IntoIterator<Item = (u64, u64)>) -> u64 {
    let products = terms.into_iter().map(|(a, b)| a.saturating_mul(b));
    products.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use radars_space::{BitChoices, Choices, ImageShape, Layer, Precision};

    const IMAGES: ImageShape = ImageShape {
        height: 8,
        width: 8,
        channels: 3,
    };

    fn resolved(choices: Choices) -> Space {
        let layers = vec![
            Layer::conv(4, 2, choices.clone()),
            Layer::conv(6, 1, choices),
        ];
        let space = Space::new("test", layers).unwrap();
        space.resolve(IMAGES, 10).unwrap()
    }

    fn quantised_space() -> Space {
        let bits = BitChoices {
            integer: vec![1],
            fraction: vec![3, 6],
        };
        resolved(Choices::quantised(&[1, 3, 5], &bits, &bits).unwrap())
    }

    fn bits(fraction: u8) -> Precision {
        Precision {
            integer: 1,
            fraction,
        }
    }

    /// Kernels 1, 3 and 5, of which 1 and 3 have one activation format.
    fn three() -> Vec<Candidate> {
        vec![
            Candidate::quantised(1, bits(3), bits(3)),
            Candidate::quantised(3, bits(3), bits(6)),
            Candidate::quantised(5, bits(6), bits(3)),
        ]
    }

    // By hand: 4 x 4 pixels; layer 0 has 3 * 4 = 12 weights a tap: 192 MACs for kernel 1, 1728 for 3, 4800
    // for 5; layer 1 has 4 * 6 = 24: 384, 3456, 9600; the classifier has 6 * 10 = 60.

    #[test]
    fn a_child_goes_back_twice_but_for_its_first_layer() {
        let space = quantised_space();
        let architecture = Architecture(vec![three()[1], three()[2]]);
        let step = child_step_macs(&space, &architecture).unwrap();
        assert_eq!(step, 2 * 1728 + 3 * 9600 + 3 * 60);
        let evaluation = child_evaluation_macs(&space, &architecture).unwrap();
        assert_eq!(evaluation, 1728 + 9600 + 60);
    }

    #[test]
    fn a_materialised_mixture_goes_back_once_an_activation_format() {
        let candidates = [three(), three()];
        let macs = supernet_step_macs(&quantised_space(), &candidates, Mixing::Materialised);
        let forward = (192 + 1728 + 4800) + (384 + 3456 + 9600);
        let weight = forward + (1728 + 4800) + 2 * (3456 + 9600) + 3 * 60;
        let alpha = forward + (3456 + 9600) + 2 * 60;
        assert_eq!(macs.unwrap(), SuperNetMacs { weight, alpha });
    }

    /// Kernels 3 and 5: the 1x1 of the first format lies within its 3x3.
    #[test]
    fn a_merged_mixture_is_one_convolution_an_activation_format() {
        let candidates = [three(), three()];
        let macs = supernet_step_macs(&quantised_space(), &candidates, Mixing::Merged).unwrap();
        let layers = 2 * (1728 + 4800) + 3 * (3456 + 9600);
        let (weight, alpha) = (layers + 3 * 60, layers + 2 * 60);
        assert_eq!(macs, SuperNetMacs { weight, alpha });
    }

    #[test]
    fn a_factorised_mixture_is_one_convolution() {
        let candidates = [three(), three()];
        let macs = supernet_step_macs(&quantised_space(), &candidates, Mixing::Factorised);
        let weight = 2 * 4800 + 3 * 9600 + 3 * 60;
        let alpha = 3 * 4800 + 3 * 9600 + 2 * 60;
        assert_eq!(macs.unwrap(), SuperNetMacs { weight, alpha });

        // In floats the images are not mixed.
        let float = resolved(Choices::float(&[1, 3]).unwrap());
        let candidates = vec![vec![Candidate::float(1), Candidate::float(3)]; 2];
        let macs = supernet_step_macs(&float, &candidates, Mixing::Factorised).unwrap();
        assert_eq!(macs.alpha, 2 * 1728 + 3 * 3456 + 2 * 60);
    }

    #[test]
    fn a_layer_without_candidates_is_refused() {
        let macs = supernet_step_macs(&quantised_space(), &[three(), vec![]], Mixing::Factorised);
        assert!(matches!(
            macs,
            Err(Error::Candidates {
                expected: 2,
                found: 1
            })
        ));
    }
}
