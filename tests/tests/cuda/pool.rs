//! Pooling and its gradient.

use radars_tensor::{Backend, Pool2d, PoolKind, Result};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};

#[derive(Debug)]
struct Pool {
    g: Pool2d,
}

impl Case for Pool {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let g = &self.g;
        // Few different values, so that windows have several largest.
        let x: Vec<f32> = (side.values(g.input_elements()).iter())
            .map(|x| (x * 2.0).round() / 2.0)
            .collect();
        let (x, dy) = (side.input(&x), side.random(g.output_elements()));
        let (mut y, mut dx) = (
            side.output(g.output_elements()),
            side.output(g.input_elements()),
        );
        side.backend().pool2d(g, x.view(), y.view_mut())?;
        side.backend()
            .pool2d_backward(g, x.view(), dy.view(), dx.view_mut())?;
        Ok(vec![("y", side.read(&y)), ("dx", side.read(&dx))])
    }
}

#[test]
fn windows_of_many_sizes() {
    on_every_device(|cuda| {
        for channels in [1, 3, 4, 12] {
            for (batch, height, width) in [(1, 5, 7), (3, 8, 6), (2, 1, 9)] {
                for (kernel, stride, padding) in [
                    (1, 1, 0),
                    (2, 2, 0),
                    (3, 1, 1),
                    (3, 2, 1),
                    (2, 3, 1),
                    (5, 2, 2),
                ] {
                    for (kind, tolerance) in [
                        (PoolKind::Max, Tolerance::EXACT),
                        (PoolKind::Average, Tolerance::ARITHMETIC),
                    ] {
                        let g = Pool2d {
                            kind,
                            batch,
                            input: [height, width, channels],
                            kernel,
                            stride,
                            padding,
                        };
                        if g.checked().is_ok() {
                            parity(&cuda, &Pool { g }, tolerance);
                        }
                    }
                }
            }
        }
    });
}

#[derive(Debug)]
struct WrongSizes;

impl Case for WrongSizes {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let backend = side.backend();
        let g = Pool2d {
            kind: PoolKind::Max,
            batch: 1,
            input: [4, 4, 1],
            kernel: 2,
            stride: 2,
            padding: 0,
        };
        let (x, mut y, mut dx) = (side.random(16), side.output(4), side.output(16));
        let two = Pool2d { batch: 2, ..g };
        let refused = backend.pool2d(&two, x.view(), y.view_mut());
        let text = "pool2d: x has 64 bytes where the geometry says 128";
        assert_eq!(refused.unwrap_err().to_string(), text);
        let refused = backend.pool2d_backward(&g, x.view(), x.view(), dx.view_mut());
        let text = "pool2d_backward: dy has 64 bytes where the geometry says 16";
        assert_eq!(refused.unwrap_err().to_string(), text);
        let bordered = Pool2d { padding: 2, ..g };
        assert_eq!(
            backend
                .pool2d(&bordered, x.view(), y.view_mut())
                .unwrap_err()
                .to_string(),
            bordered.checked().unwrap_err().to_string(),
        );
        Ok(Outputs::new())
    }
}

#[test]
fn wrong_sizes_are_refused_in_the_words_of_the_cpu() {
    on_every_device(|cuda| parity(&cuda, &WrongSizes, Tolerance::EXACT));
}
