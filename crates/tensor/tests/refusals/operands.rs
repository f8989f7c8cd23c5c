//! Tensors of all shapes and types, and the parameters of operations on them.

use radars_tensor::{
    AdamStep, Arena, Backend, Conv2dOptions, Pool2d, PoolKind, SgdStep, Shape, Tensor,
};

pub const OPTIONS: Conv2dOptions = Conv2dOptions {
    stride: 1,
    padding: 1,
    groups: 1,
};
pub const POOL: Pool2d = Pool2d {
    kind: PoolKind::Max,
    batch: 2,
    input: [4, 4, 3],
    kernel: 2,
    stride: 2,
    padding: 0,
};
pub const SGD: SgdStep = SgdStep {
    rate: 0.1,
    momentum: 0.9,
    nesterov: true,
    weight_decay: 0.1,
};
pub const ADAM: AdamStep = AdamStep {
    rate: 0.1,
    betas: (0.9, 0.999),
    epsilon: 1e-8,
    weight_decay: 0.0,
    bias_corrections: (0.1, 0.001),
};

/// Small tensors, some of them without elements, of all types.
pub fn operands<B: Backend>(arena: &Arena<B>) -> Vec<Tensor<B>> {
    let shapes = [
        Shape::from([]),
        Shape::from([1]),
        Shape::from([0]),
        Shape::from([3]),
        Shape::from([0, 3]),
        Shape::from([3, 0]),
        Shape::from([2, 3]),
        Shape::from([3, 2]),
        Shape::from([0, 0, 0, 0]),
        Shape::from([2, 0, 4, 3]),
        Shape::from([2, 4, 4, 0]),
        Shape::from([2, 4, 4, 3]),
        Shape::from([2, 2, 2, 3]),
        Shape::from([3, 3, 3, 3]),
        Shape::from([3, 5, 5, 3]),
    ];
    let mut operands: Vec<_> = shapes
        .iter()
        .map(|&shape| Tensor::full(arena, shape, 0.5).unwrap())
        .collect();
    operands.push(Tensor::from_slice(arena, [2], &[0i32, 1]).unwrap());
    operands.push(Tensor::from_slice(arena, [2, 3], &[0i32; 6]).unwrap());
    operands.push(Tensor::from_slice(arena, [1, 3], &[0i32, i32::MIN, i32::MAX]).unwrap());
    operands.push(Tensor::from_slice(arena, [3], &[0u8; 3]).unwrap());
    operands.push(Tensor::from_slice(arena, [2, 4, 4, 3], &[0i8; 96]).unwrap());
    operands
}
