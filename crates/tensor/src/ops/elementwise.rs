//! Elementwise operations, masks and copies.

use crate::{
    Backend, BinaryOp, Coefficient, DType, Error, MaskOp, Operand, Result, Shape, Tensor, UnaryOp,
};

impl<B: Backend> Tensor<B> {
    /// `op(self)`, a new tensor.
    ///
    /// # Errors
    /// [`Error::OverBound`], [`Error::Elements`].
    pub fn unary(&self, op: UnaryOp) -> Result<Self> {
        self.expect("unary", DType::F32)?;
        let mut y = self.like("unary")?;
        self.arena()
            .backend()
            .unary(op, Operand::Read(self.view()), y.view_mut("unary")?)?;
        Ok(y)
    }

    /// `op(self)` in the same memory.
    ///
    /// # Errors
    /// [`Error::Shared`], [`Error::Elements`].
    pub fn unary_in_place(mut self, op: UnaryOp) -> Result<Self> {
        self.expect("unary_in_place", DType::F32)?;
        let arena = self.arena().clone();
        arena
            .backend()
            .unary(op, Operand::InPlace, self.view_mut("unary_in_place")?)?;
        Ok(self)
    }

    /// `op(self, b)`, a new tensor.
    ///
    /// # Shapes
    /// `b` has the shape of `self`, or that of its innermost dimensions, or one element.
    ///
    /// # Errors
    /// [`Error::OverBound`], [`Error::Elements`], [`Error::Shapes`].
    pub fn binary(&self, op: BinaryOp, b: &Self) -> Result<Self> {
        self.expect_broadcast("binary", b)?;
        let mut y = self.like("binary")?;
        let a = Operand::Read(self.view());
        self.arena()
            .backend()
            .binary(op, a, b.view(), y.view_mut("binary")?)?;
        Ok(y)
    }

    /// `op(self, b)` in the memory of `self`.
    ///
    /// # Shapes
    /// As [`Tensor::binary`].
    ///
    /// # Errors
    /// [`Error::Shared`], [`Error::Elements`], [`Error::Shapes`].
    pub fn binary_in_place(mut self, op: BinaryOp, b: &Self) -> Result<Self> {
        self.expect_broadcast("binary_in_place", b)?;
        let arena = self.arena().clone();
        arena.backend().binary(
            op,
            Operand::InPlace,
            b.view(),
            self.view_mut("binary_in_place")?,
        )?;
        Ok(self)
    }

    /// `self += coefficient * x`.
    ///
    /// # Errors
    /// [`Error::Shared`], [`Error::Elements`], [`Error::Shapes`].
    pub fn accumulate(&mut self, coefficient: Coefficient<'_, B>, x: &Self) -> Result<()> {
        x.expect("accumulate", DType::F32)?;
        self.expect("accumulate", DType::F32)?;
        self.expect_same_shape("accumulate", x)?;
        let arena = self.arena().clone();
        arena
            .backend()
            .accumulate(coefficient, x.view(), self.view_mut("accumulate")?)
    }

    /// Sets every element to `value`.
    ///
    /// # Errors
    /// [`Error::Shared`], [`Error::Elements`].
    pub fn fill(&mut self, value: f32) -> Result<()> {
        self.expect("fill", DType::F32)?;
        let arena = self.arena().clone();
        arena.backend().fill(value, self.view_mut("fill")?)
    }

    /// A copy in memory of its own.
    ///
    /// # Errors
    /// [`Error::OverBound`].
    pub fn copy(&self) -> Result<Self> {
        let mut y = Self::empty(self.arena(), "copy", self.shape(), self.dtype())?;
        self.arena()
            .backend()
            .copy(self.view(), y.view_mut("copy")?)?;
        Ok(y)
    }

    /// A copy of `length` consecutive elements from `start` on, in row order, as a vector.
    ///
    /// # Errors
    /// [`Error::Geometry`] when they reach over the end; [`Error::OverBound`].
    pub fn narrow(&self, start: usize, length: usize) -> Result<Self> {
        let range = self.byte_range("narrow", start, length)?;
        let mut y = Self::empty(self.arena(), "narrow", Shape::from([length]), self.dtype())?;
        self.arena()
            .backend()
            .copy(self.view().slice(range), y.view_mut("narrow")?)?;
        Ok(y)
    }

    /// Overwrites consecutive elements from `start` on, in row order, with those of `part`.
    ///
    /// # Errors
    /// [`Error::Geometry`] when they reach over the end; [`Error::Shared`]; [`Error::Elements`].
    pub fn write_part(&mut self, start: usize, part: &Self) -> Result<()> {
        part.expect("write_part", self.dtype())?;
        let range = self.byte_range("write_part", start, part.elements())?;
        let arena = self.arena().clone();
        arena
            .backend()
            .copy(part.view(), self.view_mut("write_part")?.slice(range))
    }

    /// One bit an element, `ceil(n / 8)` bytes.
    ///
    /// # Errors
    /// [`Error::OverBound`], [`Error::Elements`].
    pub fn mask(&self, op: MaskOp) -> Result<Self> {
        self.expect("mask", DType::F32)?;
        let bytes = Shape::from([self.elements().div_ceil(8)]);
        let mut mask = Self::empty(self.arena(), "mask", bytes, DType::U8)?;
        self.arena()
            .backend()
            .mask(op, self.view(), mask.view_mut("mask")?)?;
        Ok(mask)
    }

    /// The values whose bit is set in `mask`, zero elsewhere, in the same memory.
    ///
    /// # Errors
    /// [`Error::Shared`], [`Error::Elements`], [`Error::Length`].
    pub fn masked_in_place(mut self, mask: &Self) -> Result<Self> {
        const NAME: &str = "masked_in_place";
        mask.expect(NAME, DType::U8)?;
        self.expect(NAME, DType::F32)?;
        let expected = self.elements().div_ceil(8);
        if mask.bytes() != expected {
            return Err(Error::Length {
                op: NAME,
                operand: "mask",
                expected,
                got: mask.bytes(),
            });
        }
        let arena = self.arena().clone();
        arena
            .backend()
            .apply_mask(mask.view(), self.view_mut(NAME)?)?;
        Ok(self)
    }

    fn byte_range(
        &self,
        op: &'static str,
        start: usize,
        length: usize,
    ) -> Result<std::ops::Range<usize>> {
        let end = start.saturating_add(length);
        if end > self.elements() {
            let expected = "within the tensor";
            return Err(Error::Geometry {
                op,
                what: "the end of the part",
                value: end,
                expected,
            });
        }
        let bytes = self.dtype().bytes();
        Ok(start * bytes..end * bytes)
    }

    fn expect_broadcast(&self, op: &'static str, b: &Self) -> Result<()> {
        self.expect(op, DType::F32)?;
        b.expect(op, DType::F32)?;
        if b.elements() == 1 || self.dims().ends_with(b.dims()) {
            return Ok(());
        }
        let expected =
            "equal, or the second one the innermost dimensions of the first, or one element";
        Err(Error::Shapes {
            op,
            left: self.shape(),
            right: b.shape(),
            expected,
        })
    }
}
