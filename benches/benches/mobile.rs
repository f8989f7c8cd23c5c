//! Training steps of inverted residual networks (Table III: width 1.0, 224 x 224, batch 8, floats, batch norm,
//! ReLU6), every cell with one kernel and expansion 6, built of layers alone.
//!
//! `cargo bench -p radars-benches --bench mobile -- [kernel ...] [--threads 2] [--steps 9]` prints the shortest and
//! the median time of a step, and the peak of the arena.

use radars_supernet::nn::autograd::{Var, ops};
use radars_supernet::nn::{
    BatchNorm2d, Conv2d, Conv2dSettings, Linear, LinearSettings, Mode, Parameters, Pass, Result,
    Sgd, SgdSettings, Trains, loss,
};
use radars_tensor::random::Seed;
use radars_tensor::{Activation, Arena, Backend, Conv2dOptions, Cpu, Tensor};
use std::time::Instant;

const BATCH: usize = 8;
const SIDE: usize = 224;
const CLASSES: usize = 1000;
const EXPANSION: usize = 6;
/// Channels, cells and stride of each block, from the paper's Table III.
const BLOCKS: [[usize; 3]; 6] = [
    [24, 4, 2],
    [40, 4, 2],
    [80, 4, 2],
    [96, 4, 1],
    [192, 4, 2],
    [320, 1, 1],
];

/// Convolution and batch norm.
struct Layer(Conv2d, BatchNorm2d);

impl Layer {
    fn forward<B: Backend>(&self, pass: &mut Pass<'_, B>, x: Var<B>) -> Result<Var<B>> {
        let y = self.0.forward(pass, x)?;
        self.1.forward(pass, y)
    }
}

/// Layers, around which the input may be added to the output.
struct Cell {
    layers: Vec<Layer>,
    residual: bool,
}

struct Network {
    cells: Vec<Cell>,
    classifier: Linear,
}

/// Adds layers to a store.
struct Builder<'a, B: Backend> {
    parameters: &'a mut Parameters<B>,
    layers: usize,
}

impl<B: Backend> Builder<'_, B> {
    fn layer(
        &mut self,
        [from, to]: [usize; 2],
        [kernel, stride, groups]: [usize; 3],
        activation: Option<Activation>,
    ) -> Result<Layer> {
        let name = format!("layer{}", self.layers);
        self.layers += 1;
        let settings = Conv2dSettings {
            options: Conv2dOptions {
                stride,
                padding: kernel / 2,
                groups,
            },
            ..Conv2dSettings::same(from, to, kernel)
        };
        let conv = Conv2d::new(self.parameters, &format!("{name}.conv"), settings, Seed(0))?;
        let norm = BatchNorm2d::new(self.parameters, &format!("{name}.norm"), to, activation)?;
        Ok(Layer(conv, norm))
    }

    fn cell(
        &mut self,
        [from, to]: [usize; 2],
        kernel: usize,
        stride: usize,
        expansion: usize,
    ) -> Result<Cell> {
        let relu = Some(Activation::Relu6);
        let wide = from * expansion;
        let mut layers = Vec::new();
        if expansion > 1 {
            layers.push(self.layer([from, wide], [1, 1, 1], relu)?);
        }
        layers.push(self.layer([wide, wide], [kernel, stride, wide], relu)?);
        layers.push(self.layer([wide, to], [1, 1, 1], None)?);
        Ok(Cell {
            layers,
            residual: stride == 1 && from == to,
        })
    }
}

impl Network {
    fn new<B: Backend>(parameters: &mut Parameters<B>, kernel: usize) -> Result<Self> {
        let mut builder = Builder {
            parameters,
            layers: 0,
        };
        let relu = Some(Activation::Relu6);
        let plain = |layer| Cell {
            layers: vec![layer],
            residual: false,
        };
        let mut cells = vec![plain(builder.layer([3, 32], [3, 2, 1], relu)?)];
        cells.push(builder.cell([32, 16], 3, 1, 1)?);
        let mut from = 16;
        for [channels, count, stride] in BLOCKS {
            for index in 0..count {
                let stride = if index == 0 { stride } else { 1 };
                cells.push(builder.cell([from, channels], kernel, stride, EXPANSION)?);
                from = channels;
            }
        }
        cells.push(plain(builder.layer([from, 1280], [1, 1, 1], relu)?));
        let settings = LinearSettings::new(1280, CLASSES);
        let classifier = Linear::new(builder.parameters, "classifier", settings, Seed(0))?;
        Ok(Network { cells, classifier })
    }

    fn logits<B: Backend>(&self, pass: &mut Pass<'_, B>, images: Tensor<B>) -> Result<Var<B>> {
        let mut x = Var::constant(images);
        for cell in &self.cells {
            let input = cell.residual.then(|| x.clone());
            for layer in &cell.layers {
                x = layer.forward(pass, x)?;
            }
            if let Some(input) = input {
                x = ops::add(pass.tape(), x, input)?;
            }
        }
        let x = ops::global_average_pool(pass.tape(), x)?;
        self.classifier.forward(pass, x)
    }
}

fn measure(kernel: usize, threads: usize, steps: usize) -> Result<()> {
    let arena = Arena::with_bound(Cpu::new(threads)?, 4 << 30)?;
    let mut parameters = Parameters::new(&arena);
    let network = Network::new(&mut parameters, kernel)?;
    let mut sgd = Sgd::new(SgdSettings::default(), &parameters, Trains::Weights)?;
    let pixels: Vec<f32> = (0..BATCH * SIDE * SIDE * 3)
        .map(|i| (i % 1013) as f32 / 506.0 - 1.0)
        .collect();
    let images = Tensor::from_slice(&arena, [BATCH, SIDE, SIDE, 3], &pixels)?;
    let labels: Vec<i32> = (0..BATCH as i32).map(|i| 37 * i).collect();
    let labels = Tensor::from_slice(&arena, [BATCH], &labels)?;
    let mut times = Vec::with_capacity(steps);
    let mut last = 0.0;
    for step in 0..steps + 2 {
        let start = Instant::now();
        let mut pass = Pass::new(&mut parameters, Mode::WEIGHTS);
        let logits = network.logits(&mut pass, images.clone())?;
        let loss = loss::cross_entropy(&mut pass, logits, &labels, 0.1)?;
        last = loss.value().item()?;
        let gradients = pass.backward(loss)?;
        sgd.step(&mut parameters, gradients, 0.025)?;
        if step >= 2 {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    println!(
        "k{kernel}e{EXPANSION}: a step takes {:.1} ms at least, {:.1} ms in the median, {:.1} MB at the peak; loss {last}",
        times[0],
        times[times.len() / 2],
        arena.stats().peak_bytes as f64 / 1e6,
    );
    Ok(())
}

fn main() -> Result<()> {
    let (mut kernels, mut threads, mut steps) = (Vec::new(), 2, 9);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|value| value.parse().ok());
        match argument.as_str() {
            "--threads" => threads = number().unwrap_or(threads),
            "--steps" => steps = number().unwrap_or(steps),
            other => kernels.extend(other.parse::<usize>().ok()),
        }
    }
    if kernels.is_empty() {
        kernels = vec![3, 7];
    }
    kernels
        .into_iter()
        .try_for_each(|kernel| measure(kernel, threads, steps))
}
