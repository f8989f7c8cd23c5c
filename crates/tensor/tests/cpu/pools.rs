//! Pooling and its gradient.

use crate::fixture::{assert_close, buffer, on_every_isa, read, result, values};
use radars_tensor::{Arena, Backend, Cpu, Error, Pool2d, PoolKind};

fn cases() -> Vec<Pool2d> {
    let mut cases = Vec::new();
    for kind in [PoolKind::Max, PoolKind::Average] {
        for (batch, input, kernel, stride, padding) in [
            (2, [5, 7, 3], 2, 2, 0),
            (1, [6, 6, 17], 3, 2, 1),
            (3, [4, 4, 1], 4, 1, 0),
            (5, [16, 16, 130], 3, 1, 2),
        ] {
            cases.push(Pool2d {
                kind,
                batch,
                input,
                kernel,
                stride,
                padding,
            });
        }
    }
    cases
}

/// Index of the input pixel's channel for every window and tap inside the image, in row order.
fn windows(g: &Pool2d) -> Vec<Vec<usize>> {
    let ([h, w, c], [ho, wo, _]) = (g.input, g.output());
    let mut windows = Vec::new();
    for image in 0..g.batch {
        for oy in 0..ho {
            for ox in 0..wo {
                for channel in 0..c {
                    let mut taps = Vec::new();
                    for ky in 0..g.kernel {
                        for kx in 0..g.kernel {
                            let (y, x) = (oy * g.stride + ky, ox * g.stride + kx);
                            if (g.padding..g.padding + h).contains(&y)
                                && (g.padding..g.padding + w).contains(&x)
                            {
                                let (y, x) = (y - g.padding, x - g.padding);
                                taps.push(((image * h + y) * w + x) * c + channel);
                            }
                        }
                    }
                    windows.push(taps);
                }
            }
        }
    }
    windows
}

/// Few distinct values, so that many windows have several largest ones.
fn input(g: &Pool2d) -> Vec<f32> {
    let n = g.batch * g.input.iter().product::<usize>();
    values(n, 1)
        .iter()
        .map(|x| (2.0 * x).round() - 10.0)
        .collect()
}

#[test]
fn pooling_equals_plain_loops() {
    on_every_isa(|arena| {
        for g in cases() {
            let x = input(&g);
            let expected: Vec<f64> = windows(&g)
                .iter()
                .map(|taps| {
                    let values = taps.iter().map(|&tap| f64::from(x[tap]));
                    match g.kind {
                        PoolKind::Max => values.fold(f64::NEG_INFINITY, f64::max),
                        PoolKind::Average => values.sum::<f64>() / taps.len() as f64,
                    }
                })
                .collect();
            let (x, mut y) = (buffer(arena, &x), result(arena, expected.len()));
            arena.backend().pool2d(&g, x.view(), y.view_mut()).unwrap();
            assert_close(&read(&y), &expected, 1e-6);
        }
    });
}

#[test]
fn the_gradient_goes_to_the_first_largest_or_to_all_alike() {
    on_every_isa(|arena| {
        for g in cases() {
            let x = input(&g);
            let windows = windows(&g);
            let dy = values(windows.len(), 2);
            let mut expected = vec![0.0; x.len()];
            for (taps, &dy) in windows.iter().zip(&dy) {
                match g.kind {
                    PoolKind::Max => {
                        let mut first = taps[0];
                        for &tap in taps {
                            if x[tap] > x[first] {
                                first = tap;
                            }
                        }
                        expected[first] += f64::from(dy);
                    }
                    PoolKind::Average => {
                        for &tap in taps {
                            expected[tap] += f64::from(dy) / taps.len() as f64;
                        }
                    }
                }
            }
            assert_close(&backward(arena, &g, &x, &dy), &expected, 1e-6);
        }
    });
}

fn backward(arena: &Arena<Cpu>, g: &Pool2d, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let mut dx = result(arena, x.len());
    let (x, dy) = (buffer(arena, x), buffer(arena, dy));
    arena
        .backend()
        .pool2d_backward(g, x.view(), dy.view(), dx.view_mut())
        .unwrap();
    read(&dx)
}

#[test]
fn a_window_that_could_lie_in_the_border_is_refused() {
    on_every_isa(|arena| {
        let g = Pool2d {
            padding: 2,
            ..cases()[0]
        };
        let (x, mut y) = (buffer(arena, &input(&g)), result(arena, 1));
        let error = arena
            .backend()
            .pool2d(&g, x.view(), y.view_mut())
            .unwrap_err();
        assert!(matches!(
            error,
            Error::Geometry {
                what: "the padding",
                value: 2,
                ..
            }
        ));
    });
}
