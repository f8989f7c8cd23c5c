//! The shapes between layers, and what a candidate makes of a layer between them.

use crate::geometry::check_dimension;
use crate::space::Fault;
use crate::{Architecture, Block, Candidate, ImageShape, Layer, LayerKind, Problem, Result, Space};

/// What goes into a layer and comes out of it, whatever is chosen in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LayerShape {
    /// Shape of the input.
    pub input: ImageShape,
    /// Shape of the output.
    pub output: ImageShape,
}

impl Space {
    /// What goes into every layer and comes out of it.
    ///
    /// # Errors
    /// [`crate::Error::Unresolved`] where the input shape is still to come from the data.
    pub fn shapes(&self) -> Result<&[LayerShape]> {
        self.input().map(|_| self.shapes.as_slice())
    }

    /// What `candidate` makes of a layer.
    ///
    /// # Errors
    /// [`crate::Error::Layer`] for a layer that is not there, [`crate::Error::Unresolved`] before
    /// [`Space::resolve`], [`crate::Error::Invalid`] for a candidate whose sizes make no convolution.
    pub fn block(&self, layer: usize, candidate: &Candidate) -> Result<Block> {
        let of = self.layer(layer)?;
        let input = self.shapes()?[layer].input;
        of.block(input, candidate).map_err(|problem| {
            let layer = Some(layer);
            Fault { layer, problem }.into()
        })
    }

    /// What an architecture makes of all layers.
    ///
    /// # Errors
    /// As [`Space::block`], and [`crate::Error::Depth`] for another number of layers.
    pub fn blocks(&self, architecture: &Architecture) -> Result<Vec<Block>> {
        self.check_depth(architecture.layers().len())?;
        let layers = architecture.layers().iter().enumerate();
        layers
            .map(|(layer, candidate)| self.block(layer, candidate))
            .collect()
    }
}

/// Whether every choice makes a block of an input of that shape.
pub(crate) fn check_blocks(layer: &Layer, input: ImageShape) -> Result<(), Problem> {
    check_dimension("stride", layer.stride)?;
    let candidates = layer.choices.candidates();
    // Sizes do not depend on bits, which a convolution has many of.
    let count = match layer.kind {
        LayerKind::Conv => 1,
        LayerKind::InvertedResidual | LayerKind::Residual => candidates.len(),
    };
    for candidate in &candidates[..count] {
        layer.block(input, candidate)?;
    }
    Ok(())
}

/// The shapes of a chain of layers that gets images of that shape.
pub(crate) fn chain(input: ImageShape, layers: &[Layer]) -> Result<Vec<LayerShape>, Fault> {
    input.check()?;
    let mut input = input;
    let mut shapes = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        check_blocks(layer, input).map_err(|problem| Fault {
            layer: Some(index),
            problem,
        })?;
        let output = layer.output(input);
        shapes.push(LayerShape { input, output });
        input = output;
    }
    Ok(shapes)
}
