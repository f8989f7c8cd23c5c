//! Where a command computes: the one place that knows which backends there are.
//!
//! A command is written for any [`Devices`]; [`run`] calls it with those that the flags ask for.

mod cards;
mod processor;

use crate::arguments::{Device, DeviceArgs};
use crate::failure::{Failure, Result};
use crate::progress::say;
use anyhow::anyhow;
use bytesize::ByteSize;
use cards::Cards;
use processor::Processor;
use radars_tensor::{Backend, Error, Isa};
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

    /// Whether it only plans, for which no device has to be there.
    fn only_plans(&self) -> bool {
        false
    }

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

/// Runs a command on what its flags ask for: the only choice of a backend.
///
/// # Errors
/// When there is no such device; those of the command.
pub fn run(command: &impl OnDevice) -> Result<String> {
    let arguments = command.arguments();
    if let Some(threads) = arguments.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into());
        // Decoding is all that these threads do, with whatever pool there is.
        let _ = pool.build_global();
    }
    let cards = match arguments.device {
        Device::Cpu => return command.run_on(&Processor::new(arguments, None)),
        Device::Auto => {
            let doing = match command.only_plans() {
                true => "planning for",
                false => "computing on",
            };
            match found(arguments) {
                Ok(cards) => cards.because(|card| format!("{doing} {card}")),
                Err(reason) => {
                    let reason = format!("{doing} the CPU: {reason}");
                    return command.run_on(&Processor::new(arguments, Some(reason)));
                }
            }
        }
        Device::Cuda(_) | Device::TwoCuda(..) if arguments.isa.is_some() => {
            return Err(Failure::bad_input(anyhow!(
                "--isa chooses instructions of the CPU; leave it out with --device cuda"
            )));
        }
        Device::Cuda(index) if command.only_plans() => Cards::planned(index)?,
        Device::Cuda(index) => Cards::numbered(index)?,
        Device::TwoCuda(first, second) if command.takes_two() => Cards::one_a_phase(first, second)?,
        Device::TwoCuda(..) => {
            return Err(Failure::bad_input(anyhow!(
                "--device names two devices, which are of use to a search alone: exploration on the first, \
                 exploitation on the second; name one"
            )));
        }
    };
    command.run_on(&cards)
}

/// The card that `auto` stands for, or why there is none.
fn found(arguments: &DeviceArgs) -> std::result::Result<Cards, String> {
    if arguments.isa.is_some() {
        return Err("--isa names its instructions".to_owned());
    }
    Cards::first_usable().map_err(|error| {
        let reason = match error {
            Error::Device { reason, .. } => reason,
            error => error.to_string(),
        };
        // What to do about it is for those who ask for a card.
        let reason = reason.split(';').next();
        reason.unwrap_or_default().to_owned()
    })
}

/// Says where a command computes, where nobody named a device.
pub fn announce(devices: &impl Devices) {
    if let Some(reason) = devices.reason() {
        say(reason);
    }
}
