//! Convolution and its gradients as plain loops in f64; what a candidate contributes to a mixture; the merged
//! mixture, grouped as the program groups it.

use radars_supernet::nn::tensor::FixedPoint;

/// Sizes of a convolution, padded by half the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub batch: usize,
    pub side: usize,
    pub ci: usize,
    pub co: usize,
    pub stride: usize,
    pub groups: usize,
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
        [self.co, k, k, self.ci / self.groups]
    }

    /// Where element `i` of a kernel of side `k` lies in one of side `side`, in its middle.
    fn embedded(&self, i: usize, k: usize, side: usize) -> usize {
        let (group, margin) = (self.ci / self.groups, (side - k) / 2);
        let (c, v, u, o) = (
            i % group,
            i / group % k,
            i / group / k % k,
            i / group / k / k,
        );
        ((o * side + u + margin) * side + v + margin) * group + c
    }

    /// Calls `f(x index, w index, y index)` for every product of the convolution.
    fn products(&self, k: usize, mut f: impl FnMut(usize, usize, usize)) {
        let (h, ho, pad) = (self.side as isize, self.out_side(), (k / 2) as isize);
        let group = self.ci / self.groups;
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
                        let first = o / (self.co / self.groups) * group;
                        for c in 0..group {
                            let y = ((n * ho + i) * ho + j) * self.co + o;
                            let w = ((o * k + u) * k + v) * group + c;
                            f(pixel * self.ci + first + c, w, y);
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
    pub activation: Option<FixedPoint>,
    pub weight: Option<FixedPoint>,
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
    let (xq, wq) = (
        quantised(x, term.activation),
        quantised(term.w, term.weight),
    );
    let mut out = vec![0.0; dy.len()];
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; term.w.len()]);
    sizes.products(term.k, |xi, wi, yi| {
        out[yi] += xq[xi] * wq[wi];
        dx[xi] += term.coefficient * f64::from(dy[yi]) * wq[wi];
        dw[wi] += term.coefficient * f64::from(dy[yi]) * xq[xi];
    });
    gate(&mut dx, x, term.activation);
    gate(&mut dw, term.w, term.weight);
    let dc = out.iter().zip(dy).map(|(y, &d)| y * f64::from(d)).sum();
    Contribution {
        y: out.iter().map(|y| y * term.coefficient).collect(),
        dx,
        dw,
        dc,
    }
}

/// Sum of what terms add, with one convolution an activation format, each of one merged kernel.
pub fn merged(sizes: &Sizes, x: &[f32], terms: &[Term<'_>], dy: &[f32]) -> Gradients {
    let mut sum = Gradients {
        y: vec![0.0; dy.len()],
        dx: vec![0.0; x.len()],
        dw: terms.iter().map(|term| vec![0.0; term.w.len()]).collect(),
        dc: vec![0.0; terms.len()],
    };
    let mut formats: Vec<Option<FixedPoint>> = Vec::new();
    for term in terms {
        if !formats.contains(&term.activation) {
            formats.push(term.activation);
        }
    }
    for format in formats {
        let group = || (terms.iter().enumerate()).filter(|(_, term)| term.activation == format);
        let side = group().map(|(_, term)| term.k).max().unwrap();
        let mut v = vec![0.0; sizes.weight(side).iter().product()];
        for (_, term) in group() {
            for (i, w) in quantised(term.w, term.weight).into_iter().enumerate() {
                v[sizes.embedded(i, term.k, side)] += term.coefficient * w;
            }
        }
        let xq = quantised(x, format);
        let (mut dx, mut dv) = (vec![0.0; x.len()], vec![0.0; v.len()]);
        sizes.products(side, |xi, vi, yi| {
            sum.y[yi] += xq[xi] * v[vi];
            dx[xi] += f64::from(dy[yi]) * v[vi];
            dv[vi] += f64::from(dy[yi]) * xq[xi];
        });
        gate(&mut dx, x, format);
        add(&mut sum.dx, &dx);
        for (m, term) in group() {
            for (i, w) in quantised(term.w, term.weight).into_iter().enumerate() {
                let d = dv[sizes.embedded(i, term.k, side)];
                sum.dw[m][i] = term.coefficient * d;
                sum.dc[m] += d * w;
            }
            gate(&mut sum.dw[m], term.w, term.weight);
        }
    }
    sum
}

/// Sum of what terms add, each computed by itself.
pub fn one_by_one(sizes: &Sizes, x: &[f32], terms: &[Term<'_>], dy: &[f32]) -> Gradients {
    let mut sum = Gradients {
        y: vec![0.0; dy.len()],
        dx: vec![0.0; x.len()],
        dw: Vec::new(),
        dc: Vec::new(),
    };
    for term in terms {
        let part = contribution(sizes, x, term, dy);
        add(&mut sum.y, &part.y);
        add(&mut sum.dx, &part.dx);
        sum.dw.push(part.dw);
        sum.dc.push(part.dc);
    }
    sum
}

/// A mixture's output and gradients, those of weights and coefficients by candidate.
pub struct Gradients {
    pub y: Vec<f64>,
    pub dx: Vec<f64>,
    pub dw: Vec<Vec<f64>>,
    pub dc: Vec<f64>,
}

fn quantised(values: &[f32], format: Option<FixedPoint>) -> Vec<f64> {
    let quantise = |&v: &f32| f64::from(format.map_or(v, |format| format.quantise(v)));
    values.iter().map(quantise).collect()
}

/// Zero where the format lets no gradient pass.
fn gate(gradient: &mut [f64], at: &[f32], format: Option<FixedPoint>) {
    for (d, &v) in gradient.iter_mut().zip(at) {
        if format.is_some_and(|format| !format.passes(v)) {
            *d = 0.0;
        }
    }
}

/// Adds `b` to `a`.
pub fn add(a: &mut [f64], b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
}

/// `|a - b| / |b|` in the Euclidean norm.
pub fn relative_error<T: Copy + Into<f64>>(a: &[T], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let difference: f64 = a.iter().zip(b).map(|(&a, b)| (a.into() - b).powi(2)).sum();
    let norm: f64 = b.iter().map(|b| b * b).sum();
    assert!(norm > 0.0, "a reference of zeros compares with nothing");
    (difference / norm).sqrt()
}
