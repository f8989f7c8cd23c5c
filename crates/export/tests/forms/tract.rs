//! The plain dialect in a runtime that others wrote.

use crate::fixture::{blocks, fashion, images, model};
use crate::reference::logits;
use radars_export::nn::tensor::ImageBatch;
use radars_export::onnx::{BatchNormForm, Dialect, OnnxOptions};
use radars_export::space::{ImageShape, Space};
use tract_onnx::prelude::*;

/// What tract makes of a file: the logits of `n` images, channels last.
fn run(file: &[u8], shape: ImageShape, images: &[u8]) -> Vec<f32> {
    let ImageShape {
        height,
        width,
        channels,
    } = shape;
    let n = images.len() / (height * width * channels);
    let fact = f32::fact([n, channels, height, width]);
    let mut file = file;
    let plan = tract_onnx::onnx()
        .model_for_read(&mut file)
        .unwrap()
        .with_input_fact(0, fact.into())
        .unwrap()
        .into_optimized()
        .unwrap()
        .into_runnable()
        .unwrap();
    let at = |[n, c, h, w]: [usize; 4]| images[((n * height + h) * width + w) * channels + c];
    let input =
        tract_ndarray::Array4::from_shape_fn((n, channels, height, width), |(n, c, h, w)| {
            ImageBatch::value(at([n, c, h, w]))
        });
    let output = plan.run(tvec!(Tensor::from(input).into())).unwrap();
    let logits = output[0].to_array_view::<f32>().unwrap();
    logits.iter().copied().collect()
}

/// The largest difference, over the images of a few models.
fn difference(space: &Space, batch_norm: BatchNormForm) -> f32 {
    let options = OnnxOptions {
        batch_norm,
        ..OnnxOptions::new(Dialect::Plain)
    };
    let mut largest: f32 = 0.0;
    for seed in 0..3 {
        let model = model(space, seed);
        let images = images(space, 4, seed);
        let found = run(
            &model.to_onnx(options).unwrap(),
            model.space.input().unwrap(),
            &images,
        );
        let network = model.network().unwrap();
        let expected = images.chunks_exact(images.len() / 4);
        let expected = expected.flat_map(|image| logits(&network, image));
        let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
        largest = differences.fold(largest, f32::max);
    }
    largest
}

/// Sums of codes are exact in f32 in any order, and exact batch norms round where evaluation does. What tract makes of
/// the average before the classifier may be one ulp off, which shows where a code is at a tie: never here.
#[test]
fn tract_computes_the_plain_form_to_the_bit() {
    for space in [fashion(), blocks()] {
        assert_eq!(
            difference(&space, BatchNormForm::Exact),
            0.0,
            "{}",
            space.name()
        );
    }
}

/// As in our own evaluation of the file: a code that flips at a tie.
#[test]
fn tract_computes_folded_batch_norms_closely() {
    for space in [fashion(), blocks()] {
        assert!(
            difference(&space, BatchNormForm::Folded) < 0.02,
            "{}",
            space.name()
        );
    }
}
