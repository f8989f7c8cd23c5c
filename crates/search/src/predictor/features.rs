//! What the model knows of an architecture: how often each choice is taken, where, and by which layer.

use crate::Result;
use radars_space::{Architecture, HyperParameter, Space};

/// A choice of a hyper-parameter type, alike in all layers that offer it.
type Choice = (HyperParameter, usize);

/// One decision of a space, as features see it.
struct Slot {
    /// The position, among all choices of the space, of each choice of the decision.
    choices: Vec<usize>,
    /// One over the decisions of this type.
    share: f64,
    /// Where its layer is: -1 for the first layer, 1 for the last.
    depth: f64,
}

/// The features of a space.
///
/// For every choice `v` of a type that `n` layers decide: the share of those layers that take `v`, the mean over the
/// layers that take it of where they are, `z / n` with `z` from -1 to 1, and for every layer by itself whether it
/// takes it, `1 / n` or 0.
pub(super) struct Features {
    slots: Vec<Slot>,
    choices: usize,
    own: usize,
}

/// How many features of each kind there are.
#[derive(Clone, Copy)]
pub(super) struct Widths {
    pub shared: usize,
    pub depth: usize,
    pub own: usize,
}

impl Features {
    pub fn new(space: &Space) -> Self {
        let decisions = space.decisions();
        let mut all: Vec<Choice> = Vec::new();
        let deepest = space.layers().len().saturating_sub(1).max(1) as f64;
        let slots = decisions.iter().map(|decision| {
            let values = space.layers()[decision.layer].choices.list(decision.kind);
            let choices = values.iter().map(|&value| {
                let choice = (decision.kind, value);
                let known = all.iter().position(|&other| other == choice);
                known.unwrap_or_else(|| {
                    all.push(choice);
                    all.len() - 1
                })
            });
            let alike = decisions.iter().filter(|other| other.kind == decision.kind);
            Slot {
                choices: choices.collect(),
                share: 1.0 / alike.count() as f64,
                depth: 2.0 * decision.layer as f64 / deepest - 1.0,
            }
        });
        let slots: Vec<Slot> = slots.collect();
        Features {
            own: slots.iter().map(|slot| slot.choices.len()).sum(),
            choices: all.len(),
            slots,
        }
    }

    pub fn widths(&self) -> Widths {
        Widths {
            shared: self.choices,
            depth: self.choices,
            own: self.own,
        }
    }

    /// The features of an architecture: shared, by depth, own.
    ///
    /// # Errors
    /// When it does not belong to the space.
    pub fn of(&self, space: &Space, architecture: &Architecture) -> Result<Vec<f64>> {
        Ok(self.of_choices(&space.indices(architecture)?))
    }

    /// The features of one choice a decision.
    pub fn of_choices(&self, choices: &[usize]) -> Vec<f64> {
        let mut features = vec![0.0; 2 * self.choices + self.own];
        let mut own = 2 * self.choices;
        for (slot, &choice) in self.slots.iter().zip(choices) {
            let position = slot.choices[choice];
            features[position] += slot.share;
            features[self.choices + position] += slot.share * slot.depth;
            features[own + choice] = slot.share;
            own += slot.choices.len();
        }
        features
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::{Choices, Layer};

    /// Three layers of kernels 1 and 3, the middle one without a choice: two decisions, at depths -1 and 1, each half
    /// of its type. With 1 in the first and 3 in the last, the shares are 1/2 and 1/2, the depths -1/2 and 1/2.
    #[test]
    fn features_are_shares_depths_and_layers() {
        let layer = |kernels: &[usize]| Layer::conv(8, 1, Choices::float(kernels).unwrap());
        let layers = vec![layer(&[1, 3]), layer(&[5]), layer(&[3, 1])];
        let space = Space::new("three", layers).unwrap();
        let features = Features::new(&space);
        let of = features.of_choices(&[0, 0]);
        assert_eq!(of, [0.5, 0.5, -0.5, 0.5, 0.5, 0.0, 0.5, 0.0]);
        let architecture = space.architecture(&[0, 0]).unwrap();
        assert_eq!(features.of(&space, &architecture).unwrap(), of);
        // The same kernel in both layers is the same choice, wherever it stands in a list.
        assert_eq!(features.of_choices(&[1, 0])[..4], [0.0, 1.0, 0.0, 0.0]);
    }
}
