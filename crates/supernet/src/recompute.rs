//! Which layers of a network are computed again on the way back instead of being kept.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A set of layers. Of these a training step keeps the input alone: convolution and batch norm are computed
/// once more on the way back, which costs another forward pass of them and changes no result by a bit.
///
/// In a file it is the list of its layers, from 0.
///
/// # Source
/// Chen et al. 2016, "Training deep nets with sublinear memory cost".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<usize>", into = "Vec<usize>")]
pub struct Recompute(u64);

impl Recompute {
    /// No layer.
    pub const NONE: Recompute = Recompute(0);
    /// Layers beyond this many are always kept.
    pub const MOST: usize = u64::BITS as usize;

    /// The first `layers` layers, up to [`Recompute::MOST`].
    pub fn all(layers: usize) -> Self {
        (0..layers).fold(Recompute::NONE, Recompute::with)
    }

    /// The set with another layer, from 0; one beyond [`Recompute::MOST`] changes nothing.
    #[must_use]
    pub fn with(self, layer: usize) -> Self {
        let bit = u32::try_from(layer)
            .ok()
            .and_then(|bit| 1u64.checked_shl(bit));
        Recompute(self.0 | bit.unwrap_or(0))
    }

    /// Whether a layer, from 0, is in it.
    pub fn contains(self, layer: usize) -> bool {
        layer < Self::MOST && self.0 >> layer & 1 == 1
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self == Recompute::NONE
    }

    /// The layers, from 0.
    pub fn layers(self) -> impl Iterator<Item = usize> {
        (0..Self::MOST).filter(move |&layer| self.contains(layer))
    }

    /// What computing its layers again costs, `macs[l]` being the multiply-accumulates of layer `l`.
    pub fn cost(self, macs: &[u64]) -> u64 {
        let of_layers = self.layers().filter_map(|layer| macs.get(layer));
        of_layers.fold(0, |sum, &macs| sum.saturating_add(macs))
    }

    /// Sets to try where a bound does not hold what all layers keep, `macs[l]` being the multiply-accumulates of
    /// computing layer `l` again: by ascending cost in all, so that the first that fits costs least. Up to
    /// 6 layers these are all sets; of more layers, the cheapest one, the cheapest two, and so on.
    pub fn choices(macs: &[u64]) -> Vec<Recompute> {
        const EXHAUSTIVE: usize = 6;
        let layers = macs.len().min(Self::MOST);
        let mut sets: Vec<Recompute> = if layers <= EXHAUSTIVE {
            (1..1u64 << layers).map(Recompute).collect()
        } else {
            let mut order: Vec<usize> = (0..layers).collect();
            order.sort_by_key(|&layer| macs[layer]);
            let mut set = Recompute::NONE;
            let grow = |layer| {
                set = set.with(layer);
                set
            };
            order.into_iter().map(grow).collect()
        };
        sets.sort_by_key(|set| (set.cost(macs), set.0));
        sets
    }
}

impl From<Vec<usize>> for Recompute {
    fn from(layers: Vec<usize>) -> Self {
        layers.into_iter().fold(Recompute::NONE, Recompute::with)
    }
}

impl From<Recompute> for Vec<usize> {
    fn from(set: Recompute) -> Self {
        set.layers().collect()
    }
}

/// `none`, or `layers 1, 3`, counted from 1.
impl fmt::Display for Recompute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        let layers: Vec<String> = self.layers().map(|layer| (layer + 1).to_string()).collect();
        let noun = if layers.len() == 1 { "layer" } else { "layers" };
        write!(f, "{noun} {}", layers.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_come_by_what_they_cost() {
        let sets = Recompute::choices(&[5, 1, 3]);
        let layers: Vec<Vec<usize>> = sets.iter().map(|set| set.layers().collect()).collect();
        // Costs 1, 3, 4, 5, 6, 8, 9.
        let expected: [&[usize]; 7] = [&[1], &[2], &[1, 2], &[0], &[0, 1], &[0, 2], &[0, 1, 2]];
        assert_eq!(layers, expected);
        let many = Recompute::choices(&[7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(many.len(), 7);
        assert_eq!(many[1].layers().collect::<Vec<_>>(), [5, 6]);
        assert_eq!(many[6], Recompute::all(7));
    }

    #[test]
    fn sets_read_well_and_end_at_their_most() {
        assert_eq!(Recompute::NONE.to_string(), "none");
        assert_eq!(Recompute::NONE.with(0).to_string(), "layer 1");
        assert_eq!(Recompute::all(2).to_string(), "layers 1, 2");
        assert!(!Recompute::all(100).contains(64) && Recompute::all(100).contains(63));
    }
}
