//! Kernels behind quantisers merged into one, and the way back: against plain loops and the composition.

use crate::fixture::{F32, assert_close, buffer, on_every_isa, read, result, scratch, values};
use radars_tensor::{Backend, Buffer, Cpu, FixedPoint, KernelMerge, KernelTerm, Mut, Op, compose};

/// Coefficients, of which the terms use some, in another order.
const C: [f32; 6] = [0.3, -1.25, 0.0, 2.0, 0.7, 0.15];

pub fn terms() -> [KernelTerm; 4] {
    let term = |coefficient, side, format| KernelTerm {
        coefficient,
        side,
        format,
    };
    [
        term(3, 3, Some(FixedPoint::signed(1, 3))),
        term(0, 5, None),
        term(5, 1, Some(FixedPoint::signed(3, 1))),
        term(4, 5, Some(FixedPoint::signed(1, 6))),
    ]
}

const SIZES: [(usize, usize, usize); 4] = [(1, 5, 1), (3, 7, 5), (16, 5, 16), (64, 5, 40)];

/// For every element of a term: where it is in the merged kernel.
fn places(g: &KernelMerge<'_>, term: &KernelTerm) -> Vec<usize> {
    let (k, margin) = (term.side, (g.side - term.side) / 2);
    let mut places = Vec::new();
    for o in 0..g.out_channels {
        for (u, v) in (0..k).flat_map(|u| (0..k).map(move |v| (u, v))) {
            for c in 0..g.in_channels {
                let row = (o * g.side + u + margin) * g.side + v + margin;
                places.push(row * g.in_channels + c);
            }
        }
    }
    places
}

#[test]
fn merged_kernels_equal_plain_loops_and_the_composition_to_the_bit() {
    on_every_isa(|arena| {
        for (out_channels, side, in_channels) in SIZES {
            let terms = terms();
            let g = KernelMerge {
                out_channels,
                side,
                in_channels,
                terms: &terms,
            };
            let kernel = |m: usize| values(g.embedding(&terms[m]).small_elements(), m as u64);
            let kernels: Vec<Vec<f32>> = (0..terms.len()).map(kernel).collect();
            let mut expected = vec![0.0; g.elements()];
            for (term, kernel) in terms.iter().zip(&kernels) {
                for (place, &w) in places(&g, term).into_iter().zip(kernel) {
                    let w = term.format.map_or(w, |format| format.quantise(w));
                    expected[place] += f64::from(C[term.coefficient]) * f64::from(w);
                }
            }
            let (backend, c) = (arena.backend(), buffer(arena, &C));
            let kernels: Vec<_> = kernels.iter().map(|k| buffer(arena, k)).collect();
            let views: Vec<_> = kernels.iter().map(Buffer::view).collect();
            let (mut own, mut composed) =
                (result(arena, g.elements()), result(arena, g.elements()));
            let op = Op::MergeKernels(g);
            let mut space = scratch(arena, &op);
            backend
                .merge_kernels(&g, c.view(), &views, own.view_mut(), space.view_mut())
                .unwrap();
            let bytes = compose::scratch_bytes::<Cpu>(&backend.spec(), &op);
            let mut space = arena.allocate("test", bytes).unwrap();
            let out = composed.view_mut();
            compose::merge_kernels(backend, &g, c.view(), &views, out, space.view_mut()).unwrap();
            assert_close(&read(&own), &expected, 1e-6);
            assert_eq!(read::<u32>(&own), read::<u32>(&composed));
        }
    });
}

#[test]
fn gradients_of_merged_kernels_equal_plain_loops_and_those_not_asked_for_stay() {
    on_every_isa(|arena| {
        for (out_channels, side, in_channels) in SIZES {
            let terms = terms();
            let g = KernelMerge {
                out_channels,
                side,
                in_channels,
                terms: &terms,
            };
            let kernel = |m: usize| values(g.embedding(&terms[m]).small_elements(), m as u64);
            let kernels: Vec<Vec<f32>> = (0..terms.len()).map(kernel).collect();
            let d = values(g.elements(), 9);
            let (mut dw, mut dc) = (Vec::new(), vec![f64::NAN; C.len()]);
            for (term, kernel) in terms.iter().zip(&kernels) {
                let places = places(&g, term);
                let d = |i: usize| f64::from(d[places[i]]);
                let quantised = |w: f32| term.format.map_or(w, |format| format.quantise(w));
                let passes = |w: f32| term.format.is_none_or(|format| format.passes(w));
                let gradient = |(i, &w): (usize, &f32)| match passes(w) {
                    true => f64::from(C[term.coefficient]) * d(i),
                    false => 0.0,
                };
                dw.push(kernel.iter().enumerate().map(gradient).collect::<Vec<_>>());
                let products = kernel.iter().enumerate();
                let products = products.map(|(i, &w)| d(i) * f64::from(quantised(w)));
                dc[term.coefficient] = products.sum();
            }
            let (backend, c, d) = (arena.backend(), buffer(arena, &C), buffer(arena, &d));
            let kernels: Vec<_> = kernels.iter().map(|k| buffer(arena, k)).collect();
            let views: Vec<_> = kernels.iter().map(Buffer::view).collect();
            let op = Op::MergeKernelsBackward(g);
            let bytes = compose::scratch_bytes::<Cpu>(&backend.spec(), &op);
            for composed in [false, true] {
                for (want_dw, want_dc) in [(true, true), (true, false), (false, true)] {
                    let mut out: Vec<_> = dw.iter().map(|dw| result(arena, dw.len())).collect();
                    let mut got_dc = result(arena, C.len());
                    // The second kernel is never asked for.
                    let asked = |(m, out)| (want_dw && m != 1).then(|| Buffer::view_mut(out));
                    let mut asked: Vec<Option<Mut<'_, Cpu>>> =
                        out.iter_mut().enumerate().map(asked).collect();
                    let dc_view = want_dc.then(|| got_dc.view_mut());
                    let (c, d) = (c.view(), d.view());
                    if composed {
                        let mut space = arena.allocate("test", bytes).unwrap();
                        let space = space.view_mut();
                        compose::merge_kernels_backward(
                            backend, &g, c, &views, d, &mut asked, dc_view, space,
                        )
                    } else {
                        let mut space = scratch(arena, &op);
                        let space = space.view_mut();
                        backend.merge_kernels_backward(&g, c, &views, d, &mut asked, dc_view, space)
                    }
                    .unwrap();
                    drop(asked);
                    for (m, (out, dw)) in out.iter().zip(&dw).enumerate() {
                        match want_dw && m != 1 {
                            true => assert_close(&read(out), dw, 1e-6),
                            false => assert!(read::<f32>(out).iter().all(|x| x.is_nan())),
                        }
                    }
                    for (m, (got, expected)) in read::<f32>(&got_dc).iter().zip(&dc).enumerate() {
                        match want_dc && terms.iter().any(|term| term.coefficient == m) {
                            true => assert_close(&[*got], &[*expected], 1e-5),
                            false => assert!(got.is_nan()),
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn merges_that_do_not_fit_are_refused() {
    on_every_isa(|arena| {
        let refused = |coefficient, side, kernels: usize| {
            let format = None;
            let terms = [KernelTerm {
                coefficient,
                side,
                format,
            }];
            let g = KernelMerge {
                out_channels: 1,
                side: 3,
                in_channels: 1,
                terms: &terms,
            };
            let (c, mut merged) = (buffer(arena, &C), result(arena, 9));
            let kernel = buffer(arena, &values(9, 1));
            let views = vec![kernel.view().slice(0..side * side * F32); kernels];
            let mut space = scratch(arena, &Op::MergeKernels(g));
            let out = merged.view_mut();
            let got = (arena.backend()).merge_kernels(&g, c.view(), &views, out, space.view_mut());
            got.unwrap_err().to_string()
        };
        assert!(refused(6, 3, 1).contains("the index of a coefficient is 6"));
        assert!(refused(0, 2, 1).contains("the side of a kernel is 2"));
        assert!(refused(0, 1, 2).contains("the number of kernels is 2"));
    });
}
