//! Softmax and cross entropy.

use crate::fixture::{assert_close, buffer, on_every_isa, read, result, scratch, values, wide};
use radars_tensor::{Arena, Backend, Cpu, CrossEntropy, Error, Op, Result};

fn softmax(row: &[f64]) -> Vec<f64> {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = row.iter().map(|x| (x - largest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter().map(|e| e / sum).collect()
}

#[test]
fn softmax_and_its_gradient_equal_plain_loops() {
    on_every_isa(|arena| {
        for (rows, columns) in [(1, 1), (1, 6), (7, 10), (3, 145), (5000, 10), (2, 20_000)] {
            // Far from zero, where exp without a shift overflows.
            let x: Vec<f32> = values(rows * columns, 1)
                .iter()
                .map(|x| 3.0 * x + 200.0)
                .collect();
            let dy = values(rows * columns, 2);
            let y: Vec<f64> = wide(&x).chunks(columns).flat_map(softmax).collect();
            let mut dx = Vec::new();
            for (y, dy) in y.chunks(columns).zip(wide(&dy).chunks(columns)) {
                let inner: f64 = y.iter().zip(dy).map(|(y, dy)| y * dy).sum();
                dx.extend(y.iter().zip(dy).map(|(y, dy)| y * (dy - inner)));
            }
            let (x_view, dy_view) = (buffer(arena, &x), buffer(arena, &dy));
            let (mut got_y, mut got_dx) = (result(arena, x.len()), result(arena, x.len()));
            let backend = arena.backend();
            backend
                .softmax(columns, x_view.view(), got_y.view_mut())
                .unwrap();
            assert_close(&read(&got_y), &y, 1e-6);
            backend
                .softmax_backward(columns, got_y.view(), dy_view.view(), got_dx.view_mut())
                .unwrap();
            assert_close(&read(&got_dx), &dx, 1e-6);
        }
    });
}

fn cross_entropy(
    arena: &Arena<Cpu>,
    g: &CrossEntropy,
    z: &[f32],
    labels: &[i32],
) -> Result<(Vec<f32>, Vec<f32>)> {
    let (z, labels) = (buffer(arena, z), buffer(arena, labels));
    let (mut loss, mut dz) = (result(arena, 1), result(arena, g.rows * g.classes));
    let mut scratch = scratch(arena, &Op::CrossEntropy(*g));
    arena.backend().cross_entropy(
        g,
        z.view(),
        labels.view(),
        loss.view_mut(),
        dz.view_mut(),
        scratch.view_mut(),
    )?;
    Ok((read(&loss), read(&dz)))
}

#[test]
fn cross_entropy_and_its_gradient_equal_plain_loops() {
    on_every_isa(|arena| {
        for (rows, classes, smoothing) in
            [(1, 2, 0.0), (7, 10, 0.1), (65, 3, 0.25), (4099, 10, 0.1)]
        {
            let z = values(rows * classes, 1);
            let labels: Vec<i32> = (0..rows).map(|row| (row * 7 % classes) as i32).collect();
            let (mut loss, mut gradient) = (0.0, Vec::new());
            for (row, z) in wide(&z).chunks(classes).enumerate() {
                for (class, p) in softmax(z).into_iter().enumerate() {
                    let smoothing = f64::from(smoothing);
                    let of_label = f64::from(u8::from(class == labels[row] as usize));
                    let target = (1.0 - smoothing) * of_label + smoothing / classes as f64;
                    loss -= target * p.ln() / rows as f64;
                    gradient.push((p - target) * 1.0 / rows as f64);
                }
            }
            let g = CrossEntropy {
                rows,
                classes,
                smoothing,
            };
            let (got_loss, got_gradient) = cross_entropy(arena, &g, &z, &labels).unwrap();
            assert_close(&got_loss, &[loss], 1e-6);
            let scale = |x: f64| x * rows as f64;
            let scaled: Vec<f32> = got_gradient
                .iter()
                .map(|&x| scale(f64::from(x)) as f32)
                .collect();
            let gradient: Vec<f64> = gradient.into_iter().map(scale).collect();
            assert_close(&scaled, &gradient, 1e-6);
        }
    });
}

/// python: log(e^1 + e^2 + e^3) - 3 is 0.40760597; with s = 0.1 the label's share is 0.9 + 0.1 / 3, and
/// log(e^1 + e^2 + e^3) - 0.9 * 3 - 0.1 / 3 * (1 + 2 + 3) is 0.50760597.
#[test]
fn label_smoothing_is_that_of_the_common_frameworks() {
    on_every_isa(|arena| {
        for (smoothing, expected) in [(0.0, 0.407_605_97), (0.1, 0.507_605_97)] {
            let g = CrossEntropy {
                rows: 1,
                classes: 3,
                smoothing,
            };
            let (loss, _) = cross_entropy(arena, &g, &[1.0, 2.0, 3.0], &[2]).unwrap();
            assert_close(&loss, &[expected], 1e-7);
        }
    });
}

#[test]
fn a_label_that_is_no_class_is_refused() {
    on_every_isa(|arena| {
        let g = CrossEntropy {
            rows: 2,
            classes: 3,
            smoothing: 0.0,
        };
        for (label, magnitude) in [(3, 3), (-1, 1), (i32::MIN, 1 << 31)] {
            let error = cross_entropy(arena, &g, &values(6, 1), &[0, label]).unwrap_err();
            assert!(
                matches!(error, Error::Geometry { value, .. } if value == magnitude),
                "{error}"
            );
        }
    });
}
