//! What a convolution costs a card at least: the figures of a roofline.

use super::gather::Direction;
use super::gemm::Plan;
use super::operand::Products;
use radars_tensor::{Conv2d, ConvValues};

/// Work of one convolution on a card, as its kernels do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvWork {
    /// Floating-point operations of the convolution itself: two a multiply-add, those on padding counted as
    /// in the literature.
    pub flops: u64,
    /// Floating-point operations of the f16 tensor cores: `flops` times the f16 products that make one
    /// product of the operands.
    pub tensor_flops: u64,
    /// Bytes that cross the card's memory at least: operands read once (those whose scale is sought twice),
    /// the result written once, packed weights written and read.
    pub bytes: u64,
    /// Kernels that are launched.
    pub launches: u32,
}

impl ConvWork {
    /// Of [`radars_tensor::Backend::fake_quantised_conv2d_fprop`].
    pub fn fprop(g: &Conv2d, values: ConvValues) -> Self {
        Self::of(g, Direction::Fprop, values)
    }

    /// Of [`radars_tensor::Backend::fake_quantised_conv2d_dgrad`]. Of a stride `s` no product with the zeros
    /// between gradients is counted, and none is made.
    pub fn dgrad(g: &Conv2d, values: ConvValues) -> Self {
        Self::of(g, Direction::Dgrad, values)
    }

    fn of(g: &Conv2d, direction: Direction, values: ConvValues) -> Self {
        let plan = Plan::new(g, direction, values);
        let (source, target) = match direction {
            Direction::Fprop => (g.input_elements(), g.output_elements()),
            Direction::Dgrad => (g.output_elements(), g.input_elements()),
        };
        let products = match plan.products {
            Products::One => 1,
            Products::Two => 2,
            Products::Three => 3,
        };
        let split = plan.products.split();
        let sought: usize = [source, g.weight_elements()][..split].iter().sum();
        let values = source + sought + g.weight_elements() + target;
        let packed = 2 * plan.gather.packed_bytes(plan.products);
        let flops = g.macs().saturating_mul(2);
        ConvWork {
            flops,
            tensor_flops: flops.saturating_mul(products),
            bytes: (values * size_of::<f32>()).saturating_add(packed) as u64,
            launches: plan.launches(),
        }
    }

    /// Seconds that a card needs at least, given its f16 tensor cores' FLOP/s and its memory's bytes/s.
    pub fn roofline_seconds(&self, flops_per_second: f64, bytes_per_second: f64) -> f64 {
        let compute = self.tensor_flops as f64 / flops_per_second;
        compute.max(self.bytes as f64 / bytes_per_second)
    }
}
