//! Values of a fixed-point format as their codes, and back.

use crate::{Backend, DType, FixedPoint, Result, Tensor, Values};

impl<B: Backend> Tensor<B> {
    /// The codes of the nearest values of `format`, in the smallest type that holds them
    /// ([`FixedPoint::code_dtype`]); 0 for NaN.
    ///
    /// # Errors
    /// [`crate::Error::Geometry`] when the format has no such type; [`crate::Error::OverBound`],
    /// [`crate::Error::Elements`].
    pub fn encode(&self, format: FixedPoint) -> Result<Self> {
        const NAME: &str = "encode";
        self.expect(NAME, DType::F32)?;
        let dtype = Values::Codes(format).dtype(NAME)?;
        let mut codes = Self::empty(self.arena(), NAME, self.shape(), dtype)?;
        let backend = self.arena().backend();
        backend.encode(format, self.view(), codes.view_mut(NAME)?)?;
        Ok(codes)
    }

    /// The values of codes of `format`.
    ///
    /// # Errors
    /// As [`Tensor::encode`].
    pub fn decode(&self, format: FixedPoint) -> Result<Self> {
        const NAME: &str = "decode";
        self.expect(NAME, Values::Codes(format).dtype(NAME)?)?;
        let mut y = self.like(NAME)?;
        let backend = self.arena().backend();
        backend.decode(format, self.view(), y.view_mut(NAME)?)?;
        Ok(y)
    }
}
