//! `Tensor`: a shape, an element type and a counted reference to a range of an arena.

use crate::{Arena, Backend, Buffer, DType, Element, Error, Mut, Ref, Result, Shape, Values};
use std::fmt;
use std::rc::Rc;

/// A contiguous tensor in an arena. Cloning shares the memory; the last owner gives it back.
///
/// Operations allocate their results in the arena of their first operand.
pub struct Tensor<B: Backend> {
    shape: Shape,
    dtype: DType,
    buffer: Rc<Buffer<B>>,
}

impl<B: Backend> Clone for Tensor<B> {
    fn clone(&self) -> Self {
        Tensor {
            shape: self.shape,
            dtype: self.dtype,
            buffer: self.buffer.clone(),
        }
    }
}

impl<B: Backend> fmt::Debug for Tensor<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({}, {:?})", self.shape, self.dtype)
    }
}

impl<B: Backend> Tensor<B> {
    /// A tensor whose content is whatever was in memory; `op` says who asked, should it not fit.
    ///
    /// # Errors
    /// [`Error::OverBound`].
    pub fn empty(
        arena: &Arena<B>,
        op: &'static str,
        shape: impl Into<Shape>,
        dtype: DType,
    ) -> Result<Self> {
        let shape = shape.into();
        let bytes = shape.elements().saturating_mul(dtype.bytes());
        let buffer = Rc::new(arena.allocate(op, bytes)?);
        Ok(Tensor {
            shape,
            dtype,
            buffer,
        })
    }

    /// An f32 tensor full of `value`.
    ///
    /// # Errors
    /// [`Error::OverBound`].
    pub fn full(arena: &Arena<B>, shape: impl Into<Shape>, value: f32) -> Result<Self> {
        let mut tensor = Self::empty(arena, "full", shape, DType::F32)?;
        arena.backend().fill(value, tensor.view_mut("full")?)?;
        Ok(tensor)
    }

    /// An f32 tensor full of zeros.
    ///
    /// # Errors
    /// [`Error::OverBound`].
    pub fn zeros(arena: &Arena<B>, shape: impl Into<Shape>) -> Result<Self> {
        Self::full(arena, shape, 0.0)
    }

    /// A tensor with the values of `values`, in row order.
    ///
    /// # Errors
    /// [`Error::Length`] when there are not as many values as the shape has elements; [`Error::OverBound`].
    pub fn from_slice<E: Element>(
        arena: &Arena<B>,
        shape: impl Into<Shape>,
        values: &[E],
    ) -> Result<Self> {
        let mut tensor = Self::empty(arena, "from_slice", shape, E::DTYPE)?;
        tensor.write(values)?;
        Ok(tensor)
    }

    /// Overwrites all values with `values`, in row order.
    ///
    /// # Errors
    /// [`Error::Elements`], [`Error::Length`] or [`Error::Shared`].
    pub fn write<E: Element>(&mut self, values: &[E]) -> Result<()> {
        self.expect("write", E::DTYPE)?;
        let bytes: &[u8] = bytemuck::cast_slice(values);
        let arena = self.arena().clone();
        let view = self
            .view_mut("write")?
            .checked("write", "the tensor", bytes.len())?;
        arena.backend().upload(bytes, view)
    }

    /// The values, in row order.
    ///
    /// # Errors
    /// [`Error::NoValues`] on the planning backend; [`Error::Elements`].
    pub fn read<E: Element>(&self) -> Result<Vec<E>> {
        self.expect("read", E::DTYPE)?;
        if !B::HOLDS_VALUES {
            // Before the host's memory is asked for: a plan may hold tensors far larger than it.
            return Err(Error::NoValues { op: "read" });
        }
        let mut values = vec![E::zeroed(); self.shape.elements()];
        self.arena()
            .backend()
            .download(self.view(), bytemuck::cast_slice_mut(&mut values))?;
        Ok(values)
    }

    /// The only value of a one-element f32 tensor.
    ///
    /// # Errors
    /// [`Error::NoValues`] on the planning backend; [`Error::Shapes`] when there are more elements.
    pub fn item(&self) -> Result<f32> {
        if self.shape.elements() != 1 {
            return Err(Error::Shapes {
                op: "item",
                left: self.shape,
                right: Shape::from([1]),
                expected: "exactly one element",
            });
        }
        Ok(self.read::<f32>()?[0])
    }

    /// The shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The dimensions, outermost first.
    pub fn dims(&self) -> &[usize] {
        self.shape.dims()
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Elements.
    pub fn elements(&self) -> usize {
        self.shape.elements()
    }

    /// Bytes of the values (the arena rounds them up).
    pub fn bytes(&self) -> usize {
        self.buffer.bytes()
    }

    /// The arena it lives in.
    pub fn arena(&self) -> &Arena<B> {
        self.buffer.arena()
    }

    /// Whether this is the only owner of the memory, so that it may be overwritten.
    pub fn is_unique(&self) -> bool {
        Rc::strong_count(&self.buffer) == 1
    }

    /// Whether both share their memory.
    pub fn shares_memory(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.buffer, &other.buffer)
    }

    /// The same values under another shape with as many elements.
    ///
    /// # Errors
    /// [`Error::Shapes`] when the number of elements differs.
    pub fn reshape(&self, shape: impl Into<Shape>) -> Result<Self> {
        let shape = shape.into();
        if shape.elements() != self.shape.elements() {
            return Err(Error::Shapes {
                op: "reshape",
                left: self.shape,
                right: shape,
                expected: "as many elements in both",
            });
        }
        Ok(Tensor {
            shape,
            ..self.clone()
        })
    }

    /// A shared view of the memory.
    pub fn view(&self) -> Ref<'_, B> {
        self.buffer.view()
    }

    /// An exclusive view of the memory.
    ///
    /// # Errors
    /// [`Error::Shared`] when there are other owners.
    pub fn view_mut(&mut self, op: &'static str) -> Result<Mut<'_, B>> {
        let shape = self.shape;
        match Rc::get_mut(&mut self.buffer) {
            Some(buffer) => Ok(buffer.view_mut()),
            None => Err(Error::Shared { op, shape }),
        }
    }

    /// Checks the element type.
    pub(crate) fn expect(&self, op: &'static str, dtype: DType) -> Result<()> {
        match self.dtype == dtype {
            true => Ok(()),
            false => Err(Error::Elements {
                op,
                expected: dtype,
                got: self.dtype,
            }),
        }
    }

    /// Checks that both have the same shape.
    pub(crate) fn expect_same_shape(&self, op: &'static str, other: &Self) -> Result<()> {
        match self.shape == other.shape {
            true => Ok(()),
            false => Err(Error::Shapes {
                op,
                left: self.shape,
                right: other.shape,
                expected: "equal shapes",
            }),
        }
    }

    /// Checks the element type, f32, and their number; `operand` is what the operation calls it.
    pub(crate) fn expect_elements(
        &self,
        op: &'static str,
        operand: &'static str,
        elements: usize,
    ) -> Result<()> {
        self.expect_values(op, operand, Values::Float, elements)
    }

    /// Checks the element type, that of such values, and their number.
    pub(crate) fn expect_values(
        &self,
        op: &'static str,
        operand: &'static str,
        values: Values,
        elements: usize,
    ) -> Result<()> {
        self.expect(op, values.dtype(op)?)?;
        let expected = values.bytes(op, elements)?;
        match self.bytes() == expected {
            true => Ok(()),
            false => Err(Error::Length {
                op,
                operand,
                expected,
                got: self.bytes(),
            }),
        }
    }

    /// An uninitialised f32 tensor of the same shape in the same arena.
    pub(crate) fn like(&self, op: &'static str) -> Result<Self> {
        Self::empty(self.arena(), op, self.shape, DType::F32)
    }
}
