//! Optimizer steps, one pass over memory each.

use super::Cpu;
use super::elementwise::coefficient;
use super::memory::{read, write};
use super::parallel::PIECE;
use super::simd::simd;
use crate::{AdamStep, Coefficient, Mut, Ref, Result, SgdStep};
use rayon::prelude::*;

/// One step of stochastic gradient descent, see [`SgdStep`].
pub(super) fn sgd(
    cpu: &Cpu,
    step: &SgdStep,
    c: Coefficient<'_, Cpu>,
    gradient: Ref<'_, Cpu>,
    velocity: Mut<'_, Cpu>,
    p: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "sgd_step";
    let elements = p.bytes() / size_of::<f32>();
    let c = coefficient(NAME, c)?;
    let gradient = read(NAME, "gradient", gradient, elements)?;
    let velocity = write(NAME, "velocity", velocity, elements)?;
    let p = write(NAME, "p", p, elements)?;
    let (isa, step) = (cpu.spec.isa, *step);
    let items = p
        .par_chunks_mut(PIECE)
        .zip(velocity.par_chunks_mut(PIECE))
        .zip(gradient.par_chunks(PIECE));
    cpu.for_each(elements, items, |((p, velocity), gradient)| {
        simd(
            isa,
            #[inline(always)]
            move || {
                for ((p, v), &gradient) in p.iter_mut().zip(velocity).zip(gradient) {
                    let g = c * gradient + step.weight_decay * *p;
                    *v = step.momentum * *v + g;
                    let along = if step.nesterov {
                        g + step.momentum * *v
                    } else {
                        *v
                    };
                    *p -= step.rate * along;
                }
            },
        );
    });
    Ok(())
}

/// The state that [`adam`] updates.
pub(super) struct Adam<'a> {
    pub(super) m: Mut<'a, Cpu>,
    pub(super) v: Mut<'a, Cpu>,
    pub(super) p: Mut<'a, Cpu>,
}

/// One step of Adam, see [`AdamStep`].
pub(super) fn adam(
    cpu: &Cpu,
    step: &AdamStep,
    c: Coefficient<'_, Cpu>,
    gradient: Ref<'_, Cpu>,
    state: Adam<'_>,
) -> Result<()> {
    const NAME: &str = "adam_step";
    let elements = state.p.bytes() / size_of::<f32>();
    let c = coefficient(NAME, c)?;
    let gradient = read(NAME, "gradient", gradient, elements)?;
    let m = write(NAME, "m", state.m, elements)?;
    let v = write(NAME, "v", state.v, elements)?;
    let p = write(NAME, "p", state.p, elements)?;
    let (isa, step) = (cpu.spec.isa, *step);
    let (b1, b2) = step.betas;
    let (correction1, correction2) = step.bias_corrections;
    let items = p
        .par_chunks_mut(PIECE)
        .zip(m.par_chunks_mut(PIECE))
        .zip(v.par_chunks_mut(PIECE))
        .zip(gradient.par_chunks(PIECE));
    cpu.for_each(elements, items, |(((p, m), v), gradient)| {
        simd(
            isa,
            #[inline(always)]
            move || {
                for (((p, m), v), &gradient) in p.iter_mut().zip(m).zip(v).zip(gradient) {
                    let g = c * gradient + step.weight_decay * *p;
                    *m = b1 * *m + (1.0 - b1) * g;
                    *v = b2 * *v + (1.0 - b2) * (g * g);
                    let root = (*v / correction2).sqrt() + step.epsilon;
                    *p -= step.rate * (*m / correction1 / root);
                }
            },
        );
    });
    Ok(())
}
