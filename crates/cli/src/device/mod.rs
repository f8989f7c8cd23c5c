//! Where a command computes: the one place that knows which backends there are.
//!
//! A command is written for any [`Devices`]; [`run`] calls it with those that the flags ask for.

mod processor;

use crate::arguments::{Device, DeviceArgs};
use crate::failure::{Failure, Result};
use crate::progress::say;
use anyhow::anyhow;
use bytesize::ByteSize;
use processor::Processor;
use radars_tensor::{Backend, Isa};
use std::fmt::Display;

/// The devices that a command computes on: one, or one for each phase of a search.
pub trait Devices {
    /// What computes.
    type Backend: Backend<Spec: Display>;

    /// What plans depend on; with two devices, those for exploitation.
    fn spec(&self) -> <Self::Backend as Backend>::Spec;

    /// What results depend on, in words: what runs are recorded under.
    fn name(&self) -> String {
        self.spec().to_string()
    }

    /// Why it is this device, where nobody named one.
    fn reason(&self) -> Option<&str>;

    /// Whether each phase has a device, and the whole bound, of its own.
    fn one_a_phase(&self) -> bool {
        false
    }

    /// Whether a part is half of the whole, so that its pace can be measured.
    fn halves(&self) -> bool {
        false
    }

    /// The instruction set, where there is a choice.
    fn isa(&self) -> Option<Isa> {
        None
    }

    /// Opens a part of what there is.
    ///
    /// # Errors
    /// When the device cannot be used as the flags ask.
    fn open(&self, part: Part) -> radars_tensor::Result<Self::Backend>;

    /// Refuses a bound that the memory of a device cannot hold, before anything is reserved.
    ///
    /// # Errors
    /// With both figures.
    fn check_available(&self, bound: ByteSize) -> Result<()>;
}

/// How much of the devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All that one phase after the other has.
    Whole,
    /// What exploration has, beside exploitation.
    Exploration,
    /// What exploitation has, beside exploration.
    Exploitation,
}

/// A command that needs a device.
pub trait OnDevice {
    /// The flags.
    fn arguments(&self) -> &DeviceArgs;

    /// Whether two devices are of use to it.
    fn takes_two(&self) -> bool {
        false
    }

    /// Does it.
    ///
    /// # Errors
    /// Those of the command.
    fn run_on<D: Devices>(&self, devices: &D) -> Result<String>;
}

/// Runs a command on what its flags ask for.
pub fn run(command: &impl OnDevice) -> Result<String> {
    let arguments = command.arguments();
    match arguments.device {
        Device::Auto | Device::Cpu => command.run_on(&Processor::new(arguments, None)),
        Device::Cuda(_) => Err(no_backend()),
        Device::TwoCuda(..) if !command.takes_two() => Err(Failure::bad_input(anyhow!(
            "--device names two devices, which only a search can use: exploration on the first, exploitation on the \
             second; name one"
        ))),
        Device::TwoCuda(..) => Err(no_backend()),
    }
}

fn no_backend() -> Failure {
    Failure::bad_input(anyhow!(
        "--device: this build has no CUDA backend; `cpu` and `auto` are valid"
    ))
}

/// Says where a command computes, where nobody named a device.
pub fn announce(devices: &impl Devices) {
    if let Some(reason) = devices.reason() {
        say(reason);
    }
}
