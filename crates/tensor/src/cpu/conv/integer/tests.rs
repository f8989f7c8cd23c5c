//! Convolutions in integers against plain loops in i64, and against the f32 kernels where those are exact.

use super::*;
use crate::random::{Seed, Stream};
use crate::{Conv2dOptions, CpuSpec, Isa, Op, Values};
use rand::RngExt;

/// Both forms of cells, codes of every width from 1 bit to what a cell takes.
fn random_formats(draw: &mut Stream) -> (FixedPoint, FixedPoint) {
    let mut format = |signed, widest| {
        let width = draw.random_range(1..=widest);
        let fraction = draw.random_range(0..=width);
        FixedPoint {
            signed,
            integer: width - fraction,
            fraction,
        }
    };
    match format(true, 4).width() {
        1 => (format(false, 8), format(true, 8)),
        2 => (format(false, 8), format(false, 7)),
        3 => (format(true, 16), format(true, 16)),
        _ => (format(false, 9), format(true, 9)),
    }
}

/// Geometries and formats drawn at random that are computed in integers: batches below, at and between the
/// rows of a tile, channels that do and do not fill cells and tiles, windows that leave the image.
fn cases() -> impl Iterator<Item = (Conv2d, ConvValues)> {
    let mut draw = Seed(22).stream("integer convolutions", 0);
    std::iter::repeat_with(move || {
        let groups = [1, 1, 1, 2, 3][draw.random_range(0..5)];
        let options = Conv2dOptions {
            stride: draw.random_range(1..=3),
            padding: draw.random_range(0..=4),
            groups,
        };
        let batch = draw.random_range(1..=19);
        let sizes = [draw.random_range(1..=11), draw.random_range(1..=11)];
        let input = [sizes[0], sizes[1], groups * draw.random_range(1..=20)];
        let channels = groups * draw.random_range(FEWEST_LANES..=70);
        let kernel = draw.random_range(1..=7);
        let g = Conv2d::new(batch, input, channels, kernel, options);
        let (x, w) = random_formats(&mut draw);
        let of = |format, draws: bool| match draws {
            true => Values::Quantise(format),
            false => Values::OnGrid(format),
        };
        let values = ConvValues {
            x: of(x, draw.random()),
            w: of(w, draw.random()),
        };
        g.ok().map(|g| (g, values))
    })
    .flatten()
    .filter(|(g, values)| Integer::new(g, *values).is_some())
    .take(120)
}

/// Values around the format's range; on its grid where they are said to be.
fn operand(purpose: &str, len: usize, values: Values) -> Vec<f32> {
    let format = values.format().unwrap();
    let (lo, hi) = format.code_range();
    let range = 1.2 * lo - 1.0..1.2 * hi + 1.0;
    let mut draw = Seed(23).stream(purpose, 0);
    let mut value = || draw.random_range(range.clone()) * format.step();
    let value = |_| match values {
        Values::Quantise(_) => value(),
        _ => format.quantise(value()),
    };
    (0..len).map(value).collect()
}

fn operands(g: &Conv2d, values: ConvValues) -> [Vec<f32>; 2] {
    [
        operand("x", g.input_elements(), values.x),
        operand("w", g.weight_elements(), values.w),
    ]
}

/// The sums in i64, as the definition has them.
fn sums(g: &Conv2d, values: ConvValues, [x, w]: &[Vec<f32>; 2]) -> Vec<i64> {
    let codes = |operand: &[f32], values: Values| -> Vec<i64> {
        let format = values.format().unwrap();
        let code = |&value| (format.quantise(value) * format.scale()) as i64;
        operand.iter().map(code).collect()
    };
    let (x, w) = (codes(x, values.x), codes(w, values.w));
    let mut sums = vec![0; g.output_elements()];
    super::super::tests::products(g, |i, j, o| sums[o] += x[i] * w[j]);
    sums
}

fn backends(threads: usize) -> Vec<Cpu> {
    Isa::available()
        .map(|isa| Cpu::with_isa(threads, isa).unwrap())
        .collect()
}

/// Kernels with a backend to run them; of AVX-512 the one without VNNI as well.
fn kernels(threads: usize) -> Vec<(Cpu, Kernel)> {
    let best = |cpu: Cpu| {
        let kernel = Kernel::of(cpu.spec.isa);
        (cpu, kernel)
    };
    let mut kernels: Vec<_> = backends(threads).into_iter().map(best).collect();
    #[cfg(target_arch = "x86_64")]
    if let Ok(cpu) = Cpu::with_isa(threads, Isa::Avx512) {
        kernels.push((cpu, Kernel::Avx512));
    }
    kernels
}

/// The result, with outputs and exactly sized scratch full of something else before.
fn compute(
    (cpu, kernel): &(Cpu, Kernel),
    g: &Conv2d,
    values: ConvValues,
    [x, w]: &[Vec<f32>; 2],
) -> Vec<f32> {
    let integer = Integer::new(g, values).unwrap();
    let mut scratch = vec![u32::MAX; integer.scratch_bytes() / 4];
    let mut y = vec![7.0; g.output_elements()];
    integer.compute(cpu, *kernel, x, w, &mut y, &mut scratch);
    y
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn every_kernel_gives_the_rounded_sums_of_plain_loops() {
    let kernels = kernels(2);
    for (g, values) in cases() {
        let operands = operands(&g, values);
        let step = values.x.format().unwrap().step() * values.w.format().unwrap().step();
        let sums = sums(&g, values, &operands);
        let expected: Vec<f32> = sums.iter().map(|&sum| sum as f32 * step).collect();
        for kernel in &kernels {
            let got = compute(kernel, &g, values, &operands);
            assert!(
                bits(&got) == bits(&expected),
                "{:?}: {g:?} {values:?}",
                kernel.1
            );
        }
    }
}

/// The claim of the module: sums below 2^24, all partial ones among them, are exact in f32.
#[test]
fn where_f32_is_exact_the_result_is_that_of_the_f32_kernels() {
    let mut compared = 0;
    for (g, values) in cases() {
        let [x, w] = [values.x, values.w].map(|values| magnitude(values.format().unwrap()));
        if x * w * g.window() as u64 > 1 << 24 {
            continue;
        }
        compared += 1;
        let operands = operands(&g, values);
        let quantised = [(0, values.x), (1, values.w)].map(|(index, values): (usize, Values)| {
            let format = values.format().unwrap();
            let operand: &Vec<f32> = &operands[index];
            let quantised = operand.iter().map(|&value| format.quantise(value));
            quantised.collect::<Vec<_>>()
        });
        for kernel in kernels(2) {
            let got = compute(&kernel, &g, values, &operands);
            let mut expected = vec![f32::NAN; g.output_elements()];
            let op = Op::Conv2dFprop(g);
            let mut scratch = vec![f32::NAN; super::super::scratch_bytes(&kernel.0.spec, &op) / 4];
            let [x, w] = &quantised;
            super::super::fprop(&kernel.0, &g, x, w, &mut expected, &mut scratch).unwrap();
            assert!(
                bits(&got) == bits(&expected),
                "{:?}: {g:?} {values:?}",
                kernel.1
            );
        }
    }
    assert!(compared > 40, "{compared} cases");
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for (g, values) in cases().filter(|(g, _)| g.macs() > 1 << 16) {
        let operands = operands(&g, values);
        let [one, three] = [1, 3].map(|threads| {
            let results = kernels(threads);
            let results = results
                .iter()
                .map(|k| bits(&compute(k, &g, values, &operands)));
            results.collect::<Vec<_>>()
        });
        assert!(one == three, "{g:?}");
    }
}

/// One thread runs everything on the caller's, whose requests are counted.
#[test]
fn nothing_is_allocated_on_the_heap() {
    for (g, values) in cases() {
        let [x, w] = operands(&g, values);
        let integer = Integer::new(&g, values).unwrap();
        let mut scratch = vec![0; integer.scratch_bytes() / 4];
        let mut y = vec![0.0; g.output_elements()];
        for (cpu, kernel) in kernels(1) {
            let requests = allocation_counter::measure(|| {
                integer.compute(&cpu, kernel, &x, &w, &mut y, &mut scratch);
            });
            assert_eq!(requests.count_total, 0, "{kernel:?}: {g:?}");
        }
    }
}

fn geometry(batch: usize, input: [usize; 3], channels: usize, kernel: usize) -> Conv2d {
    let options = Conv2dOptions {
        stride: 1,
        padding: kernel / 2,
        groups: 1,
    };
    Conv2d::new(batch, input, channels, kernel, options).unwrap()
}

fn on_grid(x: FixedPoint, w: FixedPoint) -> ConvValues {
    ConvValues {
        x: Values::OnGrid(x),
        w: Values::Quantise(w),
    }
}

/// As [`compute`], of images as codes.
fn compute_codes(
    (cpu, kernel): &(Cpu, Kernel),
    g: &Conv2d,
    values: ConvValues,
    [x, w]: &[Vec<f32>; 2],
) -> Vec<f32> {
    let format = values.x.format().unwrap();
    let integer = Integer::new(g, values).unwrap();
    let mut scratch = vec![u32::MAX; integer.scratch_bytes() / 4];
    let mut y = vec![7.0; g.output_elements()];
    let code = |x: &f32| (format.quantise(*x) * format.scale()) as i32;
    let mut run = || -> Result<()> {
        with_code!("test", format, C => {
            let x: Vec<C> = x.iter().map(|x| C::try_from(code(x)).unwrap()).collect();
            integer.compute(cpu, *kernel, &x, w, &mut y, &mut scratch);
        });
        Ok(())
    };
    run().unwrap();
    y
}

#[test]
fn codes_of_images_are_taken_as_their_values_are() {
    for kernel in kernels(2) {
        for (g, values) in cases() {
            let operands = operands(&g, values);
            let expected = compute(&kernel, &g, values, &operands);
            let got = compute_codes(&kernel, &g, values, &operands);
            assert_eq!(bits(&got), bits(&expected), "{g:?} {values:?}");
        }
    }
}

/// In the middle and at both ends of vectors, of images, of parts of the batch.
#[test]
fn one_nan_makes_every_value_nan() {
    let g = geometry(11, [3, 3, 17], 16, 3);
    let values = on_grid(FixedPoint::unsigned(1, 3), FixedPoint::signed(1, 3));
    let clean = operands(&g, values);
    for kernel in kernels(2) {
        let nans = |operands: &[Vec<f32>; 2]| {
            let y = compute(&kernel, &g, values, operands);
            y.iter().filter(|value| value.is_nan()).count()
        };
        assert_eq!(nans(&clean), 0);
        for (operand, len) in [(0, g.input_elements()), (1, g.weight_elements())] {
            for at in [0, 15, 16, len / 2, len - 17, len - 1] {
                for nan in [f32::NAN, -f32::NAN] {
                    let mut operands = clean.clone();
                    operands[operand][at] = nan;
                    assert_eq!(nans(&operands), g.output_elements(), "{operand} {at}");
                }
            }
        }
    }
}

/// By hand: 1.75 = 7 / 4 and -2 = -8 / 4 are the ends of `signed(2, 2)`, 3.75 and 0 those of `unsigned(2, 2)`.
#[test]
fn infinities_saturate() {
    let g = geometry(1, [1, 1, 64], 128, 1);
    for (signed, infinity, expected) in [
        (true, f32::INFINITY, 1.75),
        (true, f32::NEG_INFINITY, -2.0),
        (false, f32::INFINITY, 3.75),
        (false, f32::NEG_INFINITY, 0.0),
    ] {
        let x = FixedPoint {
            signed,
            integer: 2,
            fraction: 2,
        };
        let values = ConvValues {
            x: Values::Quantise(x),
            w: Values::OnGrid(FixedPoint::signed(2, 0)),
        };
        for kernel in kernels(1) {
            let unit = |i| f32::from(u8::from(i / 64 % 64 == i % 64));
            let w = (0..128 * 64).map(unit).collect();
            let y = compute(&kernel, &g, values, &[vec![infinity; 64], w]);
            assert_eq!(y, [expected; 128]);
        }
    }
}

/// By hand: 511 * 256 * 7 * 7 * 256 < 2^31; with 512 channels it is above. Cells take 16 bits as i16, and a
/// single channel leaves half of each empty.
#[test]
fn geometry_and_formats_decide() {
    let nine = on_grid(FixedPoint::unsigned(3, 6), FixedPoint::signed(3, 6));
    let form = |g: &Conv2d, values| Integer::new(g, values).map(|integer| integer.form);
    let g = geometry(64, [8, 8, 256], 256, 7);
    assert_eq!(form(&g, nine), Some(Form::Pairs));
    assert_eq!(form(&geometry(64, [8, 8, 512], 256, 7), nine), None);
    assert_eq!(form(&geometry(64, [8, 8, 256], 15, 7), nine), None);
    let depthwise = Conv2d { groups: 256, ..g };
    assert_eq!(form(&depthwise, nine), None);
    assert_eq!(
        form(&geometry(64, [32, 32, 3], 64, 5), nine),
        Some(Form::Pairs)
    );
    assert_eq!(form(&geometry(64, [32, 32, 3], 64, 3), nine), None);
    assert_eq!(form(&geometry(64, [32, 32, 1], 64, 5), nine), None);
    let small = geometry(1, [1, 1, 32], 128, 1);
    for (x, w, expected) in [
        (
            FixedPoint::unsigned(2, 6),
            FixedPoint::signed(2, 6),
            Some(Form::Quads),
        ),
        (
            FixedPoint::unsigned(2, 6),
            FixedPoint::signed(2, 7),
            Some(Form::Pairs),
        ),
        (
            FixedPoint::signed(2, 6),
            FixedPoint::signed(2, 6),
            Some(Form::Pairs),
        ),
        (
            FixedPoint::unsigned(9, 6),
            FixedPoint::signed(2, 6),
            Some(Form::Pairs),
        ),
        (
            FixedPoint::signed(9, 7),
            FixedPoint::signed(2, 6),
            Some(Form::Pairs),
        ),
        (FixedPoint::unsigned(9, 7), FixedPoint::signed(2, 6), None),
        (FixedPoint::unsigned(0, 0), FixedPoint::signed(2, 6), None),
        (
            FixedPoint::unsigned(0, 8),
            FixedPoint::signed(0, 8),
            Some(Form::Quads),
        ),
    ] {
        assert_eq!(form(&small, on_grid(x, w)), expected, "{x:?} {w:?}");
    }
    let floats = ConvValues {
        x: Values::Float,
        ..nine
    };
    assert_eq!(form(&g, floats), None);
}

/// Codes of both operands take half of the bytes of f32, or a quarter.
#[test]
fn scratch_is_that_of_the_codes() {
    let g = geometry(16, [8, 8, 64], 64, 3);
    for (x, bytes) in [
        (FixedPoint::unsigned(3, 6), 2),
        (FixedPoint::unsigned(1, 3), 1),
    ] {
        let op = Op::FakeQuantisedConv2dFprop(g, on_grid(x, FixedPoint::signed(1, 3)));
        for isa in Isa::ALL {
            let spec = CpuSpec::new(isa);
            let wanted = <Cpu as crate::Backend>::scratch_bytes(&spec, &op);
            assert_eq!(wanted, bytes * (g.input_elements() + g.weight_elements()));
        }
    }
}
