//! From a network to the steps that compute it in integers.

use super::channel::{Added, Channel, Filtered, Range, VALUE_BITS, precision};
use super::convert::{code, refuse};
use super::filter::Filter;
use super::fit::{Line, segments};
use super::flow::{Addend, Codes, Flow, Values, Wants};
use super::frame::Frame;
use super::head::Head;
use super::program::{Program, Rescaling, Step, TakeImage};
use super::rescale::{Rescale, ToCodes, ToValues, Vector};
use super::slots::{Held, Slots};
use crate::Result;
use crate::network::{Convolution, Layer, Network, Shortcut};
use radars_nn::tensor::ImageBatch;
use radars_space::Activation;

/// The program of a network.
///
/// # Errors
/// [`crate::Error::Unsupported`].
pub(super) fn lower(network: &Network) -> Result<Program> {
    let mut build = Build::default();
    let (input, mut flow) = build.image(network)?;
    for (index, layer) in network.layers.iter().enumerate() {
        let wants = Wants::of_layer(network, index + 1)?;
        flow = build.layer(layer, flow, wants)?;
    }
    let features = network.features();
    let Some(values) = flow.values else {
        return Err(refuse("the last layer hands on no values".into()));
    };
    let last = build.steps.len() + 1;
    build.values[values.id].until = last;
    let head = Head::new(
        &network.classifier,
        features.height * features.width,
        values.fraction,
    )?;
    if head.features() != features.channels {
        return Err(refuse(format!(
            "the classifier takes {} channels of {}",
            head.features(),
            features.channels
        )));
    }
    let slots = [&build.codes, &build.values].map(|held| Slots::new(held));
    Ok(Program::new(
        input,
        build.steps,
        (head, values.id),
        slots,
        build.rescalings,
    ))
}

#[derive(Default)]
struct Build {
    steps: Vec<Step>,
    codes: Vec<Held>,
    values: Vec<Held>,
    rescalings: Vec<Rescaling>,
}

impl Build {
    /// The step that is being made; step 0 takes the image.
    fn now(&self) -> usize {
        self.steps.len() + 1
    }

    fn hold(held: &mut Vec<Held>, len: usize, now: usize) -> usize {
        held.push(Held {
            len,
            from: now,
            until: now,
        });
        held.len() - 1
    }

    /// Takes the image.
    fn image(&mut self, network: &Network) -> Result<(TakeImage, Flow)> {
        let (image, wants) = (network.input, Wants::of_layer(network, 0)?);
        let mut flow = Flow::default();
        let mut take = TakeImage::default();
        if let Some((format, border)) = wants.codes {
            let frame = Frame { image, border };
            let id = Build::hold(&mut self.codes, frame.len(), 0);
            let table = (0..=255).map(|byte| code(ImageBatch::value(byte), format));
            take.codes = Some((id, frame, table.collect()));
            flow.codes = Some(Codes { id, frame, format });
        }
        if wants.values {
            let id = Build::hold(&mut self.values, image.elements() as usize, 0);
            let one = f64::from(1 << VALUE_BITS);
            let value = |byte| (f64::from(ImageBatch::value(byte)) * one).round() as i32;
            take.values = Some((id, (0..=255).map(value).collect()));
            flow.values = Some(Values {
                id,
                image,
                fraction: VALUE_BITS,
                most: 1 << VALUE_BITS,
            });
        }
        Ok((take, flow))
    }

    fn layer(&mut self, layer: &Layer, input: Flow, wants: Wants) -> Result<Flow> {
        let misfit = |what: &str| refuse(format!("{} {what}", layer.name));
        let activations = [
            layer.path.last().and_then(|c| c.activation),
            layer.activation,
        ];
        let Some(codes) = input.codes else {
            return Err(misfit("is handed no codes"));
        };
        let addend = match &layer.shortcut {
            Shortcut::None => None,
            _ if activations[0].is_some() => {
                return Err(misfit("has an activation before its shortcut is added"));
            }
            Shortcut::Identity => {
                let values = input.values.ok_or_else(|| misfit("is handed no values"))?;
                Some(Addend::identity(values))
            }
            Shortcut::Projection(projection) => Some(self.projection(projection, codes)?),
        };
        let (mut codes, mut addend) = (codes, addend);
        for (index, conv) in layer.path.iter().enumerate() {
            match layer.path.get(index + 1) {
                Some(next) => {
                    let relu = relu(&layer.name, &[conv.activation])?;
                    let flow = self.convolution(conv, codes, None, relu, Wants::codes(next)?)?;
                    codes = flow.codes.ok_or_else(|| misfit("hands on no codes"))?;
                }
                None => {
                    let relu = relu(&layer.name, &activations)?;
                    return self.convolution(conv, codes, addend.take(), relu, wants);
                }
            }
        }
        Err(misfit("has no convolution"))
    }

    /// The sums of a projection, for the path to add.
    fn projection(&mut self, conv: &Convolution, input: Codes) -> Result<Addend> {
        if conv.activation.is_some() {
            return Err(refuse(format!("{} has an activation", conv.name)));
        }
        let Filtered {
            filter,
            ranges,
            slopes,
            shifts,
            ..
        } = Filtered::new(conv, &input.frame, input.format)?;
        let now = self.now();
        let image = conv.geometry.output;
        let id = Build::hold(&mut self.values, image.elements() as usize, now);
        self.codes[input.id].until = now;
        self.steps.push(Step {
            name: conv.name.clone(),
            filter,
            input: input.id,
            frame: input.frame,
            channels: image.channels,
            addend: None,
            rescale: None,
            codes: None,
            values: Some(id),
        });
        let added = slopes.iter().zip(shifts).zip(&ranges);
        let added = added.map(|((&slope, shift), range)| Added {
            slope,
            shift,
            most: range.magnitude(),
        });
        Ok(Addend {
            id,
            image,
            added: added.collect(),
        })
    }

    /// A convolution with what follows it.
    fn convolution(
        &mut self,
        conv: &Convolution,
        input: Codes,
        addend: Option<Addend>,
        relu: bool,
        wants: Wants,
    ) -> Result<Flow> {
        let Filtered {
            filter,
            ranges,
            step,
            slopes,
            shifts,
        } = Filtered::new(conv, &input.frame, input.format)?;
        let image = conv.geometry.output;
        if let Some(addend) = &addend
            && addend.image != image
        {
            return Err(refuse(format!(
                "{} adds {} to {image}",
                conv.name, addend.image
            )));
        }
        let channels = (0..image.channels).map(|channel| Channel {
            slope: slopes[channel],
            shift: shifts[channel],
            range: ranges[channel],
            added: addend.as_ref().map(|addend| addend.added[channel]),
        });
        let channels: Vec<Channel> = channels.collect();
        let [total, fraction] = precision(&conv.name, &channels)?;
        let mut lines: Vec<Line> = channels.iter().map(|of| of.line(total)).collect();

        let now = self.now();
        let mut flow = Flow::default();
        let mut to_codes = None;
        let mut rescaling = Rescaling::new(&conv.name);
        if let Some((format, border)) = wants.codes {
            let frame = Frame { image, border };
            let id = Build::hold(&mut self.codes, frame.len(), now);
            let (least, most) = format.code_range();
            let to = ToCodes {
                frame,
                shift: total - u32::from(format.fraction),
                least: if relu { least.max(0.0) } else { least } as i64,
                most: most as i64,
            };
            for line in &mut lines {
                *line = Line {
                    offset: line.offset + (1 << (to.shift - 1)),
                    shift: to.shift,
                    least: to.least,
                    most: to.most,
                    ..*line
                };
            }
            if addend.is_none() {
                let code = |channel: usize, inverse: f32, sum: i64| {
                    let y = conv.norm.evaluate(channel, inverse, sum as f32 * step);
                    i64::from(code(if relu { y.max(0.0) } else { y }, format))
                };
                rescaling = fit(conv, &ranges, code, &mut lines);
            }
            to_codes = Some(to);
            flow.codes = Some(Codes { id, frame, format });
        }
        let mut most = 0;
        for (channel, line) in channels.iter().zip(&lines) {
            most = most.max(channel.largest_total(&conv.name, line, total)?);
        }
        let mut to_values = None;
        if wants.values {
            let id = Build::hold(&mut self.values, image.elements() as usize, now);
            let shift = total - fraction;
            let rounded = to_codes.map_or(0, |to: ToCodes| 1 << (to.shift - 1));
            to_values = Some(ToValues {
                round: (1 << (shift - 1)) - rounded,
                shift,
                least: if relu { 0 } else { i64::from(i32::MIN) },
            });
            flow.values = Some(Values {
                id,
                image,
                fraction,
                most: (most >> shift) + 1,
            });
        }
        self.codes[input.id].until = now;
        if let Some(addend) = &addend {
            self.values[addend.id].until = now;
        }
        let vectors = Filter::blocks(&conv.geometry).map(|block| {
            let mut vector = Vector::default();
            for (lane, channel) in (block.first..block.first + block.lanes).enumerate() {
                vector.multiplier[lane] = lines[channel].multiplier;
                vector.offset[lane] = lines[channel].offset;
                vector.addend_multiplier[lane] = channels[channel].addend_multiplier(total);
            }
            vector
        });
        let rescale = Rescale {
            vectors: vectors.collect(),
            codes: to_codes,
            values: to_values,
        };
        self.rescalings.push(rescaling);
        self.steps.push(Step {
            name: conv.name.clone(),
            filter,
            input: input.id,
            frame: input.frame,
            channels: image.channels,
            addend: addend.map(|addend| addend.id),
            rescale: Some(rescale),
            codes: flow.codes.map(|codes| codes.id),
            values: flow.values.map(|values| values.id),
        });
        Ok(flow)
    }
}

/// Fits the lines of all channels to what the fake-quantised network makes of a sum in a channel with that inverse
/// deviation.
fn fit(
    conv: &Convolution,
    ranges: &[Range],
    code: impl Fn(usize, f32, i64) -> i64,
    lines: &mut [Line],
) -> Rescaling {
    let mut rescaling = Rescaling::new(&conv.name);
    let inverses = conv.norm.inverse_deviations();
    for (channel, line) in lines.iter_mut().enumerate() {
        let of_sum = |sum| code(channel, inverses[channel], sum);
        let segments = segments(ranges[channel].all(), of_sum);
        *line = line.fitted(&segments);
        rescaling.thresholds += segments.len() - 1;
        rescaling.differing += line.differing(&segments);
    }
    let exact = ranges.iter().all(Range::is_exact_in_f32);
    rescaling.exact = exact && rescaling.differing == 0;
    rescaling
}

/// Whether a ReLU is among the activations.
fn relu(name: &str, activations: &[Option<Activation>]) -> Result<bool> {
    match activations.contains(&Some(Activation::Relu6)) {
        true => Err(refuse(format!(
            "{name} has a ReLU6, which quantisers do without"
        ))),
        false => Ok(activations.contains(&Some(Activation::Relu))),
    }
}
