//! Launchers of `matmul.cu`: the matrix product.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::memory::Address;
use crate::operand::{read, write};
use crate::parameter::{In, Out};
use radars_tensor::{MatMul, Mut, Ref, Result};

/// Rows and columns of the product that are one block's.
const TILE: usize = 64;
/// Threads of a block.
const THREADS: u32 = 256;
/// The most blocks of a launch, which stride over the rest.
const MOST_BLOCKS: usize = 1 << 16;

type Product = Kernel<(In<f32>, In<f32>, Out<f32>, u64, u64, u64)>;

const NN: Product = Kernel::new("matmul_nn");
const NN_SCALAR: Product = Kernel::new("matmul_nn_scalar");
const NT: Product = Kernel::new("matmul_nt");
const NT_SCALAR: Product = Kernel::new("matmul_nt_scalar");
const TN: Product = Kernel::new("matmul_tn");
const TN_SCALAR: Product = Kernel::new("matmul_tn_scalar");
const TT: Product = Kernel::new("matmul_tt");
const TT_SCALAR: Product = Kernel::new("matmul_tt_scalar");

pub(crate) const KERNELS: &[&dyn Signed] = &[
    &NN, &NN_SCALAR, &NT, &NT_SCALAR, &TN, &TN_SCALAR, &TT, &TT_SCALAR,
];

/// Bytes of scratch: none.
pub(crate) fn scratch_bytes(_: &MatMul) -> usize {
    0
}

/// `c = a b`, either of the operands stored transposed.
pub(crate) fn matmul(
    cuda: &Cuda,
    shape: &MatMul,
    a: Ref<'_, Cuda>,
    b: Ref<'_, Cuda>,
    c: Mut<'_, Cuda>,
    _: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "matmul";
    let &MatMul { m, n, k, .. } = shape;
    let a = read(NAME, "a", a, m.saturating_mul(k))?;
    let b = read(NAME, "b", b, k.saturating_mul(n))?;
    let c = write(NAME, "c", c, m.saturating_mul(n))?;
    if c.bytes() == 0 {
        return Ok(());
    }
    let lines = [
        if shape.transpose_a { m } else { k },
        if shape.transpose_b { k } else { n },
        n,
    ];
    let addresses = [Address::of(a), Address::of(b), Address::of_mut(&c)];
    let vector = lines.iter().all(|line| line.is_multiple_of(4))
        && addresses.iter().all(|address| address.is_aligned());
    let kernel = match (shape.transpose_a, shape.transpose_b, vector) {
        (false, false, true) => &NN,
        (false, false, false) => &NN_SCALAR,
        (false, true, true) => &NT,
        (false, true, false) => &NT_SCALAR,
        (true, false, true) => &TN,
        (true, false, false) => &TN_SCALAR,
        (true, true, true) => &TT,
        (true, true, false) => &TT_SCALAR,
    };
    let tiles = m.div_ceil(TILE).saturating_mul(n.div_ceil(TILE));
    let grid = Grid::new([tiles.min(MOST_BLOCKS) as u32, 1, 1], THREADS);
    let values = (a, b, c, m as u64, n as u64, k as u64);
    cuda.launch(kernel, grid, values, || {
        format!("[{m}, {k}] times [{k}, {n}]")
    })
}
