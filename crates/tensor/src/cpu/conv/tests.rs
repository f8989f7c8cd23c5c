//! Convolutions against plain loops in f64, over geometries, instruction sets and numbers of threads.

use super::*;
use crate::random::Seed;
use crate::{Conv2dOptions, Isa};
use rand::RngExt;

/// `[batch, h, w, ci, co, kernel, stride, padding, groups]`.
type Sizes = [usize; 9];

/// Both ends of every branch: 1x1 to 7x7, strides that do and do not divide, pixels that no tap reaches,
/// channels below, at and between the widths of the tiles, groups, depthwise with and without multiplier,
/// several chunks of pixels, more of them than lines.
const GEOMETRIES: [Sizes; 47] = [
    [1, 1, 1, 1, 1, 1, 1, 0, 1],
    [1, 5, 5, 3, 5, 3, 1, 1, 1],
    [2, 8, 8, 3, 64, 3, 1, 1, 1],
    [3, 9, 7, 1, 16, 5, 1, 2, 1],
    [2, 9, 9, 1, 48, 7, 2, 3, 1],
    [4, 8, 8, 64, 32, 3, 1, 1, 1],
    [3, 8, 8, 32, 64, 3, 2, 1, 1],
    [2, 7, 9, 32, 32, 3, 2, 1, 1],
    [1, 11, 13, 16, 48, 5, 3, 2, 1],
    [1, 9, 9, 16, 16, 7, 1, 3, 1],
    [2, 6, 6, 48, 16, 1, 1, 0, 1],
    [2, 7, 7, 32, 16, 1, 2, 0, 1],
    [2, 10, 10, 16, 32, 2, 3, 0, 1],
    [1, 12, 5, 64, 96, 4, 2, 3, 1],
    [5, 4, 4, 24, 40, 3, 1, 1, 1],
    [5, 4, 4, 17, 31, 3, 1, 2, 1],
    [2, 5, 6, 8, 9, 3, 2, 1, 1],
    [9, 2, 2, 8, 7, 3, 1, 1, 1],
    [2, 3, 3, 5, 33, 3, 1, 4, 1],
    [1, 16, 16, 12, 20, 9, 1, 4, 1],
    [1, 8, 8, 256, 32, 3, 1, 1, 1],
    [2, 8, 8, 32, 64, 3, 1, 1, 2],
    [2, 7, 7, 12, 18, 3, 2, 1, 3],
    [1, 6, 6, 96, 48, 5, 1, 2, 3],
    [2, 6, 6, 8, 8, 3, 1, 1, 4],
    [2, 9, 9, 16, 16, 3, 1, 1, 16],
    [2, 9, 8, 19, 19, 5, 2, 2, 19],
    [3, 7, 7, 6, 18, 3, 2, 1, 6],
    [1, 8, 8, 4, 8, 3, 3, 0, 4],
    [40, 16, 16, 3, 18, 3, 1, 1, 1],
    [36, 12, 12, 16, 24, 3, 1, 1, 1],
    [33, 12, 12, 32, 32, 1, 1, 0, 1],
    [36, 12, 12, 5, 5, 3, 1, 1, 5],
    [130, 8, 8, 8, 8, 3, 1, 1, 2],
    [1, 1, 4200, 16, 8, 3, 1, 1, 1],
    [1, 2, 9000, 3, 8, 3, 1, 1, 1],
    [19, 8, 8, 32, 48, 3, 1, 1, 1],
    [2, 16, 16, 48, 32, 3, 1, 1, 1],
    [3, 7, 12, 32, 64, 3, 1, 1, 1],
    [33, 4, 4, 64, 32, 3, 1, 1, 1],
    [2, 20, 21, 40, 40, 7, 1, 3, 40],
    [1, 7, 7, 150, 150, 7, 1, 3, 150],
    [2, 13, 26, 130, 130, 5, 2, 2, 130],
    [3, 9, 30, 33, 33, 9, 1, 4, 33],
    [1, 12, 17, 64, 64, 4, 3, 1, 64],
    [17, 12, 13, 70, 70, 3, 1, 1, 70],
    [2, 6, 8, 24, 24, 3, 1, 4, 24],
];

fn geometry([batch, h, w, ci, co, kernel, stride, padding, groups]: Sizes) -> Conv2d {
    let options = Conv2dOptions {
        stride,
        padding,
        groups,
    };
    Conv2d::new(batch, [h, w, ci], co, kernel, options).unwrap()
}

/// Geometries drawn at random, of a size that a test can afford.
fn random_geometries() -> impl Iterator<Item = Conv2d> {
    let mut draw = Seed(20).stream("conv geometries", 0);
    std::iter::repeat_with(move || {
        let groups = [1, 1, 1, 2, 3][draw.random_range(0..5)];
        let options = Conv2dOptions {
            stride: draw.random_range(1..=4),
            padding: draw.random_range(0..=4),
            groups,
        };
        // Less than half a stack, a stack with rows left over, and more than one.
        let batch = draw.random_range(1..=9);
        let input = [
            draw.random_range(1..=12),
            draw.random_range(1..=12),
            groups * draw.random_range(1..=40),
        ];
        let channels = groups * draw.random_range(1..=40);
        Conv2d::new(batch, input, channels, draw.random_range(1..=7), options)
    })
    .filter_map(|geometry| geometry.ok())
    .take(60)
}

fn values(purpose: &str, len: usize) -> Vec<f32> {
    let mut draw = Seed(21).stream(purpose, 0);
    (0..len).map(|_| draw.random_range(-1.0..1.0)).collect()
}

/// Calls `visit(x, w, y)` with the indices of every product of the convolution.
pub(super) fn products(g: &Conv2d, mut visit: impl FnMut(usize, usize, usize)) {
    let ([h, w, ci], [ho, wo, co]) = (g.input, g.output);
    let (depth, lanes) = (ci / g.groups, co / g.groups);
    for (n, oh, ow) in (0..g.batch * ho * wo).map(|p| (p / (ho * wo), p / wo % ho, p % wo)) {
        for (kh, kw) in (0..g.kernel * g.kernel).map(|t| (t / g.kernel, t % g.kernel)) {
            let (ih, iw) = (oh * g.stride + kh, ow * g.stride + kw);
            if ih < g.padding || ih >= h + g.padding || iw < g.padding || iw >= w + g.padding {
                continue;
            }
            let x = ((n * h + ih - g.padding) * w + iw - g.padding) * ci;
            for o in 0..co {
                for d in 0..depth {
                    let filter = ((o * g.kernel + kh) * g.kernel + kw) * depth;
                    let y = ((n * ho + oh) * wo + ow) * co;
                    visit(x + o / lanes * depth + d, filter + d, y + o);
                }
            }
        }
    }
}

/// x, w, dy at random with the references of y, dx, dw.
struct Case {
    inputs: [Vec<f32>; 3],
    expected: [Vec<f64>; 3],
}

impl Case {
    fn new(g: &Conv2d) -> Self {
        let x = values("x", g.input_elements());
        let w = values("w", g.weight_elements());
        let dy = values("dy", g.output_elements());
        let [mut y, mut dx, mut dw] = [&dy, &x, &w].map(|like| vec![0f64; like.len()]);
        products(g, |i, j, o| {
            y[o] += f64::from(x[i]) * f64::from(w[j]);
            dx[i] += f64::from(dy[o]) * f64::from(w[j]);
            dw[j] += f64::from(dy[o]) * f64::from(x[i]);
        });
        Case {
            inputs: [x, w, dy],
            expected: [y, dx, dw],
        }
    }

    /// y, dx, dw by the backend, with outputs and exactly sized scratch full of NaN before.
    fn run(&self, cpu: &Cpu, g: &Conv2d) -> [Vec<f32>; 3] {
        let [x, w, dy] = &self.inputs;
        let scratch = |op| vec![f32::NAN; scratch_bytes(&cpu.spec, &op) / 4];
        let [mut y, mut dx, mut dw] = [dy, x, w].map(|like| vec![f32::NAN; like.len()]);
        fprop(cpu, g, x, w, &mut y, &mut scratch(Op::Conv2dFprop(*g))).unwrap();
        dgrad(cpu, g, dy, w, &mut dx, &mut scratch(Op::Conv2dDgrad(*g))).unwrap();
        wgrad(cpu, g, x, dy, &mut dw, &mut scratch(Op::Conv2dWgrad(*g))).unwrap();
        [y, dx, dw]
    }
}

fn backends(threads: usize) -> Vec<Cpu> {
    for isa in Isa::ALL.into_iter().filter(|isa| !isa.is_available()) {
        eprintln!("SKIPPED: this machine has no {isa}, its convolutions are not tested");
    }
    Isa::available()
        .map(|isa| Cpu::with_isa(threads, isa).unwrap())
        .collect()
}

fn agrees(cpu: &Cpu, g: &Conv2d) {
    let case = Case::new(g);
    let got = case.run(cpu, g);
    for ((name, got), expected) in ["y", "dx", "dw"].iter().zip(&got).zip(&case.expected) {
        // Values lie in (-1, 1): n products sum to about the root of n, and n roundings of such sums, at
        // 2^-24 each, to something below n / 2^24. A misplaced product is off by 0.1.
        let sums = (g.macs() as f64 / expected.len() as f64).max(1.0);
        // Transforms of tiles have sums of their own, with factors of up to 8, and lose two bits.
        let transformed = *name != "y" && by_winograd(cpu, g);
        let factor = if transformed { 4.0 } else { 1.0 };
        let bound = factor * (2e-6 * sums.sqrt() + 6e-8 * sums);
        for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
            assert!(
                (f64::from(*got) - expected).abs() <= bound,
                "{:?}: {name}[{index}] of {g:?} is {got}, not {expected}",
                cpu.spec.isa
            );
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn by_winograd(cpu: &Cpu, g: &Conv2d) -> bool {
    Path::of_gradient(&cpu.spec, g) == Path::Winograd
}

#[cfg(not(target_arch = "x86_64"))]
fn by_winograd(_: &Cpu, _: &Conv2d) -> bool {
    false
}

/// Of a gradient as a whole the error is what a sum of so many products of f32 may have: 2^-24 times the
/// root of some hundreds of products, and three bits for the transforms.
#[test]
fn transformed_tiles_lose_few_bits() {
    for sizes in [
        [8, 16, 16, 64, 128, 3, 1, 1, 1],
        [8, 8, 8, 128, 64, 3, 1, 1, 1],
    ] {
        let g = geometry(sizes);
        let case = Case::new(&g);
        for cpu in backends(2) {
            let got = case.run(&cpu, &g);
            for (index, name) in [(1, "dx"), (2, "dw")] {
                let pairs = got[index].iter().zip(&case.expected[index]);
                let (error, norm) = pairs.fold((0.0, 0.0), |(error, norm), (got, expected)| {
                    let difference = f64::from(*got) - expected;
                    (error + difference * difference, norm + expected * expected)
                });
                let relative = f64::sqrt(error / norm);
                assert!(relative < 4e-6, "{:?}: {name} {relative:e}", cpu.spec.isa);
            }
        }
    }
}

#[test]
fn listed_geometries_agree_with_plain_loops() {
    for cpu in backends(2) {
        for sizes in GEOMETRIES {
            agrees(&cpu, &geometry(sizes));
        }
    }
}

#[test]
fn random_geometries_agree_with_plain_loops() {
    for cpu in backends(2) {
        for g in random_geometries() {
            agrees(&cpu, &g);
        }
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let bits = |cpu: &Cpu, g: &Conv2d| {
        Case::new(g)
            .run(cpu, g)
            .map(|v| v.into_iter().map(f32::to_bits).collect::<Vec<_>>())
    };
    for sizes in GEOMETRIES {
        let g = geometry(sizes);
        let one = backends(1)
            .iter()
            .map(|cpu| bits(cpu, &g))
            .collect::<Vec<_>>();
        for threads in [2, 3] {
            let more = backends(threads)
                .iter()
                .map(|cpu| bits(cpu, &g))
                .collect::<Vec<_>>();
            assert!(one == more, "{g:?} on {threads} threads");
        }
    }
}

/// One thread runs everything on the caller's, whose requests are counted. The matrix products of the
/// portable path are left out: gemm packs on the heap.
#[test]
fn nothing_is_allocated_on_the_heap() {
    for cpu in backends(1) {
        for g in GEOMETRIES.map(geometry) {
            if Path::of(&cpu.spec, &g) == Path::Im2col {
                continue;
            }
            let [x, w, dy] = Case::new(&g).inputs;
            let [mut y, mut dx, mut dw] = [dy.clone(), x.clone(), w.clone()];
            let scratch = |op| vec![0f32; scratch_bytes(&cpu.spec, &op) / 4];
            let mut spaces =
                [Op::Conv2dFprop(g), Op::Conv2dDgrad(g), Op::Conv2dWgrad(g)].map(scratch);
            let requests = allocation_counter::measure(|| {
                fprop(&cpu, &g, &x, &w, &mut y, &mut spaces[0]).unwrap();
                dgrad(&cpu, &g, &dy, &w, &mut dx, &mut spaces[1]).unwrap();
                wgrad(&cpu, &g, &x, &dy, &mut dw, &mut spaces[2]).unwrap();
            });
            assert_eq!(requests.count_total, 0, "{:?}: {g:?}", cpu.spec.isa);
        }
    }
}

/// Windows of side 2 that are 3 apart cover the rows 0, 1, 3 and 4 of 5.
#[test]
fn pixels_that_no_tap_reaches_have_no_gradient() {
    let g = geometry([1, 5, 5, 16, 16, 2, 3, 0, 1]);
    let case = Case::new(&g);
    for cpu in backends(1) {
        let [_, dx, _] = case.run(&cpu, &g);
        assert!(dx[2 * 5 * 16..3 * 5 * 16].iter().all(|&v| v == 0.0));
        assert!(dx[3 * 5 * 16..][..16].iter().all(|&v| v != 0.0));
    }
}

#[test]
fn every_operand_of_a_wrong_length_is_an_error() {
    let length = |result: Result<()>| match result {
        Err(Error::Length {
            operand,
            expected,
            got,
            ..
        }) => (operand, expected, got),
        other => panic!("no length error but {other:?}"),
    };
    for cpu in backends(1) {
        for sizes in [
            [1, 5, 5, 32, 32, 3, 1, 1, 1],
            [8, 16, 32, 3, 16, 3, 1, 1, 1],
            [2, 5, 5, 4, 4, 3, 1, 1, 4],
        ] {
            let g = geometry(sizes);
            let [x, w, y] = [g.input_elements(), g.weight_elements(), g.output_elements()];
            let wanted = |op| scratch_bytes(&cpu.spec, &op);
            let fprop = |x, w, y, s: usize| {
                length(fprop(
                    &cpu,
                    &g,
                    &vec![0.0; x],
                    &vec![0.0; w],
                    &mut vec![0.0; y],
                    &mut vec![0.0; s],
                ))
            };
            let s = wanted(Op::Conv2dFprop(g));
            assert_eq!(fprop(x - 1, w, y, s / 4), ("x", 4 * x, 4 * x - 4));
            assert_eq!(fprop(x, w + 1, y, s / 4), ("w", 4 * w, 4 * w + 4));
            assert_eq!(fprop(x, w, y - 1, s / 4), ("y", 4 * y, 4 * y - 4));
            assert_eq!(fprop(x, w, y, s / 4 - 1), ("scratch", s, s - 4));
            let s = wanted(Op::Conv2dDgrad(g));
            let got = dgrad(
                &cpu,
                &g,
                &vec![0.0; y],
                &vec![0.0; w],
                &mut vec![0.0; x],
                &mut vec![0.0; s / 4 - 1],
            );
            assert_eq!(length(got), ("scratch", s, s - 4));
            if let s @ 1.. = wanted(Op::Conv2dWgrad(g)) {
                let got = wgrad(
                    &cpu,
                    &g,
                    &vec![0.0; x],
                    &vec![0.0; y],
                    &mut vec![0.0; w],
                    &mut vec![0.0; s / 4 - 1],
                );
                assert_eq!(length(got), ("scratch", s, s - 4));
            }
        }
    }
}
