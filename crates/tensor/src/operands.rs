//! Operands that a method of [`Backend`] takes together.

use crate::{Activation, Backend, Ref};

/// What a batch normalisation in evaluation uses; each tensor `[channels]`.
pub struct BatchNormInference<'a, B: Backend> {
    /// Scale.
    pub gamma: Ref<'a, B>,
    /// Shift.
    pub beta: Ref<'a, B>,
    /// Mean to subtract.
    pub mean: Ref<'a, B>,
    /// Variance to divide by the root of.
    pub variance: Ref<'a, B>,
    /// What follows.
    pub activation: Option<Activation>,
}

/// What a batch normalisation keeps for its backward.
pub struct BatchNormSaved<'a, B: Backend> {
    /// The normalised input `[rows, channels]`.
    pub xhat: Ref<'a, B>,
    /// Scale `[channels]`.
    pub gamma: Ref<'a, B>,
    /// Shift `[channels]`.
    pub beta: Ref<'a, B>,
    /// Mean and biased variance `[2, channels]`.
    pub stats: Ref<'a, B>,
}

impl<B: Backend> Clone for BatchNormSaved<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B: Backend> Copy for BatchNormSaved<'_, B> {}
