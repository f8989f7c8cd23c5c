//! Plans that were made before: choices ask for the same ones over and over.

use crate::Result;
use radars_space::{Architecture, Candidate};
use radars_supernet::{BatchSizes, Mixing, Plan, StepSize};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

/// Candidates of every layer, how they are mixed, and the steps.
type SuperNetKey = (Vec<Vec<Candidate>>, Mixing, StepSize);

/// The plans of one trainer, whose space and settings do not change, but for the number of classes.
#[derive(Default)]
pub(super) struct Plans {
    children: RefCell<HashMap<(Architecture, usize, BatchSizes), Plan>>,
    supernets: RefCell<HashMap<SuperNetKey, Plan>>,
}

impl Plans {
    /// The plan of a child for some classes, made by `plan` unless it is known.
    pub fn child(
        &self,
        architecture: &Architecture,
        classes: usize,
        batches: BatchSizes,
        plan: impl FnOnce() -> radars_supernet::Result<Plan>,
    ) -> Result<Plan> {
        known(
            &self.children,
            (architecture.clone(), classes, batches),
            plan,
        )
    }

    /// The plan of a SuperNet, made by `plan` unless it is known.
    pub fn supernet(
        &self,
        candidates: &[Vec<Candidate>],
        mixing: Mixing,
        step: StepSize,
        plan: impl FnOnce() -> radars_supernet::Result<Plan>,
    ) -> Result<Plan> {
        let key = (candidates.to_vec(), mixing, step);
        known(&self.supernets, key, plan)
    }
}

fn known<K: Eq + Hash>(
    plans: &RefCell<HashMap<K, Plan>>,
    key: K,
    plan: impl FnOnce() -> radars_supernet::Result<Plan>,
) -> Result<Plan> {
    if let Some(&plan) = plans.borrow().get(&key) {
        return Ok(plan);
    }
    let plan = plan()?;
    plans.borrow_mut().insert(key, plan);
    Ok(plan)
}
