//! Reading and computing the ONNX files that radars writes.

use super::operators::Operator;
use super::proto::{Dimension, GraphProto, ModelProto, NodeProto, ValueInfoProto};
use super::value::{Value, elements};
use crate::{Error, Result};
use prost::Message;
use radars_nn::tensor::ImageBatch;
use radars_space::ImageShape;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A graph that was read, to be computed node by node.
///
/// It knows nothing of the model that the file was made of, and takes every node at its word: a second opinion on a file,
/// not a fast way to run it. The operators are those that radars writes, in all dialects.
#[derive(Clone, Debug)]
pub struct OnnxNetwork {
    input: ImageShape,
    classes: usize,
    class_names: Vec<String>,
    images: String,
    logits: String,
    constants: BTreeMap<String, Value>,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Step {
    operator: Operator,
    operands: Vec<String>,
    result: String,
    /// What nobody wants after it.
    last_uses: Vec<String>,
}

impl OnnxNetwork {
    /// Reads an ONNX file.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::In`] naming the file.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::at(path))?;
        OnnxNetwork::from_bytes(&bytes).map_err(Error::within(path))
    }

    /// Reads the content of an ONNX file.
    ///
    /// # Errors
    /// [`Error::NotAModel`] for a file that is none, or has what radars does not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let model = ModelProto::decode(bytes)
            .map_err(|error| Error::NotAModel(format!("no ONNX file ({error})")))?;
        let class_names = model
            .metadata_props
            .iter()
            .find(|entry| entry.key == "classes");
        let class_names = class_names.map_or("", |entry| &entry.value);
        let class_names = class_names.lines().map(str::to_owned).collect();
        let graph = model.graph;
        let graph =
            graph.ok_or_else(|| Error::NotAModel("no ONNX file (it has no graph)".into()))?;
        build(graph, class_names).map_err(Error::NotAModel)
    }

    /// Shape of the images.
    #[must_use]
    pub fn input(&self) -> ImageShape {
        self.input
    }

    /// How many classes there are.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// What they are called; empty where the file does not say.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The logits `[n, classes]` of images `[n, height, width, channels]`, as bytes.
    ///
    /// # Errors
    /// [`Error::Images`]; [`Error::NotAModel`] naming the node that cannot be computed.
    pub fn logits(&self, images: &[u8]) -> Result<Vec<f32>> {
        let ImageShape {
            height,
            width,
            channels,
        } = self.input;
        let image = height * width * channels;
        let n = images.len() / image;
        if images.len() != n * image {
            return Err(Error::Images {
                found: images.len(),
                images: n,
                image,
            });
        }
        let mut planes = Vec::with_capacity(images.len());
        for image in images.chunks_exact(image) {
            for channel in 0..channels {
                let plane = image.iter().skip(channel).step_by(channels);
                planes.extend(plane.map(|&byte| ImageBatch::value(byte)));
            }
        }
        let images = Value::new(vec![n, channels, height, width], planes);
        let logits = images.and_then(|images| self.run(images));
        let logits = logits.map_err(Error::NotAModel)?;
        match logits.dims == [n, self.classes] {
            true => Ok(logits.data),
            false => Err(Error::NotAModel(format!(
                "the logits of {n} images have the shape {:?}",
                logits.dims
            ))),
        }
    }

    fn run(&self, images: Value) -> Result<Value, String> {
        let mut values = BTreeMap::from([(&*self.images, images)]);
        for step in &self.steps {
            let operands: Option<Vec<&Value>> = (step.operands.iter())
                .map(|name| values.get(&**name).or_else(|| self.constants.get(name)))
                .collect();
            let operands =
                operands.ok_or_else(|| format!("{}: an operand is missing", step.result))?;
            let result = step.operator.apply(&operands);
            let result = result.map_err(|what| format!("{}: {what}", step.result))?;
            for name in &step.last_uses {
                values.remove(&**name);
            }
            values.insert(&step.result, result);
        }
        let logits = values.remove(&*self.logits);
        logits.ok_or_else(|| format!("nothing computes {}", self.logits))
    }
}

/// Checks that every operand is there before it is used; computes what depends on constants alone.
fn build(graph: GraphProto, class_names: Vec<String>) -> Result<OnnxNetwork, String> {
    let ([images], [logits]) = (&graph.input[..], &graph.output[..]) else {
        let (inputs, outputs) = (graph.input.len(), graph.output.len());
        return Err(format!("a graph of {inputs} inputs and {outputs} outputs"));
    };
    let (input, classes) = (image_shape(images)?, classes(logits)?);
    let mut constants = BTreeMap::new();
    for tensor in &graph.initializer {
        let value = Value::of(tensor).map_err(|what| format!("{}: {what}", tensor.name))?;
        constants.insert(tensor.name.clone(), value);
    }
    let mut known: BTreeSet<&str> = constants.keys().map(|name| &**name).collect();
    let mut varying = BTreeSet::from([&*images.name]);
    let mut steps = Vec::with_capacity(graph.node.len());
    let mut computed: Vec<(String, Value)> = Vec::new();
    for node in &graph.node {
        let step = step(node)?;
        let unknown = |name: &&String| !known.contains(&***name) && !varying.contains(&***name);
        if let Some(name) = step.operands.iter().find(unknown) {
            return Err(format!(
                "{}: its operand `{name}` is nowhere computed",
                step.result
            ));
        }
        let [result] = &node.output[..] else {
            return Err(format!("{}: {} results", node.name, node.output.len()));
        };
        if known.contains(&**result) || varying.contains(&**result) {
            return Err(format!("`{result}` is computed twice"));
        }
        if step.operands.iter().any(|name| varying.contains(&**name)) {
            varying.insert(result);
            steps.push(step);
            continue;
        }
        if !step.operator.is_elementwise() {
            return Err(format!("{result}: {} of constants alone", node.op_type));
        }
        let value = |name: &String| {
            let earlier = computed.iter().find(|(computed, _)| computed == name);
            earlier
                .map(|(_, value)| value)
                .or_else(|| constants.get(name))
        };
        let operands: Option<Vec<&Value>> = step.operands.iter().map(value).collect();
        let operands = operands.ok_or_else(|| format!("{result}: an operand is missing"))?;
        let value = step.operator.apply(&operands);
        let value = value.map_err(|what| format!("{result}: {what}"))?;
        computed.push((result.clone(), value));
        known.insert(result);
    }
    if !varying.contains(&*logits.name) {
        return Err(format!("nothing computes `{}` of the images", logits.name));
    }
    let (images, logits) = (images.name.clone(), logits.name.clone());
    constants.extend(computed);
    mark_last_uses(&mut steps, &logits);
    Ok(OnnxNetwork {
        input,
        classes,
        class_names,
        images,
        logits,
        constants,
        steps,
    })
}

fn step(node: &NodeProto) -> Result<Step, String> {
    let result = node.output.first().unwrap_or(&node.name).clone();
    let operator = Operator::of(node).map_err(|what| format!("{result}: {what}"))?;
    let operands: Vec<String> = node
        .input
        .iter()
        .filter(|name| !name.is_empty())
        .cloned()
        .collect();
    if operands.len() < operator.operands() || operands.len() != node.input.len() {
        return Err(format!("{result}: {} has too few operands", node.op_type));
    }
    Ok(Step {
        operator,
        operands,
        result,
        last_uses: Vec::new(),
    })
}

/// Finds for every value after which step nobody wants it any more.
fn mark_last_uses(steps: &mut [Step], logits: &str) {
    let mut wanted = BTreeSet::from([logits.to_owned()]);
    for step in steps.iter_mut().rev() {
        let operands: BTreeSet<String> = step.operands.iter().cloned().collect();
        step.last_uses = operands.difference(&wanted).cloned().collect();
        wanted.extend(operands);
    }
}

/// What a value's dimensions are beyond the first, which is the batch.
fn sizes(value: &ValueInfoProto) -> Result<Vec<usize>, String> {
    let tensor = value.r#type.as_ref().and_then(|of| of.tensor_type.as_ref());
    let shape = tensor.and_then(|tensor| tensor.shape.as_ref());
    let shape = shape.ok_or_else(|| format!("`{}` has no shape", value.name))?;
    let size = |dim: &super::proto::DimensionProto| match &dim.value {
        Some(Dimension::Size(size)) => usize::try_from(*size).ok().filter(|&size| size > 0),
        _ => None,
    };
    let sizes: Option<Vec<usize>> = shape.dim.iter().skip(1).map(size).collect();
    sizes.ok_or_else(|| format!("`{}` has a dimension without a size", value.name))
}

fn image_shape(value: &ValueInfoProto) -> Result<ImageShape, String> {
    let sizes = sizes(value)?;
    let &[channels, height, width] = &sizes[..] else {
        return Err(format!("`{}` is no batch of images", value.name));
    };
    elements(&sizes)?;
    Ok(ImageShape {
        height,
        width,
        channels,
    })
}

fn classes(value: &ValueInfoProto) -> Result<usize, String> {
    match sizes(value)?[..] {
        [classes] => Ok(classes),
        _ => Err(format!("`{}` is no batch of logits", value.name)),
    }
}
