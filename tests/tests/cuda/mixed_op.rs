//! Mixtures of tensors and of quantised values, and kernels inside one another.

use radars_tensor::{Backend, Coefficient, Embedding, FixedPoint, Op, Result};

use crate::fixture::{Case, Operand, Outputs, Side, Tolerance, on_every_device, parity};

/// Six formats of Table I, then enough for a second launch.
const FORMATS: [FixedPoint; 11] = [
    FixedPoint::unsigned(1, 1),
    FixedPoint::unsigned(1, 3),
    FixedPoint::unsigned(1, 6),
    FixedPoint::unsigned(3, 1),
    FixedPoint::unsigned(3, 3),
    FixedPoint::unsigned(3, 6),
    FixedPoint::signed(1, 1),
    FixedPoint::signed(1, 3),
    FixedPoint::signed(3, 6),
    FixedPoint::signed(12, 12),
    FixedPoint::unsigned(2, 2),
];

/// Bytes of an f32, which take an operand off a 16-byte boundary.
const F32: usize = size_of::<f32>();

#[derive(Debug)]
struct Mix {
    terms: usize,
    n: usize,
    /// Elements before each term.
    off: usize,
}

impl Case for Mix {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let p = side.random(self.terms);
        let terms: Vec<_> = (0..self.terms)
            .map(|_| side.random(self.n + self.off))
            .collect();
        let views: Vec<_> = (terms.iter())
            .map(|term| term.view().slice(self.off * F32..(self.n + self.off) * F32))
            .collect();
        let mut y = side.output(self.n);
        side.backend().mix(p.view(), &views, y.view_mut())?;
        Ok(vec![("y", side.read(&y))])
    }
}

#[test]
fn mixtures_of_tensors_beyond_one_launch() {
    on_every_device(|cuda| {
        for (terms, n) in [(0, 5), (1, 1), (3, 1023), (64, 128), (70, 259), (144, 36)] {
            for off in [0, 1] {
                parity(&cuda, &Mix { terms, n, off }, Tolerance::SUM);
            }
        }
    });
}

#[derive(Debug)]
struct Quantised {
    formats: usize,
    x: Vec<f32>,
}

impl Case for Quantised {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (backend, formats, n) = (side.backend(), &FORMATS[..self.formats], self.x.len());
        let (p, x, dy) = (
            side.random(formats.len()),
            side.input(&self.x),
            side.random(n),
        );
        let (p, x, dy) = (p.view(), x.view(), dy.view());
        let mut y = side.output(n);
        let mut scratch = side.scratch(&Op::MixQuantised(formats, n));
        backend.mix_quantised(formats, p, x, y.view_mut(), scratch.view_mut())?;

        let op = Op::MixQuantisedBackward(formats, n);
        let backward = |dx: Option<&mut Operand<B>>, dp: Option<&mut Operand<B>>| {
            let mut scratch = side.scratch(&op);
            let (dx, dp) = (dx.map(Operand::view_mut), dp.map(Operand::view_mut));
            backend.mix_quantised_backward(formats, p, x, dy, dx, dp, scratch.view_mut())
        };
        let (mut dx, mut dp) = (side.output(n), side.output(formats.len()));
        let (mut dx_alone, mut dp_alone) = (side.output(n), side.output(formats.len()));
        backward(Some(&mut dx), Some(&mut dp))?;
        backward(Some(&mut dx_alone), None)?;
        backward(None, Some(&mut dp_alone))?;
        backward(None, None)?;
        Ok(vec![
            ("y", side.read(&y)),
            ("dx", side.read(&dx)),
            ("dp", side.read(&dp)),
            ("dx alone", side.read(&dx_alone)),
            ("dp alone", side.read(&dp_alone)),
        ])
    }
}

/// Values over the range of every format.
fn ramp(n: usize) -> Vec<f32> {
    (0..n)
        .map(|i| (i * 37 % 1009) as f32 / 90.0 - 2.0)
        .collect()
}

#[test]
fn mixtures_of_quantised_values_and_their_gradients() {
    on_every_device(|cuda| {
        for formats in [1, 6, 11] {
            for n in [0, 1, 6, 1000, 16_385, 40_003] {
                let x = ramp(n);
                parity(&cuda, &Quantised { formats, x }, Tolerance::SUM);
            }
        }
    });
}

#[test]
fn not_a_number_stays_none() {
    on_every_device(|cuda| {
        let x = vec![1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0];
        parity(&cuda, &Quantised { formats: 11, x }, Tolerance::SUM);
    });
}

#[derive(Debug)]
struct Embed {
    g: Embedding,
}

impl Case for Embed {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (g, backend) = (&self.g, side.backend());
        let (small, large) = (
            side.random(g.small_elements()),
            side.values(g.large_elements()),
        );
        let c = side.input(&[0.0f32, 0.75]);
        let (mut constant, mut element) = (side.input(&large), side.input(&large));
        let factor = Coefficient::Constant(0.75);
        backend.embed_kernel(g, factor, small.view(), constant.view_mut())?;
        let factor = Coefficient::Element(c.view().slice(F32..2 * F32));
        backend.embed_kernel(g, factor, small.view(), element.view_mut())?;
        Ok(vec![
            ("by a number", side.read(&constant)),
            ("by an element", side.read(&element)),
        ])
    }
}

#[derive(Debug)]
struct Crop {
    g: Embedding,
}

impl Case for Crop {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let large = side.random(self.g.large_elements());
        let mut small = side.output(self.g.small_elements());
        let backend = side.backend();
        backend.crop_kernel(&self.g, large.view(), small.view_mut())?;
        Ok(vec![("small", side.read(&small))])
    }
}

#[test]
fn kernels_inside_one_another() {
    on_every_device(|cuda| {
        for (out_channels, small, large, in_channels) in [
            (1, 1, 1, 1),
            (3, 1, 7, 4),
            (5, 3, 7, 3),
            (16, 5, 7, 8),
            (7, 3, 3, 12),
            (9, 3, 5, 1),
            (0, 3, 5, 4),
        ] {
            let g = Embedding {
                out_channels,
                small,
                large,
                in_channels,
            };
            parity(&cuda, &Embed { g }, Tolerance::ARITHMETIC);
            parity(&cuda, &Crop { g }, Tolerance::EXACT);
        }
    });
}

#[derive(Debug)]
struct WrongSizes;

impl Case for WrongSizes {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let backend = side.backend();
        let even = Embedding {
            out_channels: 1,
            small: 2,
            large: 3,
            in_channels: 1,
        };
        let (p, x, mut four, mut nine) = (
            side.random(1),
            side.random(9),
            side.output(4),
            side.output(9),
        );
        let refused = backend
            .crop_kernel(&even, x.view(), four.view_mut())
            .unwrap_err();
        let text = "the small kernel's side is 2";
        assert!(refused.to_string().contains(text), "{refused}");
        let factor = Coefficient::Constant(1.0);
        let refused = backend.embed_kernel(&even, factor, four.view(), nine.view_mut());
        let refused = refused.unwrap_err();
        assert!(refused.to_string().contains(text), "{refused}");
        let refused = backend.mix(p.view(), &[x.view(), x.view()], nine.view_mut());
        let text = "mix: p has 4 bytes where the geometry says 8";
        assert_eq!(refused.unwrap_err().to_string(), text);
        let refused = backend.mix(p.view(), &[four.view()], nine.view_mut());
        let text = "mix: a term has 16 bytes where the geometry says 36";
        assert_eq!(refused.unwrap_err().to_string(), text);
        Ok(Outputs::new())
    }
}

#[test]
fn wrong_sizes_are_refused_in_the_words_of_the_cpu() {
    on_every_device(|cuda| parity(&cuda, &WrongSizes, Tolerance::EXACT));
}
