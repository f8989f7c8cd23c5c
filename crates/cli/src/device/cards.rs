//! NVIDIA GPUs: one for all, or one for each phase of a search.

use super::{Devices, Part};
use crate::failure::{Failure, Result};
use anyhow::anyhow;
use bytesize::ByteSize;
use radars_cuda::{Cuda, CudaSpec, DeviceInfo};
use radars_tensor::{Backend, Error};
use std::fmt;

/// The card that computes everything, or one for each phase.
pub struct Cards {
    exploration: Card,
    exploitation: Card,
    one_a_phase: bool,
    reason: Option<String>,
}

/// A card by its number, and what the driver says of it: nothing, where there is none and nothing but plans
/// are made.
#[derive(Clone)]
struct Card {
    index: usize,
    info: Option<DeviceInfo>,
}

impl Cards {
    /// The first card that can be used, if there is one.
    ///
    /// # Errors
    /// Why there is none.
    pub fn first_usable() -> radars_tensor::Result<Cards> {
        let mut refused = None;
        for info in radars_cuda::devices()? {
            match Cuda::open(info.index) {
                Ok(_) => return Ok(Cards::one(Card::of(info))),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        Err(refused.unwrap_or_else(|| Error::Device {
            device: <Cuda as Backend>::NAME,
            reason: "no card was found".to_owned(),
        }))
    }

    /// The card of this number.
    ///
    /// # Errors
    /// When there is no driver, or no such card.
    pub fn numbered(index: usize) -> Result<Cards> {
        let there = radars_cuda::devices().map_err(Failure::bad_input)?;
        Ok(Cards::one(card(index, &there)?))
    }

    /// The card of this number, to plan for: any, where there is no driver to ask.
    ///
    /// # Errors
    /// When there are cards, and none of this number.
    pub fn planned(index: usize) -> Result<Cards> {
        match radars_cuda::devices() {
            Ok(there) => Ok(Cards::one(card(index, &there)?)),
            Err(_) => Ok(Cards::one(Card { index, info: None })),
        }
    }

    /// One card for exploration and one for exploitation.
    ///
    /// # Errors
    /// When there is no driver, or one of the cards is not there.
    pub fn one_a_phase(exploration: usize, exploitation: usize) -> Result<Cards> {
        let there = radars_cuda::devices().map_err(Failure::bad_input)?;
        Ok(Cards {
            exploration: card(exploration, &there)?,
            exploitation: card(exploitation, &there)?,
            one_a_phase: true,
            reason: None,
        })
    }

    /// The same, with why they were chosen.
    pub fn because(self, reason: impl FnOnce(&str) -> String) -> Cards {
        Cards {
            reason: Some(reason(&self.exploitation.to_string())),
            ..self
        }
    }

    fn one(card: Card) -> Cards {
        Cards {
            exploration: card.clone(),
            exploitation: card,
            one_a_phase: false,
            reason: None,
        }
    }
}

impl Card {
    fn of(info: DeviceInfo) -> Card {
        Card {
            index: info.index,
            info: Some(info),
        }
    }

    fn spec(&self) -> CudaSpec {
        match &self.info {
            Some(info) => CudaSpec {
                capability: info.capability,
            },
            None => CudaSpec::unspecified(),
        }
    }

    fn check_available(&self, bound: ByteSize) -> Result<()> {
        match &self.info {
            Some(info) if bound.as_u64() > info.free_bytes => Err(Failure::bad_input(anyhow!(
                "a bound of {bound} is more than the {} of memory that {self} has free; lower --memory to less than \
                 that",
                ByteSize(info.free_bytes)
            ))),
            _ => Ok(()),
        }
    }
}

/// `cuda:0 (NVIDIA A100)`.
impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cuda:{}", self.index)?;
        match &self.info {
            Some(info) => write!(f, " ({})", info.name),
            None => Ok(()),
        }
    }
}

/// The card of this number among those that are there.
fn card(index: usize, there: &[DeviceInfo]) -> Result<Card> {
    if let Some(info) = there.iter().find(|info| info.index == index) {
        return Ok(Card::of(info.clone()));
    }
    let names = there.iter().map(|info| Card::of(info.clone()).to_string());
    Err(Failure::bad_input(anyhow!(
        "there is no cuda:{index}; there is {}",
        names.collect::<Vec<_>>().join(" and ")
    )))
}

impl Devices for Cards {
    type Backend = Cuda;

    fn spec(&self) -> CudaSpec {
        self.exploitation.spec()
    }

    fn name(&self) -> String {
        let (exploration, exploitation) = (self.exploration.spec(), self.exploitation.spec());
        match self.one_a_phase {
            true => format!("exploration on {exploration}, exploitation on {exploitation}"),
            false => exploitation.to_string(),
        }
    }

    fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    fn one_a_phase(&self) -> bool {
        self.one_a_phase
    }

    fn open(&self, part: Part) -> radars_tensor::Result<Cuda> {
        Cuda::open(match part {
            Part::Exploration => self.exploration.index,
            Part::Whole | Part::Exploitation => self.exploitation.index,
        })
    }

    fn check_available(&self, bound: ByteSize) -> Result<()> {
        self.exploration.check_available(bound)?;
        self.exploitation.check_available(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(index: usize, capability: (u32, u32), free_bytes: u64) -> DeviceInfo {
        DeviceInfo {
            index,
            name: format!("Card {index}"),
            memory_bytes: 16 << 30,
            free_bytes,
            capability,
            multiprocessors: 1,
        }
    }

    #[test]
    fn a_card_that_is_not_there_is_answered_with_those_that_are() {
        let there = [info(0, (8, 0), 0), info(1, (8, 6), 0)];
        assert_eq!(card(1, &there).unwrap().index, 1);
        assert_eq!(
            card(7, &there).err().unwrap().to_string(),
            "there is no cuda:7; there is cuda:0 (Card 0) and cuda:1 (Card 1)"
        );
    }

    /// On two cards each has to hold the whole bound.
    #[test]
    fn a_bound_above_the_free_memory_of_either_card_is_refused_with_both_figures() {
        let cards = Cards {
            exploration: Card::of(info(0, (8, 0), 8 << 30)),
            exploitation: Card::of(info(1, (8, 0), 2 << 30)),
            one_a_phase: true,
            reason: None,
        };
        assert!(cards.check_available(ByteSize::gib(2)).is_ok());
        let message = cards.check_available(ByteSize::gib(3)).unwrap_err();
        assert_eq!(
            message.to_string(),
            "a bound of 3.0 GiB is more than the 2.0 GiB of memory that cuda:1 (Card 1) has free; lower --memory to \
             less than that"
        );
    }

    /// A run on two cards is no run on one, whatever cards they are.
    #[test]
    fn what_is_recorded_names_what_results_depend_on() {
        let first = Card::of(info(0, (9, 0), 0));
        let one = Cards::one(first.clone());
        assert_eq!(one.name(), one.spec().to_string());
        let two = Cards {
            exploration: first,
            exploitation: Card::of(info(1, (8, 0), 0)),
            one_a_phase: true,
            reason: None,
        };
        assert_ne!(two.name(), one.name());
        for card in [&two.exploration, &two.exploitation] {
            assert!(two.name().contains(&card.spec().to_string()));
        }
    }
}
