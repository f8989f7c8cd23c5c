//! Element types: f32 to compute with, the rest to store codes, masks and labels.

use half::f16;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// 32-bit float, what everything is computed with.
    F32,
    /// 16-bit float, storage for values with at most eleven significant bits.
    F16,
    /// Signed 32-bit integer: labels and indices.
    I32,
    /// Signed 16-bit integer codes.
    I16,
    /// Signed 8-bit integer codes.
    I8,
    /// Bytes: images, unsigned codes, bit masks.
    U8,
}

impl DType {
    /// Bytes of one element.
    pub const fn bytes(self) -> usize {
        match self {
            DType::F32 | DType::I32 => 4,
            DType::F16 | DType::I16 => 2,
            DType::I8 | DType::U8 => 1,
        }
    }
}

/// A Rust type that a tensor can be filled from and read into. Sealed: the list is [`DType`].
pub trait Element: bytemuck::Pod + sealed::Sealed {
    /// The element type that stores it.
    const DTYPE: DType;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! element {
    ($($rust:ty => $dtype:ident),*) => {
        $(impl sealed::Sealed for $rust {}
        impl Element for $rust { const DTYPE: DType = DType::$dtype; })*
    };
}
element!(f32 => F32, f16 => F16, i32 => I32, i16 => I16, i8 => I8, u8 => U8);
