//! Values that operations keep for the way back: as they are, or as what they are computed from again.

use crate::Var;
use radars_tensor::{Backend, Result, Tensor};
use std::rc::Rc;

/// How a value is computed again, to the bit, from what its own operation keeps for the way back anyway.
///
/// Operations go back in reverse order, so as long as any that takes the value has not gone back, neither has
/// the one that made it.
pub trait Origin<B: Backend> {
    /// The value.
    ///
    /// # Errors
    /// Those of the operations it runs, above all [`radars_tensor::Error::OverBound`].
    fn value(&self) -> Result<Tensor<B>>;
}

/// A value kept for the way back. One with an [`Origin`] takes no memory until it is wanted.
pub enum Kept<B: Backend> {
    /// The value itself.
    Value(Tensor<B>),
    /// What it is computed from.
    Origin(Rc<dyn Origin<B>>),
}

impl<B: Backend> Kept<B> {
    /// Of `x`, its origin if it has one, else its value.
    pub fn new(x: Var<B>) -> Self {
        match x.origin() {
            Some(origin) => Kept::Origin(origin.clone()),
            None => Kept::Value(x.into_value()),
        }
    }

    /// The value.
    ///
    /// # Errors
    /// Those of [`Origin::value`].
    pub fn into_value(self) -> Result<Tensor<B>> {
        match self {
            Kept::Value(value) => Ok(value),
            Kept::Origin(origin) => origin.value(),
        }
    }

    /// Bytes that are kept alive: what an origin needs, the operation that it belongs to keeps.
    pub fn bytes(&self) -> usize {
        match self {
            Kept::Value(value) => value.bytes(),
            Kept::Origin(_) => 0,
        }
    }
}
