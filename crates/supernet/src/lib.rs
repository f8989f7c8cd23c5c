//! Child networks and SuperNets of a search space.

mod child;
mod dnas;
mod error;
mod format;
pub mod mixed;
mod mixing;
mod plan;
mod supernet;
mod trainer;

pub use child::Child;
pub use dnas::{DnasSettings, DnasTrainer, SuperNetPlan};
pub use error::{Error, Result};
pub use mixing::Mixing;
pub use plan::{BatchSizes, Plan, plan_child, plan_supernet};
pub use radars_nn as nn;
pub use supernet::{Mixture, Relaxation, SuperNet, product_closure};
pub use trainer::{ChildTrainer, Images, WeightSettings};
