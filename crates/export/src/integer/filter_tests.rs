//! Sums against plain loops, by all instructions that the machine has.

use super::*;
use radars_nn::tensor::random::Seed;
use radars_space::ImageShape;
use rand::RngExt;

/// All that the machine has.
fn machines() -> Vec<Machine> {
    let mut machines = vec![Machine::Portable];
    #[cfg(target_arch = "x86_64")]
    {
        machines.extend(pulp::x86::V3::try_new().map(Machine::Avx2));
        machines.extend(pulp::x86::V4::try_new().map(Machine::Avx512));
        machines.extend(crate::integer::kernel::Vnni::try_new().map(Machine::Vnni));
    }
    machines
}

struct All {
    channels: usize,
    sums: Vec<i32>,
}

impl Sink for All {
    fn put(&mut self, place: &Place, block: Block, sums: &Sums) {
        let at = place.pixel * self.channels + block.first;
        self.sums[at..][..block.lanes].copy_from_slice(&sums[..block.lanes]);
    }
}

fn plain(geometry: &ConvGeometry, kernel: usize, x: &[i16], w: &[i16]) -> Vec<i32> {
    let ConvGeometry {
        input,
        output,
        stride,
        groups,
        ..
    } = *geometry;
    let (depth, lanes) = (input.channels / groups, output.channels / groups);
    let mut sums = Vec::new();
    for row in 0..output.height {
        for column in 0..output.width {
            for channel in 0..output.channels {
                let mut sum = 0;
                for (ky, kx) in (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx))) {
                    let y = (row * stride + ky).wrapping_sub(kernel / 2);
                    let x_at = (column * stride + kx).wrapping_sub(kernel / 2);
                    if y >= input.height || x_at >= input.width {
                        continue;
                    }
                    for of_group in 0..depth {
                        let from = channel / lanes * depth + of_group;
                        let code = x[(y * input.width + x_at) * input.channels + from];
                        let weight = w[((channel * kernel + ky) * kernel + kx) * depth + of_group];
                        sum += i32::from(code) * i32::from(weight);
                    }
                }
                sums.push(sum);
            }
        }
    }
    sums
}

/// Height, width, channels before and after, kernel, stride, groups, and pixels of border beyond the padding: dense
/// with every number of vectors, odd runs, groups of one and of several vectors, depthwise with and without a whole
/// vector, a channel that becomes two.
const CASES: [[usize; 8]; 14] = [
    [7, 5, 3, 10, 3, 1, 1, 0],
    [5, 9, 1, 16, 5, 1, 1, 0],
    [6, 6, 16, 32, 3, 2, 1, 0],
    [9, 4, 8, 40, 1, 2, 1, 1],
    [4, 7, 5, 70, 7, 3, 1, 0],
    [3, 3, 2, 2, 7, 1, 1, 0],
    [5, 5, 12, 12, 3, 1, 3, 0],
    [5, 5, 9, 54, 3, 2, 3, 2],
    [4, 4, 80, 80, 1, 1, 2, 0],
    [6, 5, 6, 6, 3, 1, 6, 0],
    [8, 8, 32, 32, 5, 2, 32, 1],
    [5, 5, 35, 35, 7, 1, 35, 0],
    [5, 4, 4, 8, 3, 1, 4, 0],
    [1, 1, 4, 4, 3, 1, 1, 0],
];

/// Formats of the image and largest weights: words, bytes that have to be widened often, and bytes that are not.
const CODES: [(FixedPoint, i16); 5] = [
    (FixedPoint::signed(3, 6), 256),
    (FixedPoint::unsigned(3, 6), 256),
    (FixedPoint::unsigned(3, 5), 60),
    (FixedPoint::unsigned(1, 6), 64),
    (FixedPoint::unsigned(1, 2), 4),
];

#[test]
fn sums_are_those_of_plain_loops() {
    let mut in_bytes = 0;
    for (index, [height, width, before, after, kernel, stride, groups, beyond]) in
        CASES.into_iter().enumerate()
    {
        let image = ImageShape {
            height,
            width,
            channels: before,
        };
        let geometry = ConvGeometry::new(image, after, stride, groups).unwrap();
        for (input, largest) in CODES {
            let mut rng = Seed(7).stream("codes", index as u64);
            let mut draw = |n: usize, low: i16, high: i16| -> Vec<i16> {
                // The ends are the worst there is: they are drawn often.
                let mut code = || match rng.random_range(0..3) {
                    0 => low,
                    1 => high,
                    _ => rng.random_range(low..=high),
                };
                (0..n).map(|_| code()).collect()
            };
            let (low, high) = input.code_range();
            let x = draw(height * width * before, low as i16, high as i16);
            let weights = after * kernel * kernel * (before / groups);
            let w = draw(weights, -largest, largest - 1);
            let frame = Frame {
                image,
                border: kernel / 2 + beyond,
            };
            let mut codes = vec![99; frame.len()];
            frame.clear_border(&mut codes);
            let lines = x.chunks_exact(width * before);
            for (row, x) in frame.rows_mut(&mut codes).zip(lines) {
                row.copy_from_slice(x);
            }
            let filter = Filter::new(&geometry, kernel, &w, input, &frame);
            let mut scratch = vec![0; filter.scratch_bytes()];
            in_bytes += usize::from(!scratch.is_empty());
            let expected = plain(&geometry, kernel, &x, &w);
            for machine in machines() {
                let mut all = All {
                    channels: after,
                    sums: vec![i32::MIN; expected.len()],
                };
                filter.run(machine, &codes, &mut scratch, &mut all);
                let what = (machine, input, geometry, kernel);
                assert_eq!(all.sums, expected, "{what:?}");
            }
        }
    }
    assert!(in_bytes >= CASES.len(), "{in_bytes}");
}
