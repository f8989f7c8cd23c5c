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

#[test]
fn sums_are_those_of_plain_loops() {
    for (index, [height, width, before, after, kernel, stride, groups, beyond]) in
        CASES.into_iter().enumerate()
    {
        let image = ImageShape {
            height,
            width,
            channels: before,
        };
        let geometry = ConvGeometry::new(image, after, stride, groups).unwrap();
        let mut rng = Seed(7).stream("codes", index as u64);
        let mut draw =
            |n: usize| -> Vec<i16> { (0..n).map(|_| rng.random_range(-256..512)).collect() };
        let x = draw(height * width * before);
        let w = draw(after * kernel * kernel * (before / groups));
        let frame = Frame {
            image,
            border: kernel / 2 + beyond,
        };
        let mut codes = vec![99; frame.len()];
        frame.clear_border(&mut codes);
        for (row, x) in frame
            .rows_mut(&mut codes)
            .zip(x.chunks_exact(width * before))
        {
            row.copy_from_slice(x);
        }
        let filter = Filter::new(&geometry, kernel, &w, &frame);
        let expected = plain(&geometry, kernel, &x, &w);
        for machine in machines() {
            let mut all = All {
                channels: after,
                sums: vec![i32::MIN; expected.len()],
            };
            filter.run(machine, &codes, &mut all);
            assert_eq!(
                all.sums, expected,
                "{machine:?}: {geometry:?}, kernel {kernel}"
            );
        }
    }
}
