//! Softmax and cross entropy.

use radars_tensor::{Backend, CrossEntropy, Op, Result};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};

#[derive(Debug)]
struct Softmax {
    rows: usize,
    columns: usize,
}

impl Case for Softmax {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (backend, n) = (side.backend(), self.rows * self.columns);
        let mut x = side.values(n);
        if let Some(x) = x.get_mut(1) {
            *x = 90.0; // exp of it is no f32.
        }
        let (x, dy, mut y, mut dx) = (
            side.input(&x),
            side.random(n),
            side.output(n),
            side.output(n),
        );
        backend.softmax(self.columns, x.view(), y.view_mut())?;
        backend.softmax_backward(self.columns, y.view(), dy.view(), dx.view_mut())?;
        Ok(vec![("y", side.read(&y)), ("dx", side.read(&dx))])
    }
}

#[test]
fn softmax_and_its_gradient() {
    on_every_device(|cuda| {
        for (rows, columns) in [
            (0, 3),
            (1, 1),
            (1, 144),
            (5, 10),
            (33, 257),
            (9, 31),
            (100, 6),
        ] {
            parity(&cuda, &Softmax { rows, columns }, Tolerance::FUNCTION);
        }
    });
}

#[derive(Debug)]
struct Loss {
    g: CrossEntropy,
}

impl Loss {
    fn of<B: Backend>(side: &Side<B>, g: &CrossEntropy, labels: &[i32]) -> Result<Outputs> {
        let n = g.rows * g.classes;
        let (logits, labels) = (side.random(n), side.input(labels));
        let (mut loss, mut dlogits) = (side.output(1), side.output(n));
        let mut scratch = side.scratch(&Op::CrossEntropy(*g));
        side.backend().cross_entropy(
            g,
            logits.view(),
            labels.view(),
            loss.view_mut(),
            dlogits.view_mut(),
            scratch.view_mut(),
        )?;
        Ok(vec![
            ("loss", side.read(&loss)),
            ("dlogits", side.read(&dlogits)),
        ])
    }
}

impl Case for Loss {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let CrossEntropy { rows, classes, .. } = self.g;
        let labels: Vec<i32> = (0..rows).map(|row| (row * 7 % classes) as i32).collect();
        Loss::of(side, &self.g, &labels)
    }
}

#[test]
fn cross_entropy_and_its_gradient() {
    on_every_device(|cuda| {
        for (rows, classes) in [(0, 10), (1, 1), (1, 2), (64, 10), (300, 37), (7, 1000)] {
            for smoothing in [0.0, 0.1] {
                let g = CrossEntropy {
                    rows,
                    classes,
                    smoothing,
                };
                parity(&cuda, &Loss { g }, Tolerance::FUNCTION);
            }
        }
    });
}

/// The CPU looks at labels and refuses; on a card nothing looks at them before the kernel, so it has to show.
#[derive(Debug)]
struct NoClass(i32);

impl Case for NoClass {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let g = CrossEntropy {
            rows: 3,
            classes: 4,
            smoothing: 0.0,
        };
        if let Ok(outputs) = Loss::of(side, &g, &[0, self.0, 3]) {
            let nan = |values: &[f32]| values.iter().map(|v| v.is_nan()).collect::<Vec<_>>();
            assert_eq!(nan(&outputs[0].1), [true]);
            let rows = [[false; 4], [true; 4], [false; 4]];
            assert_eq!(nan(&outputs[1].1), rows.concat());
        } else {
            assert_eq!(B::NAME, "cpu");
        }
        Ok(Outputs::new())
    }
}

#[test]
fn a_label_that_is_no_class_makes_the_loss_nan() {
    on_every_device(|cuda| {
        for label in [-1, 4, i32::MIN, i32::MAX] {
            parity(&cuda, &NoClass(label), Tolerance::EXACT);
        }
    });
}
