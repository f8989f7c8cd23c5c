//! What computes the logits of a trained network.

use super::fake_quantised::FakeQuantised;
use super::{Form, Trained};
use crate::arguments::{Device, DeviceArgs, EngineArgs, EngineName};
use crate::device::{self, Devices, OnDevice};
use crate::failure::{Failure, Result};
use anyhow::anyhow;
use radars_export::onnx::OnnxNetwork;
use radars_export::{IntegerNetwork, Model};

/// Computes logits.
pub trait Engine {
    /// What it is, and what it computes on.
    fn name(&self) -> String;

    /// Most images that it takes at once.
    fn batch(&self) -> usize;

    /// The logits `[n, classes]` of `n` images `[n, height, width, channels]`, at most a batch.
    fn logits(&mut self, images: &[u8], n: usize) -> Result<Vec<f32>>;

    /// Bytes of device memory that it needed, and those that were planned; none where it is no device's.
    fn memory(&self) -> Option<[usize; 2]> {
        None
    }
}

/// Calls `work` with the engine that the flags ask for, or the `default` one, and gives what it gives; batches have
/// at most `most` images.
pub fn with_engine(
    trained: &Trained,
    arguments: &EngineArgs,
    default: EngineName,
    most: usize,
    work: impl Fn(&mut dyn Engine) -> Result<String>,
) -> Result<String> {
    let model = match &trained.network {
        Form::Model(model) => model,
        Form::Onnx(network) => {
            let no_choice = "an ONNX file is computed node by node, on the CPU; leave out";
            arguments.refuse_choice(no_choice)?;
            arguments.device.refuse_choice(no_choice)?;
            return work(&mut Onnx { network, most });
        }
    };
    // Of floats there are no integers.
    let default = match model.space.is_quantised() {
        true => default,
        false => EngineName::FakeQuantised,
    };
    match arguments.engine.unwrap_or(default) {
        EngineName::Integer => {
            arguments
                .device
                .refuse_choice("integers are computed on the CPU; leave out")?;
            let network = model.network()?;
            let integers = IntegerNetwork::new(&network, arguments.device.threads());
            work(&mut Integer {
                network: integers.map_err(of_floats)?,
                most,
            })
        }
        EngineName::FakeQuantised => device::run(&OnFake {
            model,
            arguments,
            most,
            work,
        }),
    }
}

/// What cannot be computed in integers can be computed as in training.
fn of_floats(error: radars_export::Error) -> Failure {
    Failure::bad_input(anyhow!("{error}; take --engine fake-quantised"))
}

impl DeviceArgs {
    /// Refuses flags that choose a device where there is nothing to choose.
    fn refuse_choice(&self, why: &str) -> Result<()> {
        let flag = match (self.device, self.isa) {
            (Device::Cuda(_) | Device::TwoCuda(..), _) => "--device",
            (_, Some(_)) => "--isa",
            _ => return Ok(()),
        };
        Err(Failure::bad_input(anyhow!("{why} {flag}")))
    }
}

impl EngineArgs {
    /// Refuses a choice of the engine where there is none.
    fn refuse_choice(&self, why: &str) -> Result<()> {
        match self.engine {
            None => Ok(()),
            Some(_) => Err(Failure::bad_input(anyhow!("{why} --engine"))),
        }
    }
}

/// Evaluation as in training, on a device.
struct OnFake<'a, W> {
    model: &'a Model,
    arguments: &'a EngineArgs,
    most: usize,
    work: W,
}

impl<W: Fn(&mut dyn Engine) -> Result<String>> OnDevice for OnFake<'_, W> {
    fn arguments(&self) -> &DeviceArgs {
        &self.arguments.device
    }

    fn run_on<D: Devices>(&self, devices: &D) -> Result<String> {
        let bound = self.arguments.memory;
        let mut engine = FakeQuantised::new(devices, self.model, bound, self.most)?;
        (self.work)(&mut engine)
    }
}

/// Integers alone.
struct Integer {
    network: IntegerNetwork,
    most: usize,
}

impl Engine for Integer {
    fn name(&self) -> String {
        "integer".to_owned()
    }

    fn batch(&self) -> usize {
        self.most
    }

    fn logits(&mut self, images: &[u8], n: usize) -> Result<Vec<f32>> {
        let mut logits = vec![0.0; n * self.network.classes()];
        self.network.logits(images, &mut logits)?;
        Ok(logits)
    }
}

/// The nodes of an ONNX file.
struct Onnx<'a> {
    network: &'a OnnxNetwork,
    most: usize,
}

impl Engine for Onnx<'_> {
    fn name(&self) -> String {
        "onnx".to_owned()
    }

    fn batch(&self) -> usize {
        self.most
    }

    fn logits(&mut self, images: &[u8], _: usize) -> Result<Vec<f32>> {
        Ok(self.network.logits(images)?)
    }
}
