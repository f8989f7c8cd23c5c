//! Optimizer steps on a parameter and its state.

use crate::{AdamStep, Backend, Coefficient, DType, Result, SgdStep, Tensor};

impl<B: Backend> Tensor<B> {
    /// One step of stochastic gradient descent on the parameter `self`.
    ///
    /// # Errors
    /// [`crate::Error::Shapes`], [`crate::Error::Shared`], [`crate::Error::Elements`].
    pub fn sgd_step(
        &mut self,
        step: &SgdStep,
        coefficient: Coefficient<'_, B>,
        gradient: &Self,
        velocity: &mut Self,
    ) -> Result<()> {
        const NAME: &str = "sgd_step";
        for operand in [&*self, gradient, velocity] {
            operand.expect(NAME, DType::F32)?;
            self.expect_same_shape(NAME, operand)?;
        }
        let arena = self.arena().clone();
        let (v, p) = (velocity.view_mut(NAME)?, self.view_mut(NAME)?);
        arena
            .backend()
            .sgd_step(step, coefficient, gradient.view(), v, p)
    }

    /// One step of Adam on the parameter `self` with its moments `m` and `v`.
    ///
    /// # Errors
    /// [`crate::Error::Shapes`], [`crate::Error::Shared`], [`crate::Error::Elements`].
    pub fn adam_step(
        &mut self,
        step: &AdamStep,
        coefficient: Coefficient<'_, B>,
        gradient: &Self,
        m: &mut Self,
        v: &mut Self,
    ) -> Result<()> {
        const NAME: &str = "adam_step";
        for operand in [&*self, gradient, m, v] {
            operand.expect(NAME, DType::F32)?;
            self.expect_same_shape(NAME, operand)?;
        }
        let arena = self.arena().clone();
        let (m, v, p) = (m.view_mut(NAME)?, v.view_mut(NAME)?, self.view_mut(NAME)?);
        arena
            .backend()
            .adam_step(step, coefficient, gradient.view(), m, v, p)
    }
}
