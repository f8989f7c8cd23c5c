//! Optimizer steps.

use radars_tensor::{AdamStep, Backend, Coefficient, Result, SgdStep};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};

const LENGTHS: [usize; 6] = [0, 1, 3, 4, 1027, 4096];

/// Bytes of an f32.
const F32: usize = size_of::<f32>();

/// Two steps: the coefficient a number, then an element.
#[derive(Debug)]
struct Sgd {
    step: SgdStep,
    n: usize,
}

impl Case for Sgd {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let n = self.n;
        let (gradient, mut v, mut p) = (side.random(n), side.random(n), side.random(n));
        let c = side.input(&[0.0f32, 0.5]);
        for factor in [
            Coefficient::Constant(0.25),
            Coefficient::Element(c.view().slice(F32..2 * F32)),
        ] {
            let (v, p) = (v.view_mut(), p.view_mut());
            side.backend()
                .sgd_step(&self.step, factor, gradient.view(), v, p)?;
        }
        Ok(vec![("velocity", side.read(&v)), ("p", side.read(&p))])
    }
}

#[test]
fn stochastic_gradient_descent() {
    on_every_device(|cuda| {
        for n in LENGTHS {
            for nesterov in [false, true] {
                let step = SgdStep {
                    rate: 0.1,
                    momentum: 0.9,
                    nesterov,
                    weight_decay: 3e-4,
                };
                parity(&cuda, &Sgd { step, n }, Tolerance::FUNCTION);
            }
        }
    });
}

/// Two steps: the coefficient a number, then an element.
#[derive(Debug)]
struct Adam {
    step: AdamStep,
    n: usize,
}

impl Case for Adam {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let n = self.n;
        let (gradient, mut m, mut p) = (side.random(n), side.random(n), side.random(n));
        let mut v = side.input(&vec![0.3f32; n]);
        let c = side.input(&[0.0f32, 0.5]);
        for factor in [
            Coefficient::Constant(0.25),
            Coefficient::Element(c.view().slice(F32..2 * F32)),
        ] {
            let (m, v, p) = (m.view_mut(), v.view_mut(), p.view_mut());
            side.backend()
                .adam_step(&self.step, factor, gradient.view(), m, v, p)?;
        }
        Ok(vec![
            ("m", side.read(&m)),
            ("v", side.read(&v)),
            ("p", side.read(&p)),
        ])
    }
}

#[test]
fn adam() {
    let step = AdamStep {
        rate: 0.02,
        betas: (0.5, 0.999),
        epsilon: 1e-8,
        weight_decay: 1e-3,
        bias_corrections: (0.5, 0.001),
    };
    on_every_device(|cuda| {
        for n in LENGTHS {
            parity(&cuda, &Adam { step, n }, Tolerance::FUNCTION);
        }
    });
}
