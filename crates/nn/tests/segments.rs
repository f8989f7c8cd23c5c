//! Segments of several layers that are computed twice: the same step, to the bit, in less memory.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Activation, Arena, Backend, Conv2dOptions, Cpu, CpuSpec, Isa, Meta};
use radars_nn::tensor::{Shape, Tensor};
use radars_nn::{
    BatchNorm2d, Conv2d, Conv2dSettings, Mode, ParameterGradients, Parameters, Pass, Result,
    Segment, Share, loss,
};

const CHANNELS: usize = 8;

/// An inverted residual cell: expansion, depthwise convolution, projection, each with its batch norm, and the input
/// added.
#[derive(Clone)]
struct Cell {
    layers: Vec<(Conv2d, BatchNorm2d)>,
    /// What its output goes through, a segment inside of this one.
    inner: Option<Box<Cell>>,
}

impl Cell {
    fn new<B: Backend>(parameters: &mut Parameters<B>, name: &str) -> Result<Self> {
        let wide = 2 * CHANNELS;
        let depthwise = Conv2dSettings {
            options: Conv2dOptions {
                stride: 1,
                padding: 1,
                groups: wide,
            },
            ..Conv2dSettings::same(wide, wide, 3)
        };
        let convolutions = [
            (
                Conv2dSettings::same(CHANNELS, wide, 1),
                Some(Activation::Relu6),
            ),
            (depthwise, Some(Activation::Relu6)),
            (Conv2dSettings::same(wide, CHANNELS, 1), None),
        ];
        let mut layers = Vec::new();
        for (index, (settings, activation)) in convolutions.into_iter().enumerate() {
            let name = format!("{name}.{index}");
            let channels = settings.out_channels;
            layers.push((
                Conv2d::new(parameters, &format!("{name}.conv"), settings, Seed(7))?,
                BatchNorm2d::new(parameters, &format!("{name}.norm"), channels, activation)?,
            ));
        }
        Ok(Cell {
            layers,
            inner: None,
        })
    }
}

impl<B: Backend> Segment<B> for Cell {
    fn forward(&self, pass: &mut Pass<'_, B>, inputs: Vec<Var<B>>) -> Result<Var<B>> {
        let [x] = <[Var<B>; 1]>::try_from(inputs).ok().unwrap();
        let mut y = x.clone();
        for (conv, norm) in &self.layers {
            y = conv.forward(pass, y)?;
            y = norm.forward(pass, y)?;
        }
        let y = ops::add(pass.tape(), y, x)?;
        match &self.inner {
            Some(inner) => pass.recomputed((**inner).clone(), vec![y]),
            None => Ok(y),
        }
    }
}

/// How the cells of a network are computed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Kept,
    /// Every cell is a segment.
    Each,
    /// The second inside the first.
    Nested,
}

struct Network {
    cells: Vec<Cell>,
    /// How often the last cell is run.
    repeats: usize,
}

impl Network {
    fn new<B: Backend>(parameters: &mut Parameters<B>, repeats: usize) -> Result<Self> {
        let cells = ["a", "b"].map(|name| Cell::new(parameters, name));
        Ok(Network {
            cells: cells.into_iter().collect::<Result<_>>()?,
            repeats,
        })
    }

    fn forward<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        images: Tensor<B>,
        way: Way,
    ) -> Result<Var<B>> {
        let mut x = Var::constant(images);
        if way == Way::Nested {
            let mut outer = self.cells[0].clone();
            outer.inner = Some(Box::new(self.cells[1].clone()));
            x = pass.recomputed(outer, vec![x])?;
        }
        let done = match way {
            Way::Nested => 2,
            Way::Kept | Way::Each => 0,
        };
        let again = self.cells.last().into_iter().cycle().take(self.repeats - 1);
        for cell in self.cells.iter().chain(again).skip(done) {
            x = match way {
                Way::Kept => cell.forward(pass, vec![x])?,
                Way::Each | Way::Nested => pass.recomputed(cell.clone(), vec![x])?,
            };
        }
        Ok(ops::global_average_pool(pass.tape(), x)?)
    }
}

struct Step<B: Backend> {
    loss: Tensor<B>,
    saved_bytes: usize,
    gradients: ParameterGradients<B>,
    parameters: Parameters<B>,
}

fn images<B: Backend>(arena: &Arena<B>) -> Result<Tensor<B>> {
    let shape = Shape::from([2, 6, 6, CHANNELS]);
    let value = |i: usize| ((i * 37) % 97) as f32 / 97.0 - 0.4;
    let values: Vec<f32> = (0..2 * 6 * 6 * CHANNELS).map(value).collect();
    Ok(Tensor::from_slice(arena, shape, &values)?)
}

fn step<B: Backend>(arena: &Arena<B>, way: Way, repeats: usize, share: Share) -> Result<Step<B>> {
    let mut parameters = Parameters::new(arena);
    let network = Network::new(&mut parameters, repeats)?;
    let images = images(arena)?;
    let labels = Tensor::from_slice(arena, [2], &[3i32, 5])?;
    let mut pass = Pass::of_share(&mut parameters, Mode::WEIGHTS, share);
    let logits = network.forward(&mut pass, images, way)?;
    let loss = loss::cross_entropy(&mut pass, logits, &labels, 0.1)?;
    let (saved_bytes, value) = (pass.saved_bytes(), loss.value().copy()?);
    let gradients = pass.backward(loss)?;
    Ok(Step {
        loss: value,
        saved_bytes,
        gradients,
        parameters,
    })
}

fn cpu() -> Arena<Cpu> {
    Arena::with_bound(Cpu::with_isa(2, Isa::Portable).unwrap(), 8 << 20).unwrap()
}

/// Loss, gradients with the names of their parameters, and the state afterwards, running statistics included.
#[allow(clippy::type_complexity, reason = "three lists to compare")]
fn results(step: &Step<Cpu>) -> (Vec<f32>, Vec<(String, Vec<f32>)>, Vec<Vec<f32>>) {
    let gradients = step.gradients.iter().map(|(id, gradient)| {
        let name = step.parameters.name(*id).to_owned();
        (name, gradient.read().unwrap())
    });
    let state = step.parameters.save().unwrap();
    (
        step.loss.read().unwrap(),
        gradients.collect(),
        state.into_iter().map(|saved| saved.values).collect(),
    )
}

#[test]
fn a_step_is_the_same_to_the_bit() {
    let kept = step(&cpu(), Way::Kept, 1, Share::WHOLE).unwrap();
    let (loss, gradients, state) = results(&kept);
    // Weights, gamma and beta of three layers in two cells.
    assert_eq!(gradients.len(), 18);
    let alive = |(_, values): &(String, Vec<f32>)| values.iter().any(|&value| value != 0.0);
    assert!(gradients.iter().all(alive), "{gradients:?}");
    for way in [Way::Each, Way::Nested] {
        let again = step(&cpu(), way, 1, Share::WHOLE).unwrap();
        assert_eq!(
            results(&again),
            (loss.clone(), gradients.clone(), state.clone()),
            "{way:?}"
        );
    }
}

/// A cell that is run three times: its gradients are sums over three segments, its statistics move three times.
#[test]
fn parameters_that_segments_share_get_the_sum() {
    let once = step(&cpu(), Way::Kept, 1, Share::WHOLE).unwrap();
    let kept = step(&cpu(), Way::Kept, 3, Share::WHOLE).unwrap();
    assert_ne!(results(&kept), results(&once));
    for way in [Way::Each, Way::Nested] {
        let again = step(&cpu(), way, 3, Share::WHOLE).unwrap();
        assert_eq!(results(&again), results(&kept), "{way:?}");
    }
}

#[test]
fn statistics_of_a_micro_batch_move_by_its_share() {
    let share = Share { images: 2, of: 8 };
    let kept = step(&cpu(), Way::Kept, 1, share).unwrap();
    let again = step(&cpu(), Way::Each, 1, share).unwrap();
    assert_eq!(results(&again), results(&kept));
    let whole = step(&cpu(), Way::Each, 1, Share::WHOLE).unwrap();
    assert_ne!(results(&again).2, results(&whole).2);
}

#[test]
fn evaluation_is_the_same_and_keeps_nothing() {
    let arena = cpu();
    let Step { mut parameters, .. } = step(&arena, Way::Kept, 1, Share::WHOLE).unwrap();
    let before = arena.stats().live_bytes;
    let network = Network::new(&mut Parameters::new(&arena), 1).unwrap();
    let mut logits = |way| {
        let mut pass = Pass::new(&mut parameters, Mode::Evaluate);
        let y = network.forward(&mut pass, images(&arena).unwrap(), way);
        (
            y.unwrap().value().read::<f32>().unwrap(),
            pass.saved_bytes(),
        )
    };
    let kept = logits(Way::Kept);
    assert_eq!(kept.1, 0);
    assert_eq!(logits(Way::Each), kept);
    assert_eq!(logits(Way::Nested), kept);
    assert_eq!(arena.stats().live_bytes, before);
}

/// Inputs: two images of 6 x 6 x 8 values for each cell. Parameters of a cell: weights 128 + 144 + 128, gamma and
/// beta 2 * (16 + 16 + 8). The pool keeps nothing, the loss the probabilities of 2 x 8 values and two labels.
#[test]
fn a_segment_keeps_its_inputs_and_parameters_alone() {
    let again = step(&cpu(), Way::Each, 1, Share::WHOLE).unwrap();
    let of_cell = 2 * 6 * 6 * 8 + 400 + 80;
    let loss = again.saved_bytes - 2 * of_cell * 4;
    assert!(loss <= (16 + 2 + 1) * 4, "{loss}");
}

#[test]
fn memory_is_planned_to_the_byte_and_falls() {
    let peak = |way| {
        let plan = Meta::<Cpu>::new(CpuSpec::new(Isa::Portable));
        let plan = Arena::with_bound(plan, 8 << 20).unwrap();
        let run = cpu();
        plan.record_trace();
        run.record_trace();
        drop(step(&plan, way, 1, Share::WHOLE).unwrap());
        drop(step(&run, way, 1, Share::WHOLE).unwrap());
        assert_eq!(plan.take_trace(), run.take_trace(), "{way:?}");
        assert_eq!(plan.stats(), run.stats());
        run.stats().peak_bytes
    };
    let kept = peak(Way::Kept);
    assert!(peak(Way::Each) < kept);
}
