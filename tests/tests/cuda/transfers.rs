//! Uploads, downloads, copies and fills.

use radars_tensor::{Backend, Result};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};

/// Lengths around those that kernels treat in another way.
const LENGTHS: [usize; 9] = [0, 1, 3, 4, 5, 255, 256, 1023, 4100];

#[derive(Debug)]
struct Fill {
    n: usize,
    value: f32,
}

impl Case for Fill {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let mut y = side.output(self.n);
        side.backend().fill(self.value, y.view_mut())?;
        Ok(vec![("y", side.read(&y))])
    }
}

#[test]
fn fill_writes_every_element_and_no_other() {
    on_every_device(|cuda| {
        for n in LENGTHS {
            for value in [0.0, -2.5, f32::INFINITY] {
                parity(&cuda, &Fill { n, value }, Tolerance::EXACT);
            }
        }
    });
}

#[derive(Debug)]
struct Copy {
    n: usize,
}

impl Case for Copy {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (x, mut y) = (side.random(self.n), side.output(self.n));
        side.backend().copy(x.view(), y.view_mut())?;
        Ok(vec![("x", side.read(&x)), ("y", side.read(&y))])
    }
}

#[test]
fn copies_and_transfers_keep_every_bit() {
    on_every_device(|cuda| {
        for n in LENGTHS {
            parity(&cuda, &Copy { n }, Tolerance::EXACT);
        }
        // Longer than a slot of pinned memory.
        parity(&cuda, &Copy { n: 300_001 }, Tolerance::EXACT);
    });
}
