//! A layer of a space with its choice made, as a network.

use crate::Result;
use crate::child::{Weights, unset};
use crate::format::{input_format, weight_format};
use crate::mixed::{CandidateFormat, merged};
use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::{Activation, Backend, Conv2dOptions, FixedPoint, Values};
use radars_nn::{BatchNorm2d, Conv2d, Conv2dSettings, ParameterId, Parameters, Pass, Segment};
use radars_space::{self as space, Block, Candidate, Shortcut, Stage};

/// The stages of a [`Block`], and what goes around them.
#[derive(Clone, Debug)]
pub(crate) struct BlockNet {
    path: Vec<ConvNorm>,
    projection: Option<ConvNorm>,
    identity: bool,
    activation: Option<Activation>,
}

/// A convolution and the batch norm behind it.
#[derive(Clone, Debug)]
struct ConvNorm {
    filter: Filter,
    norm: BatchNorm2d,
}

#[derive(Clone, Debug)]
enum Filter {
    One(Conv2d),
    Merged(MergedFilter),
}

/// Convolutions with kernels of several sizes as one, under mixing weights of their own.
#[derive(Clone, Debug)]
struct MergedFilter {
    weights: Vec<ParameterId>,
    format: CandidateFormat,
    stride: usize,
    groups: usize,
}

/// How a block gets its input, and hands on its output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seam {
    /// Whether the layer before left the input as codes (or values) in the format of this block's candidate.
    pub quantised_input: bool,
    /// Whether the input can be negative.
    pub signed_input: bool,
    /// The format that the last batch norm is to quantise to, for a layer after it that takes codes.
    pub next: Option<FixedPoint>,
}

/// Where a block's parameters go and come from.
pub(crate) struct Build<'a, B: Backend> {
    pub parameters: &'a mut Parameters<B>,
    /// What all names begin with.
    pub name: &'a str,
    pub weights: Weights,
}

impl BlockNet {
    /// The network of a block with that candidate's bits. With more than one of `kernels`, the depthwise
    /// convolution is the mixture of one convolution for each.
    pub fn new<B: Backend>(
        build: &mut Build<'_, B>,
        block: &Block,
        candidate: &Candidate,
        kernels: &[usize],
        seam: Seam,
    ) -> Result<Self> {
        let bits = candidate.activation();
        let weight = candidate.weight().map(weight_format);
        let input = match bits.map(|bits| input_format(seam.signed_input, bits)) {
            None => Values::Float,
            Some(format) if seam.quantised_input => encoded(format),
            Some(format) => Values::Quantise(format),
        };
        let inner = bits.map(|bits| input_format(false, bits));
        let is_merged = |stage: &Stage| kernels.len() > 1 && stage.name == "depthwise";
        let mut path = Vec::with_capacity(block.path.len());
        for (index, stage) in block.path.iter().enumerate() {
            let values = match (index, inner) {
                (0, _) => input,
                (_, None) => Values::Float,
                (_, Some(format)) => encoded(format),
            };
            let next = match block.path.get(index + 1) {
                None => seam.next,
                // A mixture quantises its input itself.
                Some(after) if is_merged(after) => None,
                Some(_) => inner,
            };
            let filter = if is_merged(stage) {
                let format = CandidateFormat {
                    activation: if index == 0 { grid(input) } else { inner },
                    weight,
                };
                Filter::Merged(merged_filter(build, stage, kernels, format)?)
            } else {
                Filter::One(convolution(build, stage, values, weight)?)
            };
            let norm = norm(build, stage, next)?;
            path.push(ConvNorm { filter, norm });
        }
        let projection = match &block.shortcut {
            Shortcut::Projection(stage) => Some(ConvNorm {
                filter: Filter::One(convolution(build, stage, input, weight)?),
                norm: norm(build, stage, None)?,
            }),
            _ => None,
        };
        Ok(BlockNet {
            path,
            projection,
            identity: block.shortcut == Shortcut::Identity,
            activation: block.activation.map(activation),
        })
    }

    /// All batch norms.
    pub fn norms_mut(&mut self) -> impl Iterator<Item = &mut BatchNorm2d> {
        let stages = self.path.iter_mut().chain(&mut self.projection);
        stages.map(|stage| &mut stage.norm)
    }

    /// The whole block.
    pub fn forward<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        x: Var<B>,
        recompute: bool,
    ) -> Result<Var<B>> {
        let around = self.identity.then(|| x.clone());
        let y = match recompute {
            true => pass.recomputed(Branch(self.clone()), vec![x])?,
            false => self.branch(pass, x, None)?,
        };
        self.close(pass, y, around)
    }

    /// What is computed of the input: the stages and the projection, under mixing weights `q` of the kernels.
    pub fn branch<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        x: Var<B>,
        q: Option<Var<B>>,
    ) -> radars_nn::Result<Var<B>> {
        let mut y = x;
        let mut around = None;
        if let Some(projection) = &self.projection {
            // The gradients of both ways are added to each other first, in a segment or not.
            let shape = y.value().shape();
            y = ops::reshape(pass.tape(), y, shape)?;
            around = Some((projection, y.clone()));
        }
        for stage in &self.path {
            y = stage.forward(pass, y, q.as_ref())?;
        }
        match around {
            None => Ok(y),
            Some((projection, x)) => {
                let x = projection.forward(pass, x, None)?;
                Ok(ops::add(pass.tape(), y, x)?)
            }
        }
    }

    /// What remains: the identity around, the activation behind.
    pub fn close<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        y: Var<B>,
        around: Option<Var<B>>,
    ) -> Result<Var<B>> {
        let tape = pass.tape();
        let y = match around {
            Some(x) => ops::add(tape, y, x)?,
            None => y,
        };
        Ok(match self.activation {
            None => y,
            Some(Activation::Relu6) => {
                // min(max(y, 0), 6) = max(y, 0) - max(y - 6, 0).
                let above = ops::affine(tape, y.clone(), 1.0, -6.0)?;
                let above = ops::relu(tape, above)?;
                let y = ops::relu(tape, y)?;
                ops::sub(tape, y, above)?
            }
            Some(_) => ops::relu(tape, y)?,
        })
    }

    /// The stage of a block that has one.
    #[cfg(test)]
    pub fn only_stage(&mut self) -> (&mut Conv2d, &mut BatchNorm2d) {
        match &mut self.path[..] {
            [
                ConvNorm {
                    filter: Filter::One(conv),
                    norm,
                },
            ] => (conv, norm),
            stages => panic!("{stages:?}"),
        }
    }

    /// Whether the input goes around the stages.
    pub fn has_identity(&self) -> bool {
        self.identity
    }
}

/// The branch of a block as a segment: takes the input.
struct Branch(BlockNet);

impl<B: Backend> Segment<B> for Branch {
    fn forward(&self, pass: &mut Pass<'_, B>, inputs: Vec<Var<B>>) -> radars_nn::Result<Var<B>> {
        let mut inputs = inputs.into_iter();
        let x = inputs.next().ok_or(NO_INPUT)?;
        self.0.branch(pass, x, inputs.next())
    }
}

/// A segment was given no input, which would be an error of this crate.
pub(crate) const NO_INPUT: radars_nn::Error =
    radars_nn::Error::Tensor(radars_nn::tensor::Error::Geometry {
        op: "block",
        what: "the number of operands",
        value: 0,
        expected: "at least 1",
    });

impl ConvNorm {
    fn forward<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        x: Var<B>,
        q: Option<&Var<B>>,
    ) -> radars_nn::Result<Var<B>> {
        let y = match (&self.filter, q) {
            (Filter::One(conv), _) => conv.forward(pass, x)?,
            (Filter::Merged(filter), Some(q)) => filter.forward(pass, x, q.clone())?,
            (Filter::Merged(_), None) => return Err(NO_INPUT),
        };
        self.norm.forward(pass, y)
    }
}

impl MergedFilter {
    fn forward<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        x: Var<B>,
        q: Var<B>,
    ) -> radars_nn::Result<Var<B>> {
        let weights = self.weights.iter().map(|&id| pass.parameter(id));
        let terms = weights.map(|w| (self.format, w)).collect();
        Ok(merged(pass.tape(), x, q, terms, self.stride, self.groups)?)
    }
}

/// What a convolution gets from a batch norm that quantises.
fn encoded(format: FixedPoint) -> Values {
    match format.code_dtype() {
        Some(_) => Values::Codes(format),
        None => Values::OnGrid(format),
    }
}

/// The format that a convolution quantises its input to, or has it in.
fn grid(values: Values) -> Option<FixedPoint> {
    match values {
        Values::Float => None,
        Values::Quantise(format) | Values::OnGrid(format) | Values::Codes(format) => Some(format),
    }
}

pub(crate) fn activation(of: space::Activation) -> Activation {
    match of {
        space::Activation::Relu6 => Activation::Relu6,
        _ => Activation::Relu,
    }
}

/// The convolution of a stage.
pub(crate) fn conv_settings(
    stage: &Stage,
    input: Values,
    weight_format: Option<FixedPoint>,
) -> Conv2dSettings {
    let geometry = &stage.geometry;
    Conv2dSettings {
        in_channels: geometry.input.channels,
        out_channels: geometry.output.channels,
        kernel: stage.kernel,
        options: Conv2dOptions {
            stride: geometry.stride,
            padding: stage.kernel / 2,
            groups: geometry.groups,
        },
        input,
        weight_format,
    }
}

/// The shape of a convolution's weights; the groups of a stage divide its channels.
pub(crate) fn weight_shape(conv: &Conv2dSettings) -> [usize; 4] {
    let depth = conv.in_channels / conv.options.groups;
    [conv.out_channels, conv.kernel, conv.kernel, depth]
}

/// What the names of a stage's parameters begin with, after the block's own name and a dot: nothing for the only
/// stage of a layer.
pub(crate) fn prefix(stage: &Stage) -> String {
    match stage.name {
        "conv" => String::new(),
        name => format!("{name}."),
    }
}

fn convolution<B: Backend>(
    build: &mut Build<'_, B>,
    stage: &Stage,
    input: Values,
    weight: Option<FixedPoint>,
) -> Result<Conv2d> {
    let settings = conv_settings(stage, input, weight);
    let name = format!("{}.{}conv", build.name, prefix(stage));
    Ok(match build.weights {
        Weights::Drawn(seed) => Conv2d::new(build.parameters, &name, settings, seed)?,
        Weights::Unset => Conv2d {
            weight: unset(build.parameters, &name, weight_shape(&settings))?,
            options: settings.options,
            input: settings.input,
            weight_format: settings.weight_format,
        },
    })
}

fn merged_filter<B: Backend>(
    build: &mut Build<'_, B>,
    stage: &Stage,
    kernels: &[usize],
    format: CandidateFormat,
) -> Result<MergedFilter> {
    let mut weights = Vec::with_capacity(kernels.len());
    for &kernel in kernels {
        let mut of_kernel = *stage;
        of_kernel.kernel = kernel;
        let name = format!("{}.kernel{kernel}", build.name);
        let mut build = Build {
            parameters: &mut *build.parameters,
            name: &name,
            weights: build.weights,
        };
        weights.push(convolution(&mut build, &of_kernel, Values::Float, format.weight)?.weight);
    }
    Ok(MergedFilter {
        weights,
        format,
        stride: stage.geometry.stride,
        groups: stage.geometry.groups,
    })
}

/// The batch norm of a stage, and the quantiser of what comes next.
fn norm<B: Backend>(
    build: &mut Build<'_, B>,
    stage: &Stage,
    next: Option<FixedPoint>,
) -> Result<BatchNorm2d> {
    let activation = stage.activation.map(|of| match next {
        Some(format) => Activation::ReluQuantise(format),
        None => activation(of),
    });
    let name = format!("{}.{}norm", build.name, prefix(stage));
    let channels = stage.geometry.output.channels;
    let mut norm = BatchNorm2d::new(build.parameters, &name, channels, activation)?;
    norm.encode = next.is_some_and(|format| format.code_dtype().is_some());
    Ok(norm)
}
