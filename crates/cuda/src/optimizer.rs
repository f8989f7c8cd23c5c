//! Launchers of `optimizer.cu`.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::operand::{coefficient, elements, read, write};
use crate::parameter::{In, InAt, Out, kernel_struct};
use radars_tensor::{Coefficient, Mut, Ref, Result};

const THREADS: u32 = 256;

kernel_struct! {
    /// [`radars_tensor::SgdStep`].
    struct SgdStep {
        rate: f32,
        momentum: f32,
        weight_decay: f32,
        nesterov: i32,
    }
}

kernel_struct! {
    /// [`radars_tensor::AdamStep`].
    struct AdamStep {
        rate: f32,
        beta1: f32,
        beta2: f32,
        epsilon: f32,
        weight_decay: f32,
        correction1: f32,
        correction2: f32,
    }
}

impl From<&radars_tensor::SgdStep> for SgdStep {
    fn from(step: &radars_tensor::SgdStep) -> Self {
        SgdStep {
            rate: step.rate,
            momentum: step.momentum,
            weight_decay: step.weight_decay,
            nesterov: i32::from(step.nesterov),
        }
    }
}

impl From<&radars_tensor::AdamStep> for AdamStep {
    fn from(step: &radars_tensor::AdamStep) -> Self {
        AdamStep {
            rate: step.rate,
            beta1: step.betas.0,
            beta2: step.betas.1,
            epsilon: step.epsilon,
            weight_decay: step.weight_decay,
            correction1: step.bias_corrections.0,
            correction2: step.bias_corrections.1,
        }
    }
}

const SGD: Kernel<(f32, InAt<f32>, In<f32>, Out<f32>, Out<f32>, u64, SgdStep)> =
    Kernel::new("sgd_step");
const ADAM: Kernel<(
    f32,
    InAt<f32>,
    In<f32>,
    Out<f32>,
    Out<f32>,
    Out<f32>,
    u64,
    AdamStep,
)> = Kernel::new("adam_step");

pub(crate) const KERNELS: &[&dyn Signed] = &[&SGD, &ADAM];

/// A thread for every four elements.
fn grid(n: usize) -> Grid {
    Grid::over(n.div_ceil(4), THREADS)
}

/// One step of stochastic gradient descent.
pub(crate) fn sgd(
    cuda: &Cuda,
    step: &radars_tensor::SgdStep,
    c: Coefficient<'_, Cuda>,
    gradient: Ref<'_, Cuda>,
    velocity: Mut<'_, Cuda>,
    p: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "sgd_step";
    let n = elements(NAME, "p", p.bytes())?;
    let (element, constant) = coefficient(NAME, c)?;
    let gradient = read(NAME, "gradient", gradient, n)?;
    let velocity = write(NAME, "velocity", velocity, n)?;
    let values = (
        constant,
        element,
        gradient,
        velocity,
        p,
        n as u64,
        step.into(),
    );
    cuda.launch(&SGD, grid(n), values, || format!("[{n}]"))
}

/// One step of Adam.
pub(crate) fn adam(
    cuda: &Cuda,
    step: &radars_tensor::AdamStep,
    c: Coefficient<'_, Cuda>,
    gradient: Ref<'_, Cuda>,
    m: Mut<'_, Cuda>,
    v: Mut<'_, Cuda>,
    p: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "adam_step";
    let n = elements(NAME, "p", p.bytes())?;
    let (element, constant) = coefficient(NAME, c)?;
    let gradient = read(NAME, "gradient", gradient, n)?;
    let m = write(NAME, "m", m, n)?;
    let v = write(NAME, "v", v, n)?;
    let values = (constant, element, gradient, m, v, p, n as u64, step.into());
    cuda.launch(&ADAM, grid(n), values, || format!("[{n}]"))
}
