//! Convolution and its gradients as plain loops in f64, and what a candidate contributes to a mixture.

use radars_supernet::nn::tensor::FixedPoint;

/// Sizes of a convolution without groups, padded by half the kernel.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub batch: usize,
    pub side: usize,
    pub ci: usize,
    pub co: usize,
    pub stride: usize,
}

impl Sizes {
    pub fn out_side(&self) -> usize {
        self.side.div_ceil(self.stride)
    }

    pub fn input(&self) -> [usize; 4] {
        [self.batch, self.side, self.side, self.ci]
    }

    pub fn output(&self) -> [usize; 4] {
        [self.batch, self.out_side(), self.out_side(), self.co]
    }

    pub fn weight(&self, k: usize) -> [usize; 4] {
        [self.co, k, k, self.ci]
    }

    /// Calls `f(x index, w index, y index)` for every product of the convolution.
    fn products(&self, k: usize, mut f: impl FnMut(usize, usize, usize)) {
        let (h, ho, pad) = (self.side as isize, self.out_side(), (k / 2) as isize);
        for n in 0..self.batch {
            for (i, j) in (0..ho).flat_map(|i| (0..ho).map(move |j| (i, j))) {
                for (u, v) in (0..k).flat_map(|u| (0..k).map(move |v| (u, v))) {
                    let row = (i * self.stride + u) as isize - pad;
                    let column = (j * self.stride + v) as isize - pad;
                    if row < 0 || column < 0 || row >= h || column >= h {
                        continue;
                    }
                    let pixel = (n * self.side + row as usize) * self.side + column as usize;
                    for o in 0..self.co {
                        for c in 0..self.ci {
                            let y = ((n * ho + i) * ho + j) * self.co + o;
                            f(pixel * self.ci + c, ((o * k + u) * k + v) * self.ci + c, y);
                        }
                    }
                }
            }
        }
    }
}

/// One candidate: its weights, formats and the coefficient it is mixed with.
pub struct Term<'a> {
    pub k: usize,
    pub w: &'a [f32],
    pub activation: FixedPoint,
    pub weight: FixedPoint,
    pub coefficient: f64,
}

/// What a term adds: its output, and given dL/dy the gradients of x, of its w and of its coefficient.
pub struct Contribution {
    pub y: Vec<f64>,
    pub dx: Vec<f64>,
    pub dw: Vec<f64>,
    pub dc: f64,
}

pub fn contribution(sizes: &Sizes, x: &[f32], term: &Term<'_>, dy: &[f32]) -> Contribution {
    let quantise = |values: &[f32], format: FixedPoint| -> Vec<f64> {
        values
            .iter()
            .map(|&v| f64::from(format.quantise(v)))
            .collect()
    };
    let (xq, wq) = (quantise(x, term.activation), quantise(term.w, term.weight));
    let mut out = vec![0.0; dy.len()];
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; term.w.len()]);
    sizes.products(term.k, |xi, wi, yi| {
        out[yi] += xq[xi] * wq[wi];
        dx[xi] += term.coefficient * f64::from(dy[yi]) * wq[wi];
        dw[wi] += term.coefficient * f64::from(dy[yi]) * xq[xi];
    });
    for (d, &v) in dx.iter_mut().zip(x) {
        *d *= f64::from(u8::from(term.activation.passes(v)));
    }
    for (d, &v) in dw.iter_mut().zip(term.w) {
        *d *= f64::from(u8::from(term.weight.passes(v)));
    }
    let dc = out.iter().zip(dy).map(|(y, &d)| y * f64::from(d)).sum();
    Contribution {
        y: out.iter().map(|y| y * term.coefficient).collect(),
        dx,
        dw,
        dc,
    }
}

/// Adds `b` to `a`.
pub fn add(a: &mut [f64], b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
}

/// `|a - b| / |b|` in the Euclidean norm.
pub fn relative_error(a: &[f32], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let difference: f64 = a
        .iter()
        .zip(b)
        .map(|(&a, b)| (f64::from(a) - b).powi(2))
        .sum();
    let norm: f64 = b.iter().map(|b| b * b).sum();
    assert!(norm > 0.0, "a reference of zeros compares with nothing");
    (difference / norm).sqrt()
}
