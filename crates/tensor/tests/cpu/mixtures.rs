//! Mixtures of tensors, of quantised values and of kernels.

use crate::fixture::{
    F32, assert_close, buffer, on_every_isa, read, result, scratch, values, wide,
};
use radars_tensor::{Backend, Coefficient, Embedding, FixedPoint, Op};

pub fn formats() -> [FixedPoint; 6] {
    [(1, 1), (1, 3), (1, 6), (3, 1), (3, 3), (3, 6)].map(|(i, f)| FixedPoint::signed(i, f))
}

const SIZES: [usize; 5] = [1, 17, 1025, 16_385, 50_001];

#[test]
fn mixtures_of_tensors_equal_plain_loops() {
    on_every_isa(|arena| {
        for n in SIZES {
            let p = [0.5f32, -1.25, 3.0];
            let terms = [1, 2, 3].map(|seed| values(n, seed));
            let expected: Vec<f64> = (0..n)
                .map(|i| {
                    p.iter()
                        .zip(&terms)
                        .map(|(&p, t)| f64::from(p) * f64::from(t[i]))
                        .sum()
                })
                .collect();
            let terms = terms.map(|t| buffer(arena, &t));
            let views: Vec<_> = terms.iter().map(|t| t.view()).collect();
            let (p, mut y) = (buffer(arena, &p), result(arena, n));
            arena.backend().mix(p.view(), &views, y.view_mut()).unwrap();
            assert_close(&read(&y), &expected, 1e-6);
        }
    });
}

#[test]
fn mixtures_of_quantised_values_and_their_gradients_equal_plain_loops() {
    let formats = formats();
    let p = [0.3f32, 0.05, 1.5, -0.2, 0.25, 0.1];
    on_every_isa(|arena| {
        for n in SIZES {
            let x: Vec<f32> = values(n, 1).iter().map(|x| 3.0 * x).collect();
            let dy = values(n, 2);
            let mixed = |i: usize, f: &dyn Fn(FixedPoint, f32) -> f64| -> f64 {
                formats
                    .iter()
                    .zip(p)
                    .map(|(&format, p)| f64::from(p) * f(format, x[i]))
                    .sum()
            };
            let y: Vec<f64> = (0..n)
                .map(|i| mixed(i, &|q, x| f64::from(q.quantise(x))))
                .collect();
            let dx: Vec<f64> = (0..n)
                .map(|i| f64::from(dy[i]) * mixed(i, &|q, x| f64::from(u8::from(q.passes(x)))))
                .collect();
            let dp: Vec<f64> = formats
                .iter()
                .map(|q| {
                    (0..n)
                        .map(|i| f64::from(dy[i]) * f64::from(q.quantise(x[i])))
                        .sum()
                })
                .collect();

            let [x, dy, p] = [&x[..], &dy, &p].map(|v| buffer(arena, v));
            let backend = arena.backend();
            let mut got = result(arena, n);
            let mut space = scratch(arena, &Op::MixQuantised(&formats, n));
            backend
                .mix_quantised(
                    &formats,
                    p.view(),
                    x.view(),
                    got.view_mut(),
                    space.view_mut(),
                )
                .unwrap();
            assert_close(&read(&got), &y, 2e-6);

            let mut space = scratch(arena, &Op::MixQuantisedBackward(&formats, n));
            for (want_dx, want_dp) in [(true, true), (true, false), (false, true)] {
                let (mut got_dx, mut got_dp) = (result(arena, n), result(arena, formats.len()));
                let dx_view = want_dx.then(|| got_dx.view_mut());
                let dp_view = want_dp.then(|| got_dp.view_mut());
                backend
                    .mix_quantised_backward(
                        &formats,
                        p.view(),
                        x.view(),
                        dy.view(),
                        dx_view,
                        dp_view,
                        space.view_mut(),
                    )
                    .unwrap();
                match want_dx {
                    true => assert_close(&read(&got_dx), &dx, 2e-6),
                    false => assert!(read::<f32>(&got_dx).iter().all(|x| x.is_nan())),
                }
                match want_dp {
                    true => assert_close(&read(&got_dp), &dp, 2e-5),
                    false => assert!(read::<f32>(&got_dp).iter().all(|x| x.is_nan())),
                }
            }
        }
    });
}

#[test]
fn kernels_are_embedded_in_the_middle_and_cropped_from_there() {
    on_every_isa(|arena| {
        for (out_channels, small, large, in_channels) in
            [(2, 1, 3, 1), (3, 3, 7, 5), (4, 5, 5, 16), (64, 3, 5, 64)]
        {
            let g = Embedding {
                out_channels,
                small,
                large,
                in_channels,
            };
            let (s, l) = (values(g.small_elements(), 1), values(g.large_elements(), 2));
            let (mut embedded, mut cropped) = (wide(&l), Vec::new());
            for co in 0..out_channels {
                for y in 0..small {
                    for x in 0..small {
                        for ci in 0..in_channels {
                            let (ly, lx) = (y + (large - small) / 2, x + (large - small) / 2);
                            let at = ((co * large + ly) * large + lx) * in_channels + ci;
                            embedded[at] += 0.75
                                * f64::from(s[((co * small + y) * small + x) * in_channels + ci]);
                            cropped.push(l[at]);
                        }
                    }
                }
            }
            let (s_view, mut l_view) = (buffer(arena, &s), buffer(arena, &l));
            let mut crop = result(arena, s.len());
            let backend = arena.backend();
            backend
                .crop_kernel(&g, l_view.view(), crop.view_mut())
                .unwrap();
            assert_eq!(read::<f32>(&crop), cropped);
            let half = buffer(arena, &[0.0f32, 0.75]);
            let c = Coefficient::Element(half.view().slice(F32..2 * F32));
            backend
                .embed_kernel(&g, c, s_view.view(), l_view.view_mut())
                .unwrap();
            assert_close(&read(&l_view), &embedded, 1e-6);
        }
    });
}
