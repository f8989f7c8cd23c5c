//! How far CUDA results may be from those of the CPU: the one table.

/// The error that is allowed beside an expected value `x`: `absolute + relative * |x|`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    relative: f32,
    absolute: f32,
}

impl Tolerance {
    /// Copies, comparisons, rounding to a grid, sums of exact products below 2^24: the same values.
    pub const EXACT: Self = Self::of(0.0, 0.0);
    /// One or two roundings, which a fused multiply-add may save: 4 units in the last place.
    pub const ARITHMETIC: Self = Self::of(5e-7, 1e-7);
    /// `exp`, `log`, `tanh` and what is made of them; both libraries are within 2 units of the truth.
    pub const FUNCTION: Self = Self::of(2e-6, 1e-6);
    /// Sums of up to some thousand terms of size 1, in another order.
    pub const SUM: Self = Self::of(1e-5, 1e-4);
    /// Quotients and roots of such sums: normalisation, softmax and their gradients.
    pub const NORMALISED: Self = Self::of(5e-5, 5e-5);
    /// Products whose operands are split into two halves: about 2^-22 of the sum of magnitudes.
    pub const SPLIT_PRODUCT: Self = Self::of(2e-5, 2e-4);
    /// Convolutions divided by the sum of magnitudes of their products: split operands keep 22 bits, and tensor
    /// cores round sums towards zero. A product without its lower half would be off by up to 2e-4.
    pub const CONVOLUTION: Self = Self::of(0.0, 5e-6);

    const fn of(relative: f32, absolute: f32) -> Self {
        Self { relative, absolute }
    }

    fn allows(self, cpu: f32, cuda: f32) -> bool {
        if !cpu.is_finite() {
            return cpu == cuda || (cpu.is_nan() && cuda.is_nan());
        }
        (cpu - cuda).abs() <= self.absolute + self.relative * cpu.abs()
    }
}

/// Asserts that `cuda` is `cpu` within the tolerance, NaN for NaN.
#[track_caller]
pub fn compare(name: &str, cpu: &[f32], cuda: &[f32], tolerance: Tolerance) {
    assert_eq!(cpu.len(), cuda.len(), "{name}: lengths");
    let pairs = cpu.iter().zip(cuda).enumerate();
    let mut wrong = pairs.filter(|(_, (cpu, cuda))| !tolerance.allows(**cpu, **cuda));
    if let Some((index, (expected, got))) = wrong.next() {
        let more = wrong.count();
        let of = cpu.len();
        panic!(
            "{name}[{index}] is {got:e} on CUDA and {expected:e} on the CPU, and {more} more of {of} are over \
             {tolerance:?}"
        );
    }
}

#[test]
fn a_comparison_can_fail() {
    let differs = |cpu: f32, cuda: f32, tolerance| {
        std::panic::catch_unwind(|| compare("y", &[cpu], &[cuda], tolerance)).is_err()
    };
    assert!(differs(1.0, 1.000_000_1, Tolerance::EXACT));
    assert!(!differs(1.0, 1.000_000_1, Tolerance::ARITHMETIC));
    assert!(differs(1.0, f32::NAN, Tolerance::SUM));
    assert!(differs(f32::NAN, 1.0, Tolerance::SUM));
    assert!(!differs(f32::NAN, f32::NAN, Tolerance::EXACT));
    assert!(differs(f32::INFINITY, 1e30, Tolerance::SUM));
}
