//! What a convolution costs at least: operations, bytes, and the time of the slower of both.

use radars_tensor::Conv2d;

/// The three passes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Forward.
    Fprop,
    /// Gradient of the input.
    Dgrad,
    /// Gradient of the weights.
    Wgrad,
}

impl Pass {
    /// All of them.
    pub const ALL: [Pass; 3] = [Pass::Fprop, Pass::Dgrad, Pass::Wgrad];

    /// As CUTLASS calls it.
    pub fn name(self) -> &'static str {
        match self {
            Pass::Fprop => "fprop",
            Pass::Dgrad => "dgrad",
            Pass::Wgrad => "wgrad",
        }
    }

    /// How many f16 products make one product of a quantised network: the gradient's operand is a float
    /// and takes two halves.
    pub fn f16_products(self) -> u64 {
        match self {
            Pass::Fprop => 1,
            Pass::Dgrad | Pass::Wgrad => 2,
        }
    }
}

/// A multiplication and an addition for every product, those with padding counted as in the literature.
pub fn flops(g: &Conv2d) -> u64 {
    2 * g.macs()
}

/// The same without products with padding, which the CPU's kernels leave out.
pub fn inside_flops(g: &Conv2d) -> u64 {
    let [rows, columns] = [0, 1].map(|axis| {
        let taps = (0..g.output[axis]).map(|at| {
            let first = at * g.stride;
            let low = first.max(g.padding);
            let high = (first + g.kernel).min(g.input[axis] + g.padding);
            high.saturating_sub(low) as u64
        });
        taps.sum::<u64>()
    });
    let channels = (g.input[2] / g.groups * g.output[2]) as u64;
    2 * g.batch as u64 * rows * columns * channels
}

/// Bytes that move at least: each operand is read once, the result written once, all f32. The same for
/// all three passes, which have the same three tensors.
pub fn bytes(g: &Conv2d) -> u64 {
    4 * (g.input_elements() + g.weight_elements() + g.output_elements()) as u64
}

/// What a machine can do at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Operations a second, a multiplication and an addition being two.
    pub flops: f64,
    /// Bytes a second between memory and processor.
    pub bandwidth: f64,
}

impl Peak {
    /// The least time in seconds that `flops` operations on `bytes` bytes take.
    pub fn seconds(&self, flops: u64, bytes: u64) -> f64 {
        (flops as f64 / self.flops).max(bytes as f64 / self.bandwidth)
    }
}

/// A card by its data sheet: dense f16 tensor-core operations with f32 sums, and memory bandwidth.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// Its name.
    pub name: &'static str,
    /// What it can do at most.
    pub peak: Peak,
}

/// Cards of three generations, by NVIDIA's data sheets (T4; A100 80 GB SXM; H100 SXM).
pub const CARDS: [Card; 3] = [
    Card {
        name: "T4",
        peak: Peak {
            flops: 65e12,
            bandwidth: 320e9,
        },
    },
    Card {
        name: "A100",
        peak: Peak {
            flops: 312e12,
            bandwidth: 2039e9,
        },
    },
    Card {
        name: "H100",
        peak: Peak {
            flops: 989e12,
            bandwidth: 3350e9,
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::TABLE_1;

    /// By hand: 64 images, 16 x 16 outputs of 128 channels, windows of 3 x 3 x 64.
    #[test]
    fn operations_and_bytes_of_the_third_layer() {
        let g = TABLE_1[2].geometry(64, 3).unwrap();
        assert_eq!(flops(&g), 2 * 64 * 256 * 128 * 576);
        assert_eq!(bytes(&g), 4 * (64 * 256 * 64 + 128 * 576 + 64 * 256 * 128));
    }

    /// By hand: along an axis of 16 pixels, 14 windows of 3 lie inside and two have a tap outside: 46 taps.
    #[test]
    fn products_with_padding_are_left_out() {
        let g = TABLE_1[2].geometry(64, 3).unwrap();
        assert_eq!(inside_flops(&g), 2 * 64 * 46 * 46 * 64 * 128);
        let g = TABLE_1[2].geometry(64, 1).unwrap();
        assert_eq!(inside_flops(&g), flops(&g));
    }

    #[test]
    fn the_slower_of_both_decides() {
        let peak = Peak {
            flops: 100.0,
            bandwidth: 10.0,
        };
        assert_eq!(peak.seconds(200, 10), 2.0);
        assert_eq!(peak.seconds(200, 30), 3.0);
    }
}
