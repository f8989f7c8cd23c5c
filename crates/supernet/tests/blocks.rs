//! Networks of blocks: what a child and a SuperNet compute, beside plain loops and beside each other.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_space::{Architecture, Candidate, ImageShape, Space};
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{Arena, Cpu, Tensor};
use radars_supernet::nn::{Mode, Parameters, Pass};
use radars_supernet::{Child, Mixing, Relaxation, SuperNet};
use rand::RngExt;

const IMAGES: ImageShape = ImageShape {
    height: 6,
    width: 6,
    channels: 3,
};
const BATCH: usize = 2;
const CLASSES: usize = 4;

fn arena() -> Arena<Cpu> {
    Arena::with_bound(Cpu::new(1).unwrap(), 64 << 20).unwrap()
}

fn space(text: &str) -> Space {
    let space = Space::from_toml(text, "blocks.toml").unwrap();
    space.resolve(IMAGES, CLASSES).unwrap()
}

fn images() -> Vec<f32> {
    let mut rng = Seed(3).stream("images", 0);
    let elements = BATCH * IMAGES.elements() as usize;
    (0..elements).map(|_| rng.random_range(-2.0..2.0)).collect()
}

/// `[pixels][channels]` of every image, with the side of the images.
struct Map {
    side: usize,
    channels: usize,
    values: Vec<f64>,
}

impl Map {
    fn at(&self, n: usize, y: isize, x: isize, c: usize) -> f64 {
        let side = self.side as isize;
        if y < 0 || x < 0 || y >= side || x >= side {
            return 0.0;
        }
        let pixel = (n * self.side + y as usize) * self.side + x as usize;
        self.values[pixel * self.channels + c]
    }

    /// Convolution with `[co, k, k, ci / groups]`, padded by half of the kernel.
    fn conv(&self, w: &[f64], co: usize, k: usize, stride: usize, groups: usize) -> Map {
        let (depth, side) = (self.channels / groups, self.side.div_ceil(stride));
        let mut values = Vec::new();
        for (n, y, x, o) in indices([BATCH, side, side, co]) {
            let first = o / (co / groups) * depth;
            let mut sum = 0.0;
            for (ky, kx, c, _) in indices([k, k, depth, 1]) {
                let at = |p: usize, k0: usize| (p * stride + k0) as isize - (k / 2) as isize;
                let weight = w[((o * k + ky) * k + kx) * depth + c];
                sum += weight * self.at(n, at(y, ky), at(x, kx), first + c);
            }
            values.push(sum);
        }
        Map {
            side,
            channels: co,
            values,
        }
    }

    /// Batch norm at its initial scale and shift, then `f`.
    fn norm(mut self, f: impl Fn(f64) -> f64) -> Map {
        let rows = self.values.len() / self.channels;
        for c in 0..self.channels {
            let of = || (0..rows).map(|row| row * self.channels + c);
            let mean = of().map(|i| self.values[i]).sum::<f64>() / rows as f64;
            let variance = of().map(|i| (self.values[i] - mean).powi(2)).sum::<f64>() / rows as f64;
            let indices: Vec<usize> = of().collect();
            for i in indices {
                self.values[i] = f((self.values[i] - mean) / (variance + 1e-5).sqrt());
            }
        }
        self
    }

    fn plus(mut self, other: &Map) -> Map {
        let sums = self.values.iter_mut().zip(&other.values);
        sums.for_each(|(a, b)| *a += b);
        self
    }

    /// The mean of every channel, then the classifier.
    fn classify(&self, w: &[f64]) -> Vec<f64> {
        let pixels = self.side * self.side;
        let logit = |(n, class): (usize, usize)| {
            let of_channel = |c: usize| {
                let values = (0..pixels).map(|p| self.values[(n * pixels + p) * self.channels + c]);
                values.sum::<f64>() / pixels as f64 * w[class * self.channels + c]
            };
            (0..self.channels).map(of_channel).sum()
        };
        let all = (0..BATCH).flat_map(|n| (0..CLASSES).map(move |class| (n, class)));
        all.map(logit).collect()
    }
}

fn indices([a, b, c, d]: [usize; 4]) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..a * b * c * d).map(move |i| (i / (b * c * d), i / (c * d) % b, i / d % c, i % d))
}

fn relu6(x: f64) -> f64 {
    x.clamp(0.0, 6.0)
}

fn relu(x: f64) -> f64 {
    x.max(0.0)
}

fn weight(parameters: &Parameters<Cpu>, name: &str) -> Vec<f64> {
    let named = parameters.iter().find(|(_, p)| p.name() == name);
    let (_, parameter) = named.unwrap_or_else(|| panic!("{name}"));
    let values = parameter.value().read::<f32>().unwrap();
    values.into_iter().map(f64::from).collect()
}

fn child_logits(space: &Space, architecture: &Architecture) -> (Parameters<Cpu>, Vec<f32>) {
    let arena = arena();
    let mut parameters = Parameters::new(&arena);
    let child = Child::new(&mut parameters, space, architecture, Seed(5)).unwrap();
    let logits = logits(&mut parameters, |pass, images| {
        child.logits(pass, images).unwrap().into_value()
    });
    (parameters, logits)
}

fn logits(
    parameters: &mut Parameters<Cpu>,
    network: impl FnOnce(&mut Pass<'_, Cpu>, Tensor<Cpu>) -> Tensor<Cpu>,
) -> Vec<f32> {
    let arena = parameters.arena().clone();
    let shape = [BATCH, IMAGES.height, IMAGES.width, IMAGES.channels];
    let images = Tensor::from_slice(&arena, shape, &images()).unwrap();
    let mut pass = Pass::new(parameters, Mode::WEIGHTS);
    network(&mut pass, images).read().unwrap()
}

fn assert_close(found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let difference = (f64::from(*found) - expected).abs();
        assert!(difference < 1e-4, "{found} {expected}");
    }
}

const INVERTED: &str = r#"
    name = "inverted"
    activation = "relu6"
    [choices]
    kernel = [3, 5]
    expansion = [2, 3]
    [[layer]]
    channels = 4
    choices = { kernel = [3] }
    [[layer]]
    kind = "inverted-residual"
    channels = 6
    stride = 2
    repeat = 2
"#;

#[test]
fn an_inverted_residual_computes_its_formula() {
    let space = space(INVERTED);
    let architecture = space.architecture(&[0, 1, 1, 0]).unwrap();
    assert_eq!(architecture.to_string(), "k3 | k3 e3 | k5 e2");
    let (parameters, logits) = child_logits(&space, &architecture);
    let w = |name: &str| weight(&parameters, name);
    let x = Map {
        side: 6,
        channels: 3,
        values: images().into_iter().map(f64::from).collect(),
    };
    let x = x.conv(&w("layer0.conv.weight"), 4, 3, 1, 1).norm(relu6);
    let x = x.conv(&w("layer1.expand.conv.weight"), 12, 1, 1, 1);
    let x = x.norm(relu6);
    let x = x.conv(&w("layer1.depthwise.conv.weight"), 12, 3, 2, 12);
    let x = x.norm(relu6);
    let x = x.conv(&w("layer1.project.conv.weight"), 6, 1, 1, 1);
    let x = x.norm(|x| x);
    let y = x.conv(&w("layer2.expand.conv.weight"), 12, 1, 1, 1);
    let y = y.norm(relu6);
    let y = y.conv(&w("layer2.depthwise.conv.weight"), 12, 5, 1, 12);
    let y = y.norm(relu6);
    let y = y.conv(&w("layer2.project.conv.weight"), 6, 1, 1, 1);
    let y = y.norm(|y| y).plus(&x);
    assert_close(&logits, &y.classify(&w("classifier.weight")));
}

#[test]
fn a_residual_computes_its_formula_with_either_activation() {
    for (key, act) in [("relu", relu as fn(f64) -> f64), ("relu6", relu6)] {
        let space = space(&format!(
            "name = 'residual'\nactivation = '{key}'\nchoices = {{ kernel = [3], inner_channels = [5] }}\n\
             [[layer]]\nkind = 'residual'\nchannels = 4\nstride = 2\nrepeat = 2"
        ));
        let architecture = space.architecture(&[]).unwrap();
        let (parameters, logits) = child_logits(&space, &architecture);
        let w = |name: &str| weight(&parameters, name);
        let x = Map {
            side: 6,
            channels: 3,
            values: images().into_iter().map(f64::from).collect(),
        };
        let y = x.conv(&w("layer0.first.conv.weight"), 5, 3, 2, 1).norm(act);
        let y = y.conv(&w("layer0.second.conv.weight"), 4, 3, 1, 1);
        let around = x.conv(&w("layer0.shortcut.conv.weight"), 4, 1, 2, 1);
        let mut x = y.norm(|y| y).plus(&around.norm(|x| x));
        x.values.iter_mut().for_each(|x| *x = act(*x));
        let y = x.conv(&w("layer1.first.conv.weight"), 5, 3, 1, 1).norm(act);
        let y = y.conv(&w("layer1.second.conv.weight"), 4, 3, 1, 1);
        let mut y = y.norm(|y| y).plus(&x);
        y.values.iter_mut().for_each(|y| *y = act(*y));
        assert_close(&logits, &y.classify(&w("classifier.weight")));
    }
}

/// With all of the mixing weight on one candidate a layer, a SuperNet is that child.
#[test]
fn a_supernet_that_has_chosen_is_the_child() {
    let space = space(INVERTED);
    let candidates = space.all_candidates();
    for mixing in [Mixing::Materialised, Mixing::Merged] {
        for number in 0..4 {
            let chosen = space.random(&mut Seed(9).stream("chosen", number));
            let arena = arena();
            let mut parameters = Parameters::new(&arena);
            let net =
                SuperNet::new(&mut parameters, &space, &candidates, mixing, 0.0, Seed(7)).unwrap();
            choose(&mut parameters, &chosen, mixing);
            assert_eq!(net.derive(&parameters).unwrap(), chosen, "{mixing}");
            let relaxation = Relaxation {
                temperature: 1.0,
                noise: Vec::new(),
            };
            let found = logits(&mut parameters, |pass, images| {
                let mixture = net.forward(pass, images, &relaxation).unwrap();
                mixture.logits.into_value()
            });
            let mut of_child = Parameters::new(&arena);
            let child = Child::new(&mut of_child, &space, &chosen, Seed(1)).unwrap();
            copy(&parameters, &mut of_child, &chosen, mixing);
            let expected = logits(&mut of_child, |pass, images| {
                child.logits(pass, images).unwrap().into_value()
            });
            let expected: Vec<f64> = expected.into_iter().map(f64::from).collect();
            assert_close(&found, &expected);
        }
    }
}

/// The branch and, where it is merged, the kernel's place in it.
fn place(candidate: &Candidate, mixing: Mixing) -> (usize, usize) {
    // Kernels 3 and 5 with expansions 2 and 3, the last going round first.
    let kernel = usize::from(candidate.kernel == 5);
    let expansion = usize::from(candidate.expansion == Some(3));
    match mixing {
        Mixing::Materialised => (2 * kernel + expansion, 0),
        _ => (expansion, kernel),
    }
}

fn choose(parameters: &mut Parameters<Cpu>, chosen: &Architecture, mixing: Mixing) {
    let ids: Vec<_> = parameters
        .iter()
        .map(|(id, p)| (id, p.name().to_owned()))
        .collect();
    for (id, name) in ids {
        let Some((layer, vector)) = name
            .strip_prefix("layer")
            .and_then(|n| n.split_once(".alpha"))
        else {
            continue;
        };
        let candidate = &chosen.layers()[layer.parse::<usize>().unwrap()];
        let alpha = parameters.value_mut(id);
        let mut values = vec![0.0f32; alpha.elements()];
        if values.len() > 1 {
            let (branch, kernel) = place(candidate, mixing);
            // exp(-200) is zero in f32.
            values[if vector.is_empty() { branch } else { kernel }] = 200.0;
        }
        alpha.write(&values).unwrap();
    }
}

/// The weights of the chosen path.
fn copy(from: &Parameters<Cpu>, to: &mut Parameters<Cpu>, chosen: &Architecture, mixing: Mixing) {
    let ids: Vec<_> = to.iter().map(|(id, p)| (id, p.name().to_owned())).collect();
    for (id, name) in ids.into_iter().filter(|(_, name)| name.ends_with("weight")) {
        let of = match name.split_once('.') {
            Some(("layer0", _)) => "layer0.candidate0.weight".to_owned(),
            Some((layer @ ("layer1" | "layer2"), rest)) => {
                let candidate = &chosen.layers()[if layer == "layer1" { 1 } else { 2 }];
                let (branch, _) = place(candidate, mixing);
                let kernel = match (mixing, rest.starts_with("depthwise")) {
                    (Mixing::Merged, true) => format!("kernel{}.", candidate.kernel),
                    _ => String::new(),
                };
                format!("{layer}.branch{branch}.{kernel}{rest}")
            }
            _ => name.clone(),
        };
        let values: Vec<f32> = weight(from, &of).into_iter().map(|w| w as f32).collect();
        to.value_mut(id).write(&values).unwrap();
    }
}
